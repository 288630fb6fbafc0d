/**
 * The brake of a backup: before anything is changed, how many mails it would take away from the destination.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { guid128Hex } from "../codec/guid.ts";
import { type SyncError, syncError } from "../model/error.ts";
import { type MailboxTree, nameKey } from "../model/mailbox.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { drain } from "../stream/chunks.ts";
import { endsRun } from "./run.ts";

/** How many of the destination's mails a backup may take away. */
export type DeleteLimit =
  /** All, unless the source has no mail at all. Cost: the first mailbox of the source that has any. */
  | { readonly _tag: "UnlessEmpty" }
  /** So many. Cost: the indexes of both sides, and a short text in memory for each mail of the source. */
  | { readonly _tag: "Mails"; readonly count: number }
  /** So many of a hundred. Cost as above. */
  | { readonly _tag: "Share"; readonly percent: number };

/** A side of a backup: what its mailboxes are read from, and their tree. */
export interface BrakeSide {
  /** The store. */
  readonly store: Pick<Store, "location" | "withMailbox">;
  /** Its tree. */
  readonly tree: MailboxTree;
}

/** Opens every mailbox of a side, until `use` is content; those that cannot be read are told, and passed over. */
const eachMailbox = (
  { store, tree }: BrakeSide,
  use: (mailbox: Mailbox) => TaskEither<SyncError, boolean>,
  unreadable: (key: string) => void,
): TaskEither<SyncError, void> =>
async () => {
  for (const node of tree.nodes) {
    if (node._tag === "Damaged") unreadable(nameKey(node.name));
    if (node._tag !== "Mailbox") continue;
    const end = await store.withMailbox(node.guid, use)();
    if (E.isLeft(end)) {
      if (endsRun(end.left)) return end;
      unreadable(nameKey(node.name));
    } else if (end.right) return E.right(undefined);
  }
  return E.right(undefined);
};

/** What is taken away, and of how many. */
interface Deletes {
  readonly mails: number;
  readonly of: number;
}

/** Mails of the destination that the source has nowhere. A mailbox that the source cannot read is not counted. */
const countDeletes =
  (source: BrakeSide, destination: BrakeSide): TaskEither<SyncError, Deletes> => async () => {
    const known = new Set<string>();
    const unread = new Set<string>();
    const seen = await eachMailbox(source, (mailbox) => async () => {
      const end = await drain(mailbox.records(), (records) => {
        for (const { guid } of records) known.add(guid128Hex(guid));
      })();
      return E.isLeft(end) ? end : E.right(false);
    }, (key) => unread.add(key))();
    if (E.isLeft(seen)) return seen;
    let [mails, of] = [0, 0];
    const counted = await eachMailbox(destination, (mailbox) => async () => {
      if (unread.has(nameKey(mailbox.name))) return E.right(false);
      const end = await drain(mailbox.records(), (records) => {
        of += records.length;
        for (const { guid } of records) if (!known.has(guid128Hex(guid))) mails++;
      })();
      return E.isLeft(end) ? end : E.right(false);
    }, () => {})();
    return E.isLeft(counted) ? counted : E.right({ mails, of });
  };

/** The same where the source has no mail; nothing where it has some, or where that cannot be told. */
const countWhereEmpty =
  (source: BrakeSide, destination: BrakeSide): TaskEither<SyncError, Deletes> => async () => {
    let isEmpty = true;
    const seen = await eachMailbox(source, ({ status, problems }) => {
      isEmpty = status.messages === 0 && problems.length === 0;
      return TE.right(!isEmpty);
    }, () => isEmpty = false)();
    if (E.isLeft(seen)) return seen;
    return isEmpty ? await countDeletes(source, destination)() : E.right({ mails: 0, of: 0 });
  };

const isWithin = ({ mails, of }: Deletes, limit: DeleteLimit): boolean => {
  switch (limit._tag) {
    case "UnlessEmpty":
      return mails === 0;
    case "Mails":
      return mails <= limit.count;
    case "Share":
      return mails * 100 <= of * limit.percent;
  }
};

/**
 * Fails with `Unsafe`, scope "run", where a backup would take away more of the destination's mails than `limit` says:
 * mails that are in no mailbox of the source, by GUID. Nothing is changed.
 */
export const brake = (
  source: BrakeSide,
  destination: BrakeSide,
  limit: DeleteLimit,
): TaskEither<SyncError, void> =>
async () => {
  if (!destination.tree.nodes.some(({ _tag }) => _tag === "Mailbox")) return E.right(undefined);
  const count = limit._tag === "UnlessEmpty" ? countWhereEmpty : countDeletes;
  const deletes = await count(source, destination)();
  if (E.isLeft(deletes)) return deletes;
  if (isWithin(deletes.right, limit)) return E.right(undefined);
  const { mails, of } = deletes.right;
  const why = limit._tag === "UnlessEmpty" ? `${source.store.location} has no mail, and ` : "";
  const what = `${why}${mails} of ${of} mails would be deleted here; nothing was changed ` +
    "(--max-delete lets so many go)";
  return E.left(syncError("Unsafe", "run", { path: destination.store.location }, what));
};
