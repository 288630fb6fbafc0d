/**
 * `backup`: makes the right side look exactly like the left one.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { pipe } from "fp-ts/function.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, syncError, withPlace } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import type { MailboxTree } from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import { addSides, isNothing, NOTHING_DONE, type Report, type Side } from "../model/report.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { type MailboxPair, planBackupTree, type TreePlan } from "../sync/backup_tree.ts";
import { isPristine } from "../sync/plan_backup.ts";
import { selectMailboxes, type WantedMailbox } from "../sync/select_mailboxes.ts";
import {
  decide,
  incompleteness,
  type MailboxResult,
  mendMailbox,
  refillMailbox,
} from "./backup_mailbox.ts";
import { askingFirst, brake, type BrakeSide, type DeleteLimit } from "./brake.ts";
import { reread } from "./reread.ts";
import { beside } from "./partial_keywords.ts";
import { underOptions } from "./supervised.ts";
import { endsRun, keptChanging, RunLog, type RunOptions, sideOf, TRIES } from "./run.ts";

const holdsMailboxes = (tree: MailboxTree): boolean =>
  tree.nodes.some((node) => node._tag !== "Directory");

const createCounterpart = (
  source: Mailbox,
  destination: Store,
  pair: MailboxPair,
  log: RunLog,
): TaskEither<SyncError, void> => {
  const operation: TreeOperation = {
    _tag: "CreateMailbox",
    name: pair.target,
    guid: pair.guid,
    uidValidity: source.status.uidValidity,
  };
  return pipe(
    destination.applyTree(operation),
    TE.map(() => log.tree("right", operation)),
  );
};

/** Brings one mailbox that the destination has to the source's state. */
const syncOpen = (
  source: Mailbox,
  destination: Store,
  pair: MailboxPair,
) =>
(old: Mailbox): TaskEither<SyncError, MailboxResult> => {
  const identity = {
    name: pair.target,
    guid: source.status.guid,
    uidValidity: source.status.uidValidity,
  };
  const sameIdentity = old.status.guid === identity.guid &&
    old.status.uidValidity === identity.uidValidity;
  if (!sameIdentity && isPristine(old.status)) {
    return pipe(
      destination.applyTree({
        _tag: "ReidentifyMailbox",
        name: old.name,
        guid: old.status.guid,
        newGuid: identity.guid,
        newUidValidity: identity.uidValidity,
      }),
      TE.chain(() => destination.withMailbox(identity.guid, (fresh) => mendMailbox(source, fresh))),
    );
  }
  return pipe(
    decide(source, old),
    TE.chain((verdict) =>
      pipe(
        verdict._tag === "Mend" ? mendMailbox(source, old) : destination.replaceMailbox(
          identity,
          (fresh) => refillMailbox(source, old, fresh, verdict.reason),
        ),
        TE.map((result) => ({ ...result, problems: [...verdict.problems, ...result.problems] })),
      )
    ),
  );
};

/** What a backup needs of its source. */
export interface BackupSource extends Pick<Store, "location" | "withMailbox"> {
  /** True where a mailbox can be opened once only: what was done to its counterpart is not looked at again. */
  readonly isOnce?: boolean;
}

const syncPair = (
  source: BackupSource,
  destination: Store,
  pair: MailboxPair,
  log: RunLog,
  isFirst: boolean,
): TaskEither<SyncError, MailboxResult & { readonly messages: number }> =>
  source.withMailbox(pair.guid, (from) => {
    const why = incompleteness(from);
    if (why !== null) return TE.left(why);
    if (isFirst) log.begin(pair.name, from.status.messages);
    return pipe(
      pair.counterpart === null
        ? pipe(
          createCounterpart(from, destination, pair, log),
          TE.chain(() => destination.withMailbox(pair.guid, (to) => mendMailbox(from, to))),
        )
        : destination.withMailbox(pair.counterpart, syncOpen(from, destination, pair), "compare"),
      TE.map((result): MailboxResult => ({
        ...result,
        problems: [
          ...from.problems.map((problem) => withPlace(problem, { mailbox: pair.name })),
          ...result.problems,
        ],
      })),
      TE.map((result) => ({ ...result, messages: from.status.messages })),
    );
  }, pair.counterpart === null ? undefined : "compare");

/**
 * Syncs one pair, and looks again until there is nothing to do: so the end is compared, not assumed. A mailbox that was
 * made or rebuilt in the first try is found by its GUID in the next.
 */
export const settlePair = async (
  source: BackupSource,
  destination: Store,
  pair: MailboxPair,
  log: RunLog,
): Promise<Either<SyncError, void>> => {
  let done = NOTHING_DONE;
  for (let n = 1;; n++) {
    const again = n === 1 ? pair : { ...pair, counterpart: pair.guid };
    const result = await syncPair(source, destination, again, log, n === 1)();
    if (E.isLeft(result)) {
      log.add("right", done);
      const error = withPlace(result.left, { mailbox: pair.name });
      if (endsRun(error)) return E.left(error);
      log.problem(error);
      return E.right(undefined);
    }
    const { right } = result;
    done = addSides(done, right.done);
    for (const decision of right.decisions) {
      log.decided({ ...decision, side: "right", mailbox: pair.target });
    }
    const isSettled = isNothing(right.done) || source.isOnce === true;
    if ((right.changed || !isSettled) && n < TRIES) continue;
    log.done(pair.name, right.messages, NOTHING_DONE, done);
    right.problems.forEach((problem) => log.problem(problem));
    if (!right.changed && !isSettled) log.problem(keptChanging(pair.name));
    return E.right(undefined);
  }
};

