/**
 * `mirror`: brings two sides together where one of them is only ahead of the other.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { pipe } from "fp-ts/function.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, syncError, withPlace } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import { type MailboxName, type MailboxNode, type MailboxTree, nameKey } from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import {
  addSides,
  NOTHING_DONE,
  type Report,
  type Side,
  type SideReport,
} from "../model/report.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { drain } from "../stream/chunks.ts";
import { planBackupTree, type TreePlan } from "../sync/backup_tree.ts";
import { diff } from "../sync/diff.ts";
import { joinLeads, type Lead, leadOf } from "../sync/lead.ts";
import { isPristine } from "../sync/plan_backup.ts";
import { mendMailbox } from "./backup_mailbox.ts";
import { endsRun, RunLog, type RunOptions } from "./run.ts";

const otherSide = (side: Side): Side => side === "left" ? "right" : "left";

/** What a mirror does to the tree: what one side has and the other lacks is made there; nothing is taken away. */
const growing = (plan: TreePlan): readonly TreeOperation[] =>
  plan.after.filter(({ _tag }) => _tag === "CreateDirectory" || _tag === "Subscribe");

interface Sides {
  readonly left: Store;
  readonly right: Store;
}

interface Merged {
  readonly left: SideReport;
  readonly right: SideReport;
  readonly problems: readonly SyncError[];
}

const leadOfMailboxes = (left: Mailbox, right: Mailbox): TaskEither<SyncError, Lead> => {
  if (left.status.uidValidity !== right.status.uidValidity) return TE.right("both");
  let lead: Lead = "equal";
  return pipe(
    drain(diff(left.records(), right.records()), (chunk) => {
      for (const difference of chunk) {
        lead = joinLeads(lead, leadOf(difference, left.status, right.status));
      }
    }),
    TE.map(() => lead),
  );
};

/** Carries over from `from` to `to` in the direction left to right or back; nothing is expunged, as `to` is behind. */
const carry = (from: Mailbox, to: Mailbox, side: Side): TaskEither<SyncError, Merged> =>
  pipe(
    mendMailbox(from, to),
    TE.map(({ done, problems }) => ({
      left: side === "left" ? done : NOTHING_DONE,
      right: side === "right" ? done : NOTHING_DONE,
      problems,
    })),
  );

const both = (a: Merged, b: Merged): Merged => ({
  left: addSides(a.left, b.left),
  right: addSides(a.right, b.right),
  problems: [...a.problems, ...b.problems],
});

const mergeOpen = (left: Mailbox, right: Mailbox): TaskEither<SyncError, Merged> =>
  pipe(
    leadOfMailboxes(left, right),
    TE.chain((lead): TaskEither<SyncError, Merged> => {
      switch (lead) {
        case "left":
          return carry(left, right, "right");
        case "right":
          return carry(right, left, "left");
        case "equal":
          return pipe(
            carry(left, right, "right"),
            TE.chain((there) =>
              pipe(carry(right, left, "left"), TE.map((back) => both(there, back)))
            ),
          );
        case "both":
          return TE.left(
            syncError(
              "Unsupported",
              "mailbox",
              { mailbox: left.name },
              "both sides changed; merging them is not there yet, nothing was changed in this mailbox",
            ),
          );
      }
    }),
  );

const made = async (store: Store, operation: TreeOperation, side: Side, log: RunLog) => {
  const end = await store.applyTree(operation)();
  if (E.isRight(end)) log.tree(side, operation);
  return end;
};

/** Makes `guid` of `side` on the other side under `name` and fills it. */
const carryMailbox = (
  sides: Sides,
  side: Side,
  guid: MailboxGuid,
  name: MailboxName,
  log: RunLog,
): TaskEither<SyncError, Merged> =>
  sides[side].withMailbox(guid, (from) => async () => {
    const to = otherSide(side);
    const { uidValidity } = from.status;
    const end = await made(sides[to], { _tag: "CreateMailbox", name, guid, uidValidity }, to, log);
    if (E.isLeft(end)) return end;
    return await sides[to].withMailbox(guid, (fresh) => carry(from, fresh, to))();
  });

