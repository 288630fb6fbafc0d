/**
 * One mailbox, open on both sides.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, syncError } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import type { Side } from "../model/report.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { foreseenRecords } from "./foreseen.ts";

/** The two stores of a mirror. */
export type Stores = Readonly<Record<Side, Store>>;

/** A mailbox of both. */
export type Both = Readonly<Record<Side, Mailbox>>;

/** What one side is told where the other's mailbox is not to be had, or `use` has thrown. */
const GIVEN_UP = E.left(syncError("Changed", "mailbox", {}, "the other side gave up"));

/**
 * Lends the mailbox `guid` of both stores to `use`. They are opened at the same time, as one of them may be far away; the
 * left one is let go of last.
 */
export const withBoth = <A>(
  stores: Stores,
  guid: MailboxGuid,
  use: (both: Both) => TaskEither<SyncError, A>,
): TaskEither<SyncError, A> =>
async () => {
  const opened = Promise.withResolvers<Mailbox>();
  const used = Promise.withResolvers<Either<SyncError, A>>();
  const lending = stores.right.withMailbox<A>(guid, (right) => {
    opened.resolve(right);
    return () => used.promise;
  }, "compare")();
  try {
    return await stores.left.withMailbox<A>(guid, (left) => async () => {
      const right = await Promise.race([opened.promise, lending]);
      if ("_tag" in right) return right;
      used.resolve(await use({ left, right })());
      return await lending;
    }, "compare")();
  } finally {
    used.resolve(GIVEN_UP);
    await lending;
  }
};

/** A mailbox that one side lacks. */
export interface Lacking {
  /** The side that lacks it. */
  readonly side: Side;
  /** Makes it there as it is shown by the other side; gives whether that could be done. */
  readonly make: (other: Mailbox) => Promise<Either<SyncError, boolean>>;
}

/**
 * The same where one side lacks it: it is made there while it is open on the other side, which tells its records
 * meanwhile. Null: it could not be made.
 */
export const withMade = <A>(
  stores: Stores,
  guid: MailboxGuid,
  { side, make }: Lacking,
  use: (both: Both) => TaskEither<SyncError, A>,
): TaskEither<SyncError, A | null> => {
  const other: Side = side === "left" ? "right" : "left";
  return stores[other].withMailbox<A | null>(guid, (open) => async () => {
    const { mailbox, end } = foreseenRecords(open);
    try {
      const made = await make(mailbox);
      if (E.isLeft(made)) return made;
      if (!made.right) return E.right(null);
      return await stores[side].withMailbox<A>(
        guid,
        (own) =>
          use(side === "left" ? { left: own, right: mailbox } : { left: mailbox, right: own }),
      )();
    } finally {
      await end();
    }
  });
};