/** An INBOX that only the destination has is left alone; when it holds mail that is said. */
const checkInbox = (
  destination: Store,
  inbox: MailboxGuid,
  log: RunLog,
): TaskEither<SyncError, void> =>
  destination.withMailbox(inbox, ({ name, status }) => {
    if (status.messages > 0) {
      log.problem(syncError(
        "Unsafe",
        "mailbox",
        { mailbox: name },
        "the source has no INBOX; the destination's is left as it is",
      ));
    }
    return TE.right(undefined);
  });

const applyTree = async (
  store: Store,
  operations: readonly TreeOperation[],
  log: RunLog,
): Promise<Either<SyncError, void>> => {
  for (const operation of operations) {
    const end = await store.applyTree(operation)();
    if (E.isRight(end)) log.tree("right", operation, { operations });
    else {
      const error = withPlace(end.left, { mailbox: operation.name });
      if (endsRun(error)) return E.left(error);
      log.problem(error);
    }
  }
  return E.right(undefined);
};

/** Options of a backup. */
export interface BackupOptions extends RunOptions {
  /** Stops it before it deletes more mails than that; absent: it may delete all. */
  readonly maxDelete?: DeleteLimit;
  /** Which mailboxes take part, directories and subscriptions included; the destination's others are left as they are. */
  readonly mailboxes?: WantedMailbox;
}

/** A backup whose trees are read and whose first changes of the tree are done. */
export interface BackupBegun {
  /** What is planned. */
  readonly plan: TreePlan;
  /** The report as it grows. */
  readonly log: RunLog;
}

/** Plans a backup from two trees and carries out what has to come before the mailboxes. */
export const beginBackup = async (
  source: Pick<Store, "location">,
  from: MailboxTree,
  destination: Store,
  to: MailboxTree,
  log: RunLog,
): Promise<Either<SyncError, BackupBegun>> => {
  if (!holdsMailboxes(from) && holdsMailboxes(to)) {
    return E.left(syncError(
      "Unsafe",
      "run",
      { path: source.location },
      "the source holds no mailbox, while the destination does; nothing was changed",
    ));
  }
  const { fitName, caps } = destination;
  const plan = planBackupTree(from, to, fitName, caps.emptyDirectories);
  plan.problems.forEach((p) => log.problem(p));
  const before = await applyTree(destination, plan.before, log);
  return E.isLeft(before) ? before : E.right({ plan, log });
};

/** Carries out what has to come behind the mailboxes. */
export const endBackup = async (
  destination: Store,
  { plan, log }: BackupBegun,
): Promise<Either<SyncError, void>> => {
  if (plan.strayInbox !== null) {
    const end = await checkInbox(destination, plan.strayInbox, log)();
    if (E.isLeft(end)) return end;
  }
  return await applyTree(destination, plan.after, log);
};

/**
 * Makes `destination` look exactly like `source`: mailbox tree, subscriptions, mails, flags, keywords, MODSEQs. The
 * source is only read (a Maildir without UIDs is given them). The destination's own changes are discarded; a mailbox
 * with a conflict is filled anew, the new copy before the old one goes.
 *
 * Gives a report; what could not be read or done is among its problems, and nothing is deleted because of it. Fails
 * where one store as a whole cannot be used. Cost: the index of every mailbox, and the bytes of new mails.
 */
export const backup = (
  source: Store,
  destination: Store,
  options: BackupOptions = {},
): TaskEither<SyncError, Report> => {
  const open = (store: Store, other: Store, side: Side): Store => {
    const seen = beside(store, other);
    return underOptions(options.full === true ? reread(seen) : seen, side, options);
  };
  const [left, right] = [open(source, destination, "left"), open(destination, source, "right")];
  return makeEqual(left, right, options);
};

/** The destination behind the brake that was asked for. */
const braked = async (
  source: BrakeSide,
  destination: BrakeSide & { readonly store: Store },
  limit: DeleteLimit | undefined,
): Promise<Either<SyncError, Store>> => {
  const { store } = destination;
  if (limit === undefined) return E.right(store);
  const may = brake(source, destination, limit);
  return limit._tag === "Careful"
    ? E.right(askingFirst(store, may))
    : E.map(() => store)(await may());
};

const makeEqual = (
  source: Store,
  unbraked: Store,
  options: BackupOptions,
): TaskEither<SyncError, Report> =>
async () => {
  const [from, to] = await Promise.all([source.tree(), unbraked.tree()]);
  if (E.isLeft(from)) return from;
  if (E.isLeft(to)) return to;
  const whole = [sideOf(source, from.right), sideOf(unbraked, to.right)] as const;
  const { mailboxes } = options;
  const [a, b] = mailboxes === undefined ? whole : selectMailboxes(...whole, mailboxes);
  const allowed = await braked(
    { store: source, tree: a.tree },
    { store: unbraked, tree: b.tree },
    options.maxDelete,
  );
  if (E.isLeft(allowed)) return allowed;
  const destination = allowed.right;
  const log = new RunLog(options, "backup");
  const begun = await beginBackup(source, a.tree, destination, b.tree, log);
  if (E.isLeft(begun)) return begun;
  for (const pair of begun.right.plan.pairs) {
    const end = await settlePair(source, destination, pair, log);
    if (E.isLeft(end)) return end;
  }
  const end = await endBackup(destination, begun.right);
  return E.isLeft(end) ? end : E.right(log.report());
};
