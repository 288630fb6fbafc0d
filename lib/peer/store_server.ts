/**
 * A store, served to the other end of a pipe.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { CALL, type Call, type StretchDigest, USED } from "../codec/store_call.ts";
import { type Json, recordJson } from "../codec/store_json.ts";
import { OPERATIONS, UIDS, valueOf } from "../codec/store_value.ts";
import { type SyncError, syncError } from "../model/error.ts";
import type { MailboxGuid, Uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { MailOperation, Outcome } from "../model/operation.ts";
import type { Fetched, Mailbox, Store } from "../port/store.ts";
import { type Chunks, collect, failStream, fromArray, StreamFailure } from "../stream/chunks.ts";
import { hasMany, recordsWithin, stretchesOf } from "./alike.ts";
import { receiveBody, sendBody } from "./bodies.ts";
import { brokenProtocol, type Bytes, Cancelled, type Channel, Channels } from "./channels.ts";

/** How many records or changes are told in one item. */
const ROWS = 1024;

type Stamps = ReadonlyMap<MailboxGuid, string>;

const NO_STAMPS: TaskEither<SyncError, Stamps> = TE.right(new Map());

/** The other end does not know of hidden mails, and would take them for gone. */
const ONLY_PART = syncError("Unsupported", "mailbox", {}, "a part of a mailbox cannot be served");

const GIVEN_UP = syncError("Changed", "mailbox", {}, "the other end gave up");

/** A mailbox that the other end has open. */
interface Lent {
  readonly mailbox: Mailbox;
  /** The digests of its stretches, once they are asked for. */
  digests: Promise<E.Either<SyncError, readonly StretchDigest[]>> | null;
}

const digestsOf = (lent: Lent): NonNullable<Lent["digests"]> =>
  lent.digests ??= collect<StretchDigest, SyncError>(
    stretchesOf(lent.mailbox.records(), lent.mailbox.status),
  )();

/** The calls of one other end. */
class StoreServer {
  readonly #store: Store;
  readonly #mailboxes = new Map<number, Lent>();
  #last = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Answers a call; what fails is told. */
  async answer(channel: Channel, said: unknown): Promise<void> {
    try {
      const call = valueOf(CALL, said);
      if (call === undefined) return failStream(brokenProtocol("a call of no known kind"));
      const result = await this.#answer(channel, call);
      if (E.isLeft(result)) await channel.failure(result.left);
      else await channel.result(result.right ?? null);
    } catch (thrown) {
      if (thrown instanceof Cancelled) return;
      if (!(thrown instanceof StreamFailure)) throw thrown;
      // Where the other end is gone there is nobody to tell.
      await channel.failure(thrown.error as SyncError).catch(() => {});
    }
  }