/** Two mailboxes of one name but two identities: the one that never held a mail takes the other's. */
const unite = (
  sides: Sides,
  left: Mailbox,
  right: Mailbox,
): TaskEither<SyncError, Merged> => {
  if (left.status.guid === right.status.guid) return mergeOpen(left, right);
  const pristine: Side | null = isPristine(right.status)
    ? "right"
    : isPristine(left.status)
    ? "left"
    : null;
  if (pristine === null) {
    return TE.left(
      syncError(
        "Unsupported",
        "mailbox",
        { mailbox: left.name },
        "the two sides have different mailboxes of this name; merging them is not there yet",
      ),
    );
  }
  const [from, to] = pristine === "right" ? [left, right] : [right, left];
  return pipe(
    sides[pristine].applyTree({
      _tag: "ReidentifyMailbox",
      name: to.name,
      guid: to.status.guid,
      newGuid: from.status.guid,
      newUidValidity: from.status.uidValidity,
    }),
    TE.chain(() =>
      sides[pristine].withMailbox(from.status.guid, (fresh) => carry(from, fresh, pristine))
    ),
  );
};

const mailboxesOf = (tree: MailboxTree) =>
  tree.nodes.filter((node): node is Extract<MailboxNode, { _tag: "Mailbox" }> =>
    node._tag === "Mailbox"
  );

/**
 * Merges two stores where each mailbox has changed on one side at most: what one side lacks is made there. A mailbox
 * that both sides changed is reported and left alone on both.
 */
export const mirror = (
  left: Store,
  right: Store,
  options: RunOptions = {},
): TaskEither<SyncError, Report> =>
async () => {
  const sides: Sides = { left, right };
  const l = await left.tree();
  if (E.isLeft(l)) return l;
  const r = await right.tree();
  if (E.isLeft(r)) return r;
  const log = new RunLog(options);
  const toRight = planBackupTree(l.right, r.right, right.fitName, right.caps.emptyDirectories);
  const toLeft = planBackupTree(r.right, l.right, left.fitName, left.caps.emptyDirectories);
  [...l.right.problems, ...r.right.problems].forEach((p) => log.problem(p));

  const work: { name: MailboxName; task: TaskEither<SyncError, Merged> }[] = [];
  const paired = new Set<MailboxGuid>();
  for (const { name, guid, target, counterpart } of toRight.pairs) {
    if (counterpart !== null) paired.add(counterpart);
    work.push({
      name,
      task: counterpart === null
        ? carryMailbox(sides, "left", guid, target, log)
        : left.withMailbox(guid, (a) => right.withMailbox(counterpart, (b) => unite(sides, a, b))),
    });
  }
  const leftGuids = new Set(mailboxesOf(l.right).map(({ guid }) => guid));
  for (const { name, guid, target } of toLeft.pairs) {
    if (paired.has(guid) || leftGuids.has(guid)) continue;
    work.push({ name, task: carryMailbox(sides, "right", guid, target, log) });
  }
  work.sort((a, b) => nameKey(a.name) < nameKey(b.name) ? -1 : 1);
  for (const { name, task } of work) {
    const end = await task();
    if (E.isRight(end)) {
      log.done(name, 0, end.right.left, end.right.right);
      end.right.problems.forEach((p) => log.problem(p));
    } else {
      const error = withPlace(end.left, { mailbox: name });
      if (endsRun(error)) return E.left(error);
      log.problem(error);
    }
  }
  for (const [side, plan] of [["right", toRight], ["left", toLeft]] as const) {
    for (const operation of growing(plan)) {
      const end = await made(sides[side], operation, side, log);
      if (E.isLeft(end)) log.problem(withPlace(end.left, { mailbox: operation.name }));
    }
  }
  return E.right(log.report());
};
