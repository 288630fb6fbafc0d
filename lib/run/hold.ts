/**
 * Keeping what a run takes away: a mail is saved in another store, durably, before it goes.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type * as TE from "fp-ts/TaskEither.js";
import { guid128Hex, sameGuid } from "../codec/guid.ts";
import { type SyncError, syncError } from "../model/error.ts";
import type { HeldMail } from "../model/held.ts";
import { type MailboxGuid, mailboxGuid, type Uid, uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import { type MailboxName, mailboxNamed, nameKey } from "../model/mailbox.ts";
import {
  type CopyMail,
  deletedAsOf,
  type Expunge,
  type TreeOperation,
} from "../model/operation.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { collect, drain, failStream, fromArray } from "../stream/chunks.ts";
import { applyJudged, type Judge } from "./apply_judged.ts";
import { attachMails } from "./attach.ts";
import { overlaid } from "../port/overlaid.ts";
import { rememberedTree } from "./remembered_tree.ts";

// `deno doc --lint` takes the types of other packages for private ones (denoland/deno#27364), but not these.
/** @internal */
type TaskEither<E, A> = TE.TaskEither<E, A>;

/** What a hold is made with. */
export interface HoldOptions {
  /** Notes mails that have been saved in the hold, durably; after it they may go. */
  readonly note: (held: readonly HeldMail[]) => void;
  /** 32 hex digits for a new mailbox. */
  readonly newGuid: () => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Where mails are kept that a run takes away. */
export class Hold {
  readonly #store: Store;
  readonly #options: HoldOptions;
  readonly #boxes = new Map<string, MailboxGuid>();

  /** A hold in a store of its own, which may be empty. */
  constructor(store: Store, options: HoldOptions) {
    this.#store = store;
    this.#options = options;
  }

