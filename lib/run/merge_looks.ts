/**
 * One look at a mailbox of a mirror: scan both sides, diff, plan, resolve, apply on both.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { Decision } from "../model/decision.ts";
import { type SyncError, withPlace } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import type { MailboxMemory } from "../model/memory.ts";
import type { MailboxName } from "../model/mailbox.ts";
import type { PlannedOperation } from "../model/operation.ts";
import { targetUidOf } from "../model/target_uid.ts";
import { addSides, NOTHING_DONE, type Side, type SideReport } from "../model/report.ts";
import type { Mailbox } from "../port/store.ts";
import { drain } from "../stream/chunks.ts";
import { explainMerge, type ExplainStep } from "../sync/explain_merge.ts";
import { isSettled, mergeMailbox, type MergePlan, type MergeSide } from "../sync/merge_mailbox.ts";
import type { MergePolicy } from "../sync/merge_policy.ts";
import type { MailFilter } from "../sync/wire_mailbox.ts";
import { attachMails, copiesTogether, type NoteBroken } from "./attach.ts";
import { mergeAttributes } from "./attributes.ts";
import { withheldUids } from "./backup_mailbox.ts";
import { decisionsIn } from "./decided.ts";
import { withFirstMails } from "./first_mails.ts";
import { areEqual, gather, readBoth } from "./gather.ts";
import { isRememberedOf } from "./proven_memory.ts";
import { keptChanging } from "./run.ts";
import { stuckMails } from "./stuck_mails.ts";
import { explainTakenBack, type Half, halvesOf, surplusOf } from "./take_back.ts";
import { Tally } from "./tally.ts";
import { Turn } from "./turns.ts";
import { type Both, type Stores, withBoth } from "./with_both.ts";
import { leftOutOf, withinFilter } from "./within_filter.ts";

/** What merging one mailbox came to. */
export interface MergeResult {
  /** What was done on each side. */
  readonly done: Readonly<Record<Side, SideReport>>;
  /** What could not be read or done. */
  readonly problems: readonly SyncError[];
  /** How many mails the left side has now. */
  readonly messages: number;
  /** Whether the first look found both sides equal, with nothing to tell. */
  readonly wasEqual: boolean;
  /** What to remember; null: nothing new, as the sides did not come together. */
  readonly memory: MailboxMemory | null;
}

const SIDES = ["left", "right"] as const;

const isSameProblem = (a: SyncError, b: SyncError): boolean =>
  a._tag === b._tag && a.where.uid === b.where.uid && a.what === b.what;

/** How a pair is merged. */
export interface MergePairOptions {
  /** Only the right side is changed. */
  readonly oneWay?: boolean;
  /** Rules of one's own. */
  readonly policy?: MergePolicy;
  /** Which mails are wanted that one side lacks; absent: all. */
  readonly filter?: MailFilter;
  /** Told of each decision that somebody may wonder about, once it is carried out. */
  readonly decide?: (decision: Decision) => void;
  /** Claimed before anything is changed, and released when what changed it is closed. */
  readonly turn?: Turn;
}

/** The state of one merge while it goes from look to look. */
export class Merge {
  readonly #stores: Stores;
  readonly #name: MailboxName;
  readonly #guid: MailboxGuid;
  readonly #memory: MailboxMemory | null;
  readonly #pending: Record<Side, Set<number>>;
  /** Those of them that this run has found unreadable: they stay where they are. */
  readonly #stuck: Record<Side, Set<number>> = { left: new Set(), right: new Set() };
  readonly #oneWay: boolean;
  readonly #policy: MergePolicy;
  readonly #filter: MailFilter | undefined;
  readonly #decide: (decision: Decision) => void;
  readonly turn: Turn;
  done: Record<Side, SideReport> = { left: NOTHING_DONE, right: NOTHING_DONE };
  problems: SyncError[] = [];
  /** Whether the last look changed anything, and whether something was refused that will be refused again. */
  #moved = false;
  #isHeldBack = false;
  readonly #attributeProblems: SyncError[] = [];
  /** What the filter has left out, by UID. */
  #leftOut: Readonly<Record<Side, readonly number[]>> = { left: [], right: [] };
  /** Whether the memory is of what both sides have; null: not looked at yet. */
  #isProven: boolean | null = null;
  /** What the last look found to be one mail. */
  #pairs: MergePlan["pairs"] = [];