  async #answer(channel: Channel, call: Call): Promise<E.Either<SyncError, unknown>> {
    const store = this.#store;
    switch (call.call) {
      case "store":
        return E.right({
          location: store.location,
          hasStamps: store.stamps !== undefined,
          hasDigests: true,
          caps: store.caps,
        });
      case "tree":
        return await store.tree();
      case "stamps":
        return E.map((stamps: Stamps) => [...stamps])(await (store.stamps ?? NO_STAMPS)());
      case "applyTree":
        return await store.applyTree(call.operation)();
      case "open":
        return await store.withMailbox(
          call.guid,
          this.#lend(channel, call.purpose === "compare"),
          call.purpose,
        )();
      case "replace":
        return await store.replaceMailbox(call, this.#lend(channel))();
      case "records": {
        const records = this.#mailbox(call.mailbox).records();
        await tellRecords(
          channel,
          call.within === undefined ? records : recordsWithin(records, call.within),
        );
        return E.right(null);
      }
      case "digests": {
        const digests = await digestsOf(this.#lent(call.mailbox));
        if (E.isLeft(digests)) return digests;
        await tellRows(channel, fromArray(digests.right));
        return E.right(null);
      }
      case "changes":
        await tellRows(channel, this.#mailbox(call.mailbox).changes(call.since ?? undefined));
        return E.right(null);
      case "saves":
        await tellRows(channel, this.#mailbox(call.mailbox).saves?.(call.since) ?? fromArray([]));
        return E.right(null);
      case "attributes":
        await tellRows(channel, this.#mailbox(call.mailbox).attributes?.list() ?? fromArray([]));
        return E.right(null);
      case "setAttributes":
        return await (this.#mailbox(call.mailbox).attributes?.set(call.changes)() ??
          E.right(undefined));
      case "fetch":
        await tellMails(channel, this.#mailbox(call.mailbox).fetch(uidsOf(channel)));
        return E.right(null);
      case "apply":
        await tellOutcomes(channel, this.#mailbox(call.mailbox).apply(operationsOf(channel)));
        return E.right(null);
    }
  }

  #lent(id: number): Lent {
    return this.#mailboxes.get(id) ?? failStream(brokenProtocol("a mailbox that is not open"));
  }

  #mailbox(id: number): Mailbox {
    return this.#lent(id).mailbox;
  }

  /**
   * Lends a mailbox to the other end until it says what became of it; a connection that breaks counts as a failure. One
   * that will be compared is looked through while the other end is busy with its own.
   */
  #lend(channel: Channel, isCompared = false): (mailbox: Mailbox) => TaskEither<SyncError, void> {
    return (mailbox) => async () => {
      if ((mailbox.hidden ?? []).length > 0) return E.left(ONLY_PART);
      const id = ++this.#last;
      const lent: Lent = { mailbox, digests: null };
      this.#mailboxes.set(id, lent);
      const { name, status, problems, moment, historyComplete, isIncomplete } = mailbox;
      try {
        await channel.item({
          mailbox: id,
          name,
          status,
          problems: problems.map(({ cause: _, ...said }) => said),
          moment,
          historyComplete,
          hasAttributes: mailbox.attributes !== undefined,
          ...(isIncomplete === undefined ? {} : { isIncomplete }),
        });
        if (isCompared && hasMany(status)) {
          await channel.flush();
          await digestsOf(lent);
        }
        const next = await channel.next();
        const used = next?._tag === "Item" ? valueOf(USED, next.json) : undefined;
        return used?.ok === true ? E.right(undefined) : E.left(GIVEN_UP);
      } catch (thrown) {
        if (thrown instanceof StreamFailure || thrown instanceof Cancelled) return E.left(GIVEN_UP);
        throw thrown;
      } finally {
        this.#mailboxes.delete(id);
        await lent.digests;
      }
    };
  }
}

const tellRows = async <A>(
  channel: Channel,
  rows: Chunks<A, SyncError>,
  tell: (rows: readonly A[]) => Promise<void> | void = (some) => channel.item(some),
): Promise<void> => {
  for await (const chunk of rows) {
    for (let at = 0; at < chunk.length; at += ROWS) await tell(chunk.slice(at, at + ROWS));
  }
};

const tellRecords = (channel: Channel, records: Chunks<MailRecord, SyncError>): Promise<void> =>
  tellRows(channel, records, (some) => channel.plain(some.map(recordJson)));

const uidsOf = async function* (channel: Channel): AsyncGenerator<readonly Uid[]> {
  for await (const json of channel.items()) {
    const uids = valueOf(UIDS, json);
    if (uids === undefined) return failStream(brokenProtocol("UIDs that are none"));
    if (uids.length > 0) yield uids;
  }
};

const fetchedJson = (answer: Fetched): Json => {
  if (answer._tag === "Lost") {
    const { _tag, scope, where, what } = answer.error;
    return { _tag: "Lost", uid: answer.uid, error: { _tag, scope, where: { ...where }, what } };
  }
  const { body: _, ...head } = answer.mail;
  return { _tag: "Mail", head };
};

/** Tells fetched mails; the bodies of a chunk follow the item that tells of them. */
const tellMails = async (
  channel: Channel,
  fetched: Chunks<Fetched, SyncError>,
): Promise<void> => {
  for await (const chunk of fetched) {
    await channel.plain(chunk.map(fetchedJson));
    for (const answer of chunk) {
      if (answer._tag === "Lost") continue;
      const sent = sendBody(channel, answer.mail.body);
      if (sent !== undefined) await sent;
    }
  }
};

/** So many operations, or bytes of mails, are handed on together at most. */
const MOST = { operations: 256, bytes: 1024 * 1024 };

/** The operations of an item as they are handed on, with their bodies. */
class Handed {
  ready: MailOperation[] = [];
  #bytes = 0;

  get isFull(): boolean {
    return this.ready.length >= MOST.operations || this.#bytes >= MOST.bytes;
  }

  add(operation: MailOperation): void {
    this.ready.push(operation);
    if (operation._tag === "SaveMail") this.#bytes += operation.mail.size;
  }

  take(): readonly MailOperation[] {
    const { ready } = this;
    [this.ready, this.#bytes] = [[], 0];
    return ready;
  }
}

/**
 * Operations as they come in, together as far as they are there. The body of a large mail is read before the next
 * operation is.
 */
const operationsOf = async function* (channel: Channel): AsyncGenerator<readonly MailOperation[]> {
  const handed = new Handed();
  for (let next = await channel.next(); next !== null; next = await channel.next()) {
    const told = next._tag === "Item" ? valueOf(OPERATIONS, next.json) : undefined;
    if (told === undefined) return failStream(brokenProtocol("operations that are none"));
    for (const operation of told) {
      if (operation._tag !== "SaveMail") handed.add(operation);
      else {
        const { copy, head } = operation;
        const coming = receiveBody(channel, head.size);
        const { body, finish } = coming instanceof Promise ? await coming : coming;
        handed.add({ _tag: "SaveMail", copy, mail: { ...head, body } });
        if (finish !== undefined) {
          yield handed.take();
          await finish();
        }
      }
      if (handed.isFull) yield handed.take();
    }
    if (!channel.hasNext && handed.ready.length > 0) yield handed.take();
  }
  if (handed.ready.length > 0) yield handed.take();
};

const tellOutcomes = async (
  channel: Channel,
  outcomes: Chunks<Outcome, SyncError>,
): Promise<void> => {
  for await (const chunk of outcomes) {
    await channel.item(chunk.map((outcome) => {
      if (outcome._tag === "Done") return null;
      const { cause: _, ...error } = outcome.error;
      return error;
    }));
  }
};

/**
 * Serves a store over a pipe until the other end closes it, and gives what went wrong with the pipe, if anything. What a
 * connection that breaks has left half done is taken back, or ended by the next run. The store is not closed.
 */
export const serveStore = (store: Store, bytes: Bytes): TaskEither<SyncError, void> => async () => {
  const server = new StoreServer(store);
  const answers = new Set<Promise<void>>();
  let defect: unknown = null;
  const channels = new Channels(bytes, (channel, call) => {
    const answer = server.answer(channel, call)
      .catch((thrown) => {
        defect ??= thrown;
      })
      .finally(() => answers.delete(answer));
    answers.add(answer);
  });
  let end: E.Either<SyncError, void> = E.right(undefined);
  try {
    await channels.run();
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    end = E.left(thrown.error as SyncError);
  }
  await Promise.allSettled(answers);
  if (defect !== null) throw defect;
  return end;
};