  async #box(name: MailboxName): Promise<Either<SyncError, MailboxGuid>> {
    const known = this.#boxes.get(nameKey(name));
    if (known !== undefined) return E.right(known);
    // Looked at each time: an INBOX comes with the first mailbox of any name.
    const tree = await this.#store.tree();
    if (E.isLeft(tree)) return tree;
    const there = mailboxNamed(tree.right, name);
    if (there !== null) {
      this.#boxes.set(nameKey(name), there);
      return E.right(there);
    }
    const guid = mailboxGuid(this.#options.newGuid());
    const uidValidity = Math.floor(this.#options.now() / 1000);
    const made = await this.#store.applyTree({ _tag: "CreateMailbox", name, guid, uidValidity })();
    if (E.isLeft(made)) return made;
    this.#boxes.set(nameKey(name), guid);
    return E.right(guid);
  }

  /**
   * Saves these mails of a mailbox; gives those that may go: they are in the hold, or have gone by themselves. Any other
   * cannot be read, and must stay.
   */
  keep(
    location: string,
    mailbox: Mailbox,
    records: readonly MailRecord[],
    reason: string,
  ): TaskEither<SyncError, ReadonlySet<number>> {
    return async () => {
      if (records.length === 0) return E.right(new Set());
      const name = this.#store.fitName(mailbox.name);
      const guid = await this.#box(name);
      if (E.isLeft(guid)) return guid;
      return await this.#store.withMailbox(guid.right, (hold) => async () => {
        const may = new Set<number>();
        const kept: HeldMail[] = [];
        let next = hold.status.uidNext;
        const copies = records.map((from): CopyMail => ({
          _tag: "CopyMail",
          from,
          uid: uid(next++),
          keepModSeq: false,
        }));
        const attach = attachMails(mailbox.fetch, (copy, error) => {
          if (error._tag === "Changed") may.add(copy.from.uid);
          return Promise.resolve(null);
        });
        const at = new Date(this.#options.now()).toISOString();
        const end = await drain(hold.apply(attach(fromArray(copies))), (outcomes) => {
          for (const { _tag, operation } of outcomes) {
            if (_tag === "Refused" || operation._tag !== "SaveMail") continue;
            const { from, uid: heldUid } = operation.copy;
            kept.push({
              at,
              location,
              mailbox: mailbox.name,
              uid: from.uid,
              guid: operation.mail.guid,
              reason,
              heldIn: name,
              heldUid,
            });
            may.add(from.uid);
          }
        })();
        if (kept.length > 0) this.#options.note(kept);
        return E.isLeft(end) ? end : E.right(may);
      })();
    };
  }
}

const mustStay = (mailbox: MailboxName, at: Uid | null): SyncError =>
  syncError(
    "Unsafe",
    at === null ? "mailbox" : "message",
    { mailbox, ...(at === null ? {} : { uid: at }) },
    at === null
      ? "a mail in it cannot be read, so it cannot be held and must stay"
      : "it cannot be read, so it cannot be held and must stay",
  );

/** The mails of a mailbox, but for those that `isKept` knows to stay. */
const recordsOf = (
  mailbox: Mailbox,
  isKept: (record: MailRecord) => boolean,
): TaskEither<SyncError, readonly MailRecord[]> =>
async () => {
  const records = await collect(mailbox.records())();
  return E.isLeft(records) ? records : E.right(records.right.filter((one) => !isKept(one)));
};

/**
 * The same store, but every mail that is expunged, or goes with its mailbox, is kept in `hold` first; one that cannot be
 * read is refused and stays. `reason`: why a run takes mails away.
 */
export const holding = (store: Store, hold: Hold, reason: string): Store => {
  const remembered = rememberedTree(store);

  /** Keeps a mailbox that goes, but for mails that stay; gives its UIDNEXT, null where it is gone already. */
  const keepWhole = (
    guid: MailboxGuid,
    isKept: (record: MailRecord) => boolean,
  ): TaskEither<SyncError, number | null> =>
  async () => {
    let isThere = false;
    const end = await store.withMailbox(guid, (mailbox) => async () => {
      isThere = true;
      const records = await recordsOf(mailbox, isKept)();
      if (E.isLeft(records)) return records;
      const may = await hold.keep(store.location, mailbox, records.right, reason)();
      if (E.isLeft(may)) return may;
      const stays = mailbox.problems.length > 0 ||
        records.right.some((record) => !may.right.has(record.uid));
      return stays ? E.left(mustStay(mailbox.name, null)) : E.right(mailbox.status.uidNext);
    })();
    // What is missing later is the hold, or a part of it.
    return !isThere && E.isLeft(end) && end.left._tag === "Missing" ? E.right(null) : end;
  };

  const judgeOf = (mailbox: Mailbox): Judge => {
    let mails: ReadonlyMap<number, MailRecord> | null = null;
    return async (chunk) => {
      const wanted = chunk.filter((one): one is Expunge => one._tag === "Expunge");
      if (wanted.length === 0) return [];
      if (mails === null) {
        const read = await recordsOf(mailbox, () => false)();
        if (E.isLeft(read)) return failStream(read.left);
        mails = new Map(read.right.map((record) => [record.uid, record]));
      }
      // A mail that this run saved is not among the mailbox's records, and not the user's: it need not be kept.
      const records = wanted.flatMap(({ uid, guid }) => {
        const record = mails!.get(uid);
        return record !== undefined && sameGuid(record.guid, guid) ? [record] : [];
      });
      const may = await hold.keep(store.location, mailbox, records, reason)();
      if (E.isLeft(may)) return failStream(may.left);
      const stay = new Set<number>(
        records.map((record) => record.uid).filter((at) => !may.right.has(at)),
      );
      return chunk.map((one) =>
        one._tag === "Expunge" && stay.has(one.uid) ? mustStay(mailbox.name, one.uid) : null
      );
    };
  };

  const guarded = (mailbox: Mailbox): Mailbox =>
    overlaid(mailbox, {
      apply: (operations) => applyJudged(mailbox.apply, operations, judgeOf(mailbox)),
    });

  const applyTree = (operation: TreeOperation): TaskEither<SyncError, void> => async () => {
    if (operation._tag !== "DeleteMailbox") return await remembered.applyTree(operation)();
    const kept = await keepWhole(operation.guid, () => false)();
    return E.isLeft(kept) ? kept : await remembered.applyTree(deletedAsOf(operation, kept.right))();
  };

  return {
    ...store,
    tree: remembered.tree,
    applyTree,
    withMailbox: (guid, use, purpose) =>
      store.withMailbox(guid, (mailbox) => use(guarded(mailbox)), purpose),
    replaceMailbox: (identity, use) => async () => {
      const named = await remembered.mailboxNamed(identity.name)();
      if (E.isLeft(named)) return named;
      const old = named.right;
      if (old === null) return await remembered.replaceMailbox(identity, use)();
      const saved = new Set<string>();
      return await remembered.replaceMailbox(identity, (fresh) => async () => {
        const end = await use(savesTo(fresh, saved))();
        if (E.isLeft(end)) return end;
        const kept = await keepWhole(old, ({ guid }) => saved.has(guid128Hex(guid)))();
        return E.isLeft(kept) ? kept : end;
      })();
    },
  };
};

/** A new mailbox that tells the GUIDs of what is saved in it. */
const savesTo = (fresh: Mailbox, saved: Set<string>): Mailbox =>
  overlaid(fresh, {
    apply: async function* (operations) {
      for await (const outcomes of fresh.apply(operations)) {
        for (const { _tag, operation } of outcomes) {
          if (_tag === "Done" && operation._tag === "SaveMail") {
            saved.add(guid128Hex(operation.mail.guid));
          }
        }
        yield outcomes;
      }
    },
  });
