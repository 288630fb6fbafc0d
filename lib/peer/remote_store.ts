/**
 * A store at the other end of a pipe, which a dsync of ours serves there: to the pipeline a store like any other.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type * as t from "io-ts";
import { fitName } from "../codec/mailbox_path.ts";
import { operationJson } from "../codec/store_json.ts";
import {
  DIGESTS,
  OPENED,
  OUTCOMES,
  STAMPS,
  STORE,
  type StretchDigest,
} from "../codec/store_call.ts";
import {
  ATTRIBUTES,
  CHANGES,
  FETCHED,
  type FetchedHead,
  RECORDS,
  TREE,
  UIDS,
  valueOf,
} from "../codec/store_value.ts";
import type { LogChange } from "../model/change.ts";
import type { SyncError } from "../model/error.ts";
import type { Uid } from "../model/ids.ts";
import { isInMemory, type MailRecord } from "../model/mail.ts";
import { type MailOperation, type Outcome, withoutBytes } from "../model/operation.ts";
import type { MailboxStatus } from "../model/mailbox.ts";
import type { Fetched, Mailbox, MailboxAttributes, Store } from "../port/store.ts";
import { type Chunks, collect, failStream, StreamFailure } from "../stream/chunks.ts";
import { isWorthComparing, recordsLike, type UidRange } from "./alike.ts";
import { receiveBody, sendBody } from "./bodies.ts";
import { brokenProtocol, type Bytes, Cancelled, type Channel, Channels } from "./channels.ts";

const asTask = <A>(work: () => Promise<A>): TaskEither<SyncError, A> => async () => {
  try {
    return E.right(await work());
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    return E.left(thrown.error as SyncError);
  }
};

const broken = (what: string): never => failStream(brokenProtocol(what));

/** Waits for the end of a call, and gives its result, checked. */
const resultOf = async <A>(channel: Channel, type: t.Type<A, unknown>): Promise<A> => {
  if (await channel.next() !== null) return broken("more than an answer");
  return valueOf(type, channel.value) ?? broken("an answer that is none");
};

/** What a stream of items brings, checked; leaving it early tells the other end. */
const streamOf = async function* <A>(
  opened: Promise<Channel>,
  type: t.Type<readonly A[], unknown>,
): AsyncGenerator<readonly A[]> {
  const channel = await opened;
  let ended = false;
  try {
    for await (const json of channel.items()) {
      const chunk = valueOf(type, json) ?? broken("items that are none");
      if (chunk.length > 0) yield chunk;
    }
    ended = true;
  } catch (thrown) {
    ended = true;
    throw thrown;
  } finally {
    if (!ended) await channel.cancel();
  }
};

/** Fails where mails do not ascend by UID, as every store has them. */
const ascending = async function* (
  records: Chunks<MailRecord, SyncError>,
): AsyncGenerator<readonly MailRecord[]> {
  let last = 0;
  for await (const chunk of records) {
    for (const { uid } of chunk) {
      if (uid <= last) broken(`mails that do not ascend at UID ${uid}`);
      last = uid;
    }
    yield chunk;
  }
};

/** Fails where more is told than there can be. */
const atMost = async function* <A>(
  most: number,
  told: AsyncIterable<readonly A[]>,
): AsyncGenerator<readonly A[]> {
  let count = 0;
  for await (const chunk of told) {
    count += chunk.length;
    if (count > most) broken(`more stretches than its ${most} mails`);
    yield chunk;
  }
};

/** A mailbox that is open at the other end. */
class RemoteMailbox {
  readonly #channels: Channels;
  readonly #id: number;
  readonly #status: MailboxStatus;
  readonly #hasDigests: boolean;
  #digests: Promise<E.Either<unknown, readonly StretchDigest[]>> | null = null;

  constructor(
    channels: Channels,
    { mailbox, status }: { readonly mailbox: number; readonly status: MailboxStatus },
    hasDigests: boolean,
  ) {
    this.#channels = channels;
    this.#id = mailbox;
    this.#status = status;
    this.#hasDigests = hasDigests;
  }

