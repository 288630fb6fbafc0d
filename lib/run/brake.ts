/**
 * The brake of a backup: how many mails it would take away from the destination, before it does.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { guid128Hex } from "../codec/guid.ts";
import { type SyncError, syncError } from "../model/error.ts";
import { type MailboxTree, nameKey } from "../model/mailbox.ts";
import type { Guid } from "../model/ids.ts";
import type { MailOperation } from "../model/operation.ts";
import type { PlanStep } from "../model/plan.ts";
import type { Side } from "../model/report.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { type Chunks, drain, failStream } from "../stream/chunks.ts";
import { overlaid } from "../port/overlaid.ts";
import { endsRun } from "./run.ts";

/** How many of the destination's mails a backup may take away. */
export type DeleteLimit =
  /**
   * None where the source has no mail at all; else at most half of them, or ten. Looked at when the first mail would go:
   * what came before that stays. A run that deletes nothing pays nothing, the others as below.
   */
  | { readonly _tag: "Careful" }
  /**
   * So many. Looked at before anything is changed. Cost: the indexes of both sides, and a short text in memory for each
   * mail of the source.
   */
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
  /** Whether the source has no mail at all. */
  readonly isEmpty: boolean;
}

/** Fewer deletes than these are no mass deletion. */
const FEW = 10;

/** Mails of the destination that the source has nowhere. A mailbox that the source cannot read is not counted. */
const countDeletes =
  (source: BrakeSide, destination: BrakeSide): TaskEither<SyncError, Deletes> => async () => {
    const known = new Set<string>();
    const unread = new Set<string>();
    const seen = await eachMailbox(source, (mailbox) => async () => {
      if (mailbox.isIncomplete === true) unread.add(nameKey(mailbox.name));
      const end = await drain(mailbox.records(), (records) => {
        for (const { guid } of records) known.add(guid128Hex(guid));
      })();
      for (const { guid } of mailbox.hidden ?? []) known.add(guid128Hex(guid));
      // A mail that cannot be read is a mail.
      if (mailbox.problems.length > 0) known.add("");
      return E.isLeft(end) ? end : E.right(false);
    }, (key) => unread.add(key))();
    if (E.isLeft(seen)) return seen;
    const isEmpty = known.size === 0 && unread.size === 0;
    let [mails, of] = [0, 0];
    const counted = await eachMailbox(destination, (mailbox) => async () => {
      if (unread.has(nameKey(mailbox.name))) return E.right(false);
      const end = await drain(mailbox.records(), (records) => {
        of += records.length;
        for (const { guid } of records) if (!known.has(guid128Hex(guid))) mails++;
      })();
      return E.isLeft(end) ? end : E.right(false);
    }, () => {})();
    return E.isLeft(counted) ? counted : E.right({ mails, of, isEmpty });
  };

const isWithin = ({ mails, of, isEmpty }: Deletes, limit: DeleteLimit): boolean => {
  switch (limit._tag) {
    case "Careful":
      return mails === 0 || (!isEmpty && (mails <= FEW || mails * 2 <= of));
    case "Mails":
      return mails <= limit.count;
    case "Share":
      return mails * 100 <= of * limit.percent;
  }
};

/**
 * Fails with `Unsafe`, scope "run", where a backup would take away more of the destination's mails than `limit` says:
 * mails that are in no mailbox of the source, by GUID.
 */
export const brake = (
  source: BrakeSide,
  destination: BrakeSide,
  limit: DeleteLimit,
): TaskEither<SyncError, void> =>
async () => {
  if (!destination.tree.nodes.some(({ _tag }) => _tag === "Mailbox")) return E.right(undefined);
  const deletes = await countDeletes(source, destination)();
  if (E.isLeft(deletes)) return deletes;
  if (isWithin(deletes.right, limit)) return E.right(undefined);
  const { mails, of, isEmpty } = deletes.right;
  const why = isEmpty ? `${source.store.location} has no mail, and ` : "";
  return E.left(tooMany(destination.store.location, mails, of, why));
};

const tooMany = (location: string, mails: number, of: number, why: string): SyncError =>
  syncError(
    "Unsafe",
    "run",
    { path: location },
    `${why}${mails} of ${of} mails would be deleted here; none was deleted ` +
      "(--max-delete lets so many go)",
  );

/** How many mails go from a side by a plan: those that are not saved in another of its mailboxes at the same time. */
const deletesOf = (side: Side, steps: readonly PlanStep[]): number => {
  const balance = new Map<string, number>();
  const count = (guid: Guid, by: number): void => {
    const key = guid128Hex(guid);
    balance.set(key, (balance.get(key) ?? 0) + by);
  };
  let whole = 0;
  for (const step of steps) {
    if (step.side !== side) continue;
    if (step._tag === "Tree") whole += step.gone?.messages ?? 0;
    if (step._tag !== "Mail") continue;
    if (step.operation._tag === "Expunge") count(step.operation.guid, 1);
    if (step.operation._tag === "CopyMail") count(step.operation.from.guid, -1);
  }
  for (const n of balance.values()) if (n > 0) whole += n;
  return whole;
};

/** Fails as {@linkcode brake} does where a plan takes more from one side. Cost: each of its mailboxes is opened. */
export const brakePlan = (
  store: Store,
  side: Side,
  steps: readonly PlanStep[],
  limit: DeleteLimit,
): TaskEither<SyncError, void> =>
async () => {
  const mails = deletesOf(side, steps);
  if (mails === 0) return E.right(undefined);
  const tree = await store.tree();
  if (E.isLeft(tree)) return tree;
  let of = 0;
  const end = await eachMailbox({ store, tree: tree.right }, ({ status }) => {
    of += status.messages;
    return TE.right(false);
  }, () => {})();
  if (E.isLeft(end)) return end;
  return isWithin({ mails, of, isEmpty: false }, limit)
    ? E.right(undefined)
    : E.left(tooMany(store.location, mails, of, ""));
};

/** The same store, which asks `may` before the first mail or mailbox goes; what that fails with ends the run. */
export const askingFirst = (store: Store, may: TaskEither<SyncError, void>): Store => {
  let asked: Promise<Either<SyncError, void>> | null = null;
  const ask: TaskEither<SyncError, void> = () => asked ??= may();
  const asking = async function* (
    operations: Chunks<MailOperation, SyncError>,
  ): AsyncGenerator<readonly MailOperation[]> {
    for await (const chunk of operations) {
      if (chunk.some(({ _tag }) => _tag === "Expunge")) {
        const allowed = await ask();
        if (E.isLeft(allowed)) return failStream(allowed.left);
      }
      yield chunk;
    }
  };
  const guarded = (mailbox: Mailbox): Mailbox =>
    overlaid(mailbox, {
      apply: (operations) => mailbox.apply(asking(operations) as Chunks<MailOperation, SyncError>),
    });
  return {
    ...store,
    applyTree: (operation) =>
      operation._tag === "DeleteMailbox"
        ? TE.chain(() => store.applyTree(operation))(ask)
        : store.applyTree(operation),
    withMailbox: (guid, use, purpose) =>
      store.withMailbox(guid, (mailbox) => use(guarded(mailbox)), purpose),
    replaceMailbox: (identity, use) => TE.chain(() => store.replaceMailbox(identity, use))(ask),
  };
};