  constructor(
    stores: Stores,
    name: MailboxName,
    guid: MailboxGuid,
    memory: MailboxMemory | null,
    { oneWay = false, policy = {}, filter, decide = () => {}, turn = Turn.alone() }:
      MergePairOptions,
  ) {
    this.#filter = filter;
    this.#stores = stores;
    this.#name = name;
    this.#guid = guid;
    this.#memory = memory;
    this.#oneWay = oneWay;
    this.#policy = policy;
    this.#decide = decide;
    this.turn = turn;
    this.#pending = {
      left: new Set(memory?.pendingLeft),
      right: new Set(memory?.pendingRight),
    };
  }

  /** Carries out the plan of one side; its copies come from the other, whose mails may have moved by `moved`. */
  async #apply(
    side: Side,
    both: Both,
    operations: readonly PlannedOperation[],
    moved: ReadonlyMap<number, number>,
    explain: ExplainStep,
  ): Promise<Either<SyncError, ReadonlySet<number>>> {
    const from: Side = side === "left" ? "right" : "left";
    const tally = new Tally();
    const missed = new Set<number>();
    const broken: NoteBroken = (copy, error) => {
      // A mail that has gone meanwhile is nothing to wait for.
      if (error._tag === "Changed") return;
      this.#pending[from].add(copy.from.uid);
      this.#stuck[from].add(copy.from.uid);
    };
    const attach = attachMails(both[from].fetch, (copy, error) => {
      missed.add(copy.uid);
      broken(copy, error);
      tally.lose(withPlace(error, { mailbox: this.#name }));
      return Promise.resolve(null);
    }, broken);
    const translated = operations.map((operation): PlannedOperation => {
      if (operation._tag !== "CopyMail") return operation;
      const uid = moved.get(operation.from.uid) ?? operation.from.uid;
      return { ...operation, from: { ...operation.from, uid: uid as typeof operation.from.uid } };
    });
    const end = await drain(
      both[side].apply(attach(copiesTogether(translated))),
      (outcomes) => {
        tally.take(outcomes);
        for (const decision of decisionsIn(outcomes, explain)) {
          this.#decide({ ...decision, side, mailbox: this.#name });
        }
        for (const outcome of outcomes) {
          const target = targetUidOf(outcome.operation);
          if (outcome._tag === "Done") {
            this.#moved ||= outcome.operation._tag !== "RaiseStatus";
          } else {
            this.#isHeldBack ||= outcome.error._tag !== "Changed";
            if (target !== null) missed.add(target);
          }
        }
      },
    )();
    this.done[side] = addSides(this.done[side], tally.done);
    this.#tell(tally.problems);
    return E.isLeft(end) ? end : E.right(missed);
  }

  /**
   * Carries out a plan. A mail that cannot come to its place on the left, because somebody has just removed it or its
   * place is taken, does not go there on the right either; and what could not follow on the right is taken back.
   */
  async #applyPlan(
    both: Both,
    plan: MergePlan,
    explain: Readonly<Record<Side, ExplainStep>>,
  ): Promise<Either<SyncError, void>> {
    const left = await this.#apply("left", both, plan.left, new Map(), explain.left);
    if (E.isLeft(left)) return left;
    const possible = plan.right.filter((operation) => {
      const target = targetUidOf(operation);
      return target === null || !left.right.has(target);
    });
    if (possible.length === 0) return E.right(undefined);
    const moved = new Map(
      plan.left.flatMap((operation) =>
        operation._tag === "RenumberMail"
          ? [[operation.uid as number, operation.newUid as number]]
          : []
      ),
    );
    const applyRight = (from: Mailbox) => () =>
      this.#apply("right", { left: from, right: both.right }, possible, moved, explain.right);
    // The left side's mailbox is opened anew where some of its mails may be at other UIDs now.
    const right =
      await (plan.left.length === 0
        ? applyRight(both.left)
        : this.#stores.left.withMailbox(this.#guid, applyRight))();
    if (E.isLeft(right)) return right;
    const halves = halvesOf(plan.left, possible, right.right);
    // One way, the left side did nothing that could be taken back.
    return this.#oneWay || halves.length === 0 ? E.right(undefined) : await this.#takeBack(halves);
  }

  #tell(problems: readonly SyncError[]): void {
    for (const problem of problems) {
      if (!this.problems.some((told) => isSameProblem(told, problem))) this.problems.push(problem);
    }
  }

  /**
   * Whether mails that an earlier run could not read are unreadable still, and the plan would give them other UIDs to
   * carry them over: each run would do so again.
   */
  async #areStuck(both: Both, plan: MergePlan): Promise<Either<SyncError, boolean>> {
    let any = false;
    for (const side of SIDES) {
      const uids = plan[side === "left" ? "right" : "left"].flatMap((operation) =>
        operation._tag === "CopyMail" && operation.uid !== operation.from.uid &&
          this.#pending[side].has(operation.from.uid)
          ? [operation.from.uid]
          : []
      );
      if (uids.length === 0) continue;
      const stuck = await stuckMails(both[side], uids)();
      if (E.isLeft(stuck)) return stuck;
      for (const { uid } of stuck.right) this.#stuck[side].add(uid);
      this.#tell(stuck.right.map(({ error }) => error));
      any ||= stuck.right.length > 0;
    }
    return E.right(any);
  }

  /** Takes back what only the left side could do; both are opened anew for it. */
  #takeBack(halves: readonly Half[]): Promise<Either<SyncError, void>> {
    return withBoth(this.#stores, this.#guid, (both) => async () => {
      const surplus = await surplusOf(both, halves)();
      if (E.isLeft(surplus)) return surplus;
      const end = await this.#apply("left", both, surplus.right, new Map(), explainTakenBack);
      return E.isLeft(end) ? end : E.right(undefined);
    })();
  }

  /** Both sides get the same attributes. */
  async #mergeAttributes(both: Both): Promise<void> {
    const done = await mergeAttributes(both.left, both.right, this.#oneWay);
    SIDES.forEach((side, i) => {
      const { count, problem } = done[i]!;
      this.done[side] = { ...this.done[side], attributes: this.done[side].attributes + count };
      if (problem !== null) this.#attributeProblems.push(problem);
    });
  }

  async #plan(
    both: Both,
    { left, right }: Readonly<Record<Side, MergeSide>>,
    first: boolean,
  ): Promise<Either<SyncError, MergePlan>> {
    const planned = (): MergePlan =>
      mergeMailbox(
        { ...left, stuck: this.#stuck.left },
        { ...right, stuck: this.#stuck.right },
        "master",
        { oneWay: this.#oneWay, ...this.#lastEqual(both), policy: this.#policy },
      );
    const plan = planned();
    const areStuck = first ? await this.#areStuck(both, plan) : E.right(false);
    if (E.isLeft(areStuck)) return areStuck;
    return E.right(areStuck.right ? planned() : plan);
  }

  /** One look at both sides; gives what to remember when there was nothing to do, null when something was done. */
  look(both: Both, first: boolean): TaskEither<SyncError, MergeResult | null> {
    return async () => {
      if (first) await this.#mergeAttributes(both);
      const equal = await areEqual(both.left, both.right, this.#pairs);
      if (E.isLeft(equal)) return equal;
      if (equal.right) {
        this.#leftOut = { left: [], right: [] };
        this.#lacked({ left: [], right: [] });
        return E.right(this.#result(both, true, first));
      }
      const reading = readBoth(both);
      const [left, right] = await Promise.all([
        gather(both.left, this.#pending.left, this.#memory?.momentLeft, reading.left),
        gather(both.right, this.#pending.right, this.#memory?.momentRight, reading.right),
      ]);
      if (E.isLeft(left)) return left;
      if (E.isLeft(right)) return right;
      const all = { left: left.right, right: right.right };
      const sides = await withinFilter(both, all, this.#filter);
      if (E.isLeft(sides)) return sides;
      this.#leftOut = leftOutOf(all, sides.right);
      const plan = await this.#plan(both, sides.right, first);
      if (E.isLeft(plan)) return plan;
      this.#pairs = plan.right.pairs;
      if (isSettled(plan.right)) {
        const [a, b] = [0, 1].map((at) => new Set(plan.right.pairs.map((pair) => pair[at]!.uid)));
        const lacked = ({ records }: MergeSide, paired: ReadonlySet<number>): readonly number[] =>
          records.map(({ uid }) => uid).filter((uid) => !paired.has(uid));
        this.#lacked({ left: lacked(sides.right.left, a!), right: lacked(sides.right.right, b!) });
        return E.right(this.#result(both, false));
      }
      this.problems = this.problems.filter((problem) => problem._tag !== "Changed");
      [this.#moved, this.#isHeldBack] = [false, false];
      const end = await withFirstMails(both, plan.right, async (both) => {
        await this.turn.claim();
        return await this.#applyPlan(both, plan.right, {
          left: explainMerge(sides.right.left, sides.right.right, plan.right.contests.left),
          right: explainMerge(sides.right.right, sides.right.left, plan.right.contests.right),
        });
      });
      if (E.isLeft(end)) return end;
      // The next look would find the same to do, and be refused the same.
      const isStuck = this.#isHeldBack && !this.#moved;
      return E.right(isStuck ? { ...this.#result(both, false), memory: null } : null);
    };
  }

  /** What the memory says of the UIDs that both sides had. One way, the right side's own mails are above them. */
  #lastEqual(both: Both): { readonly equalBelow?: number } {
    const memory = this.#memory;
    if (memory === null) return {};
    // As it was before this run did anything: what is written may be the first index that there is.
    this.#isProven ??= SIDES.every((side) => isRememberedOf(memory, side, both[side]));
    return this.#isProven ? { equalBelow: memory.uidNext } : {};
  }

  /** The result after the last look. */
  #result(both: Both, equal: boolean, first = false): MergeResult {
    const { left, right } = both;
    const own = SIDES.flatMap((side) =>
      both[side].problems.map((problem) => withPlace(problem, { mailbox: this.#name }))
    );
    const problems = [...own, ...this.#attributeProblems, ...this.problems];
    const pending = { left: this.#pendingOf("left", left), right: this.#pendingOf("right", right) };
    const isPending = SIDES.some((side) => pending[side].length > 0);
    return {
      done: this.done,
      problems,
      wasEqual: equal && first && problems.length === 0 && !isPending,
      messages: left.status.messages,
      memory: {
        name: this.#name,
        uidValidity: left.status.uidValidity,
        uidNext: Math.min(left.status.uidNext, right.status.uidNext),
        pendingLeft: pending.left,
        pendingRight: pending.right,
        momentLeft: this.#moment("momentLeft", left, equal),
        momentRight: this.#moment("momentRight", right, equal),
        seenLeft: left.moment,
        seenRight: right.moment,
      },
    };
  }

  /** Of what could not be carried over only these count still, which one side alone has: the rest came over, or is gone. */
  #lacked(uids: Readonly<Record<Side, readonly number[]>>): void {
    for (const side of SIDES) {
      this.#pending[side] = new Set(uids[side].filter((uid) => this.#pending[side].has(uid)));
    }
  }

  /** UIDs that the other side has not got from this one, for whatever reason. */
  #pendingOf(side: Side, mailbox: Mailbox): readonly number[] {
    return [
      ...new Set([...withheldUids(mailbox), ...this.#pending[side], ...this.#leftOut[side]]),
    ];
  }

  /** Flags are settled up to now, unless only one side was changed and the other's changes are still to be merged. */
  #moment(kind: "momentLeft" | "momentRight", mailbox: Mailbox, equal: boolean): string {
    return equal || !this.#oneWay ? mailbox.moment : this.#memory?.[kind] ?? "";
  }

  /** The result where the sides did not come to rest. */
  unsettled(): MergeResult {
    const problems = [...this.problems, keptChanging(this.#name)];
    return { done: this.done, problems, wasEqual: false, messages: 0, memory: null };
  }
}