  #call(call: string, more: Readonly<Record<string, unknown>> = {}): Promise<Channel> {
    return this.#channels.call({ call, mailbox: this.#id, ...more });
  }

  readonly records: Mailbox["records"] = (like) =>
    like !== undefined && this.#hasDigests && isWorthComparing(this.#status, like)
      ? recordsLike(
        { status: this.#status, digests: this.#askDigests, within: this.#within },
        like,
      )
      : this.#within();

  /** Its records; with `ranges` only those in there. */
  readonly #within = (ranges?: readonly UidRange[]): Chunks<MailRecord, SyncError> =>
    ascending(
      streamOf(this.#call("records", ranges === undefined ? {} : { within: ranges }), RECORDS),
    );

  /** They stay as they are as long as it is open: they are asked for once. */
  readonly #askDigests = async (): Promise<() => Promise<readonly StretchDigest[]>> => {
    if (this.#digests === null) {
      const channel = await this.#call("digests");
      const told = streamOf(Promise.resolve(channel), DIGESTS);
      this.#digests = collect(atMost(this.#status.messages, told))();
    }
    const told = this.#digests;
    return async () => {
      const digests = await told;
      return E.isRight(digests) ? digests.right : failStream(digests.left);
    };
  };

  readonly changes = (since?: string): Chunks<LogChange, SyncError> =>
    streamOf(this.#call("changes", { since: since ?? null }), CHANGES);

  readonly saves = (since: string): Chunks<Uid, SyncError> =>
    streamOf(this.#call("saves", { since }), UIDS);

  readonly attributes: MailboxAttributes = {
    list: () => streamOf(this.#call("attributes"), ATTRIBUTES),
    set: (changes) =>
      asTask(async () => {
        const channel = await this.#call("setAttributes", { changes });
        if (await channel.next() !== null) broken("more than an answer");
      }),
  };

  /** Sends what `produce` does beside reading; its failure ends the call. */
  async #beside(channel: Channel, produce: () => Promise<void>): Promise<void> {
    try {
      await produce();
      await channel.end();
    } catch (thrown) {
      if (thrown instanceof Cancelled) return;
      channel.fail(thrown);
      await channel.cancel();
    }
  }

  readonly fetch = (wanted: Chunks<Uid, SyncError>): Chunks<Fetched, SyncError> => {
    const call = (): Promise<Channel> => this.#call("fetch");
    const beside = this.#beside.bind(this);
    return (async function* () {
      const channel = await call();
      const asking = beside(channel, async () => {
        for await (const uids of wanted) await channel.item(uids);
      });
      let ended = false;
      try {
        for (let next = await channel.next(); next !== null; next = await channel.next()) {
          const answers = next._tag === "Item" ? valueOf(FETCHED, next.json) : undefined;
          yield* mailsOf(channel, answers ?? broken("mails that are none"));
        }
        ended = true;
      } catch (thrown) {
        ended = true;
        throw thrown;
      } finally {
        if (!ended) await channel.cancel();
        await asking;
      }
    })();
  };

  readonly apply = (operations: Chunks<MailOperation, SyncError>): Chunks<Outcome, SyncError> => {
    const call = (): Promise<Channel> => this.#call("apply");
    const beside = this.#beside.bind(this);
    return (async function* () {
      const channel = await call();
      const sent: MailOperation[] = [];
      const sending = beside(channel, async () => {
        for await (const chunk of operations) {
          for (const operation of chunk) {
            sent.push(operation._tag === "SaveMail" ? withoutBytes(operation) : operation);
          }
          for (let at = 0; at < chunk.length;) {
            const together = beginning(chunk, at);
            await sendOperations(channel, together);
            at += together.length;
          }
          await channel.flush();
        }
      });
      let at = 0;
      let ended = false;
      try {
        for await (const json of channel.items()) {
          const outcomes = valueOf(OUTCOMES, json) ?? broken("outcomes that are none");
          const chunk = outcomes.map((error): Outcome => {
            const operation = sent[at++] ?? broken("an outcome of nothing");
            return error === null
              ? { _tag: "Done", operation }
              : { _tag: "Refused", operation, error };
          });
          // What has been told may be forgotten.
          if (at > 1024) sent.splice(0, at);
          if (at > 1024) at = 0;
          if (chunk.length > 0) yield chunk;
        }
        ended = true;
        if (at < sent.length) broken("operations without an outcome");
      } catch (thrown) {
        ended = true;
        throw thrown;
      } finally {
        if (!ended) await channel.cancel();
        await sending;
      }
    })();
  };
}

/** So many operations are told in one item at most. */
const TOGETHER = 64;

/** The operations from `at` on that go into one item: behind one whose body is a stream there are none. */
const beginning = (chunk: readonly MailOperation[], at: number): readonly MailOperation[] => {
  const end = Math.min(chunk.length, at + TOGETHER);
  for (let i = at; i < end; i++) {
    const operation = chunk[i]!;
    if (operation._tag === "SaveMail" && !isInMemory(operation.mail.body)) {
      return chunk.slice(at, i + 1);
    }
  }
  return chunk.slice(at, end);
};

/** Tells operations; the bodies of saved mails follow the item. */
const sendOperations = async (
  channel: Channel,
  operations: readonly MailOperation[],
): Promise<void> => {
  await channel.plain(operations.map(operationJson));
  for (const operation of operations) {
    if (operation._tag !== "SaveMail") continue;
    const sent = sendBody(channel, operation.mail.body);
    if (sent !== undefined) await sent;
  }
};

/** The mails of an item; a large one comes last in its chunk, as it is a stream. */
const mailsOf = async function* (
  channel: Channel,
  answers: readonly FetchedHead[],
): AsyncGenerator<readonly Fetched[]> {
  let chunk: Fetched[] = [];
  for (const answer of answers) {
    if (answer._tag === "Lost") {
      chunk.push(answer);
      continue;
    }
    const { head } = answer;
    const coming = receiveBody(channel, head.size);
    const { body, finish } = coming instanceof Promise ? await coming : coming;
    chunk.push({ _tag: "Mail", mail: { ...head, body } });
    if (finish === undefined) continue;
    yield chunk;
    chunk = [];
    await finish();
  }
  if (chunk.length > 0) yield chunk;
};

/** A store that another dsync serves over a pipe. Its reading goes on in the background until the pipe ends. */
export const remoteStore = (bytes: Bytes): TaskEither<SyncError, Store> =>
  asTask(async () => {
    const channels = new Channels(bytes, null);
    // What goes wrong is told to each call that is under way.
    channels.run().catch((thrown) => {
      if (!(thrown instanceof StreamFailure)) throw thrown;
    });
    const { location, hasStamps, hasDigests = false, caps } = await resultOf(
      await channels.call({ call: "store" }),
      STORE,
    );
    const { naming } = caps;
    const borrow = <A>(
      call: unknown,
      use: (mailbox: Mailbox) => TaskEither<SyncError, A>,
    ): TaskEither<SyncError, A> =>
    async () => {
      const opening = asTask(async () => {
        const channel = await channels.call(call);
        const next = await channel.next();
        if (next?._tag !== "Item") return broken("a mailbox that is none");
        const opened = valueOf(OPENED, next.json) ?? broken("a mailbox that is none");
        return { channel, opened };
      });
      const open = await opening();
      if (E.isLeft(open)) return open;
      const { channel, opened } = open.right;
      const { mailbox: _, hasAttributes, isIncomplete, ...seen } = opened;
      const { records, changes, saves, fetch, apply, attributes } = new RemoteMailbox(
        channels,
        opened,
        hasDigests,
      );
      let ok = false;
      let result: E.Either<SyncError, A>;
      try {
        result = await use({
          ...seen,
          isFar: true,
          records,
          changes,
          saves,
          fetch,
          apply,
          ...(hasAttributes ? { attributes } : {}),
          ...(isIncomplete === undefined ? {} : { isIncomplete }),
        })();
        ok = E.isRight(result);
      } finally {
        if (!ok) await Promise.resolve(channel.item({ ok: false })).catch(() => {});
      }
      if (E.isLeft(result)) {
        // Only then has the other end let go of it.
        await asTask(async () => await channel.next())();
        return result;
      }
      const end = await asTask(async () => {
        await channel.item({ ok: true });
        if (await channel.next() !== null) broken("more than an answer");
      })();
      return E.isLeft(end) ? end : result;
    };
    return {
      location,
      caps,
      isFar: true,
      tree: asTask(async () => await resultOf(await channels.call({ call: "tree" }), TREE)),
      fitName: naming === null ? (name) => name : (name) => fitName(name, naming),
      applyTree: (operation) =>
        asTask(async () => {
          const channel = await channels.call({ call: "applyTree", operation });
          if (await channel.next() !== null) broken("more than an answer");
        }),
      ...(hasStamps
        ? {
          stamps: asTask(async () =>
            new Map(await resultOf(await channels.call({ call: "stamps" }), STAMPS))
          ),
        }
        : {}),
      withMailbox: (guid, use, purpose) =>
        borrow({ call: "open", guid, ...(purpose === undefined ? {} : { purpose }) }, use),
      replaceMailbox: (identity, use) => borrow({ call: "replace", ...identity }, use),
      close: () => Promise.resolve(),
    };
  });
