/**
 * `mirror`: merges two sides, each of which may have changed, and loses no change of either.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { pipe } from "fp-ts/function.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, withPlace } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import { type MailboxMemory, NO_MEMORY, type SyncMemory } from "../model/memory.ts";
import type { MailboxName, MailboxStatus, MailboxTree } from "../model/mailbox.ts";
import { deletedAsOf, type Expunge, type Outcome, type TreeOperation } from "../model/operation.ts";
import { NOTHING_DONE, type Side } from "../model/report.ts";
import type { Store } from "../port/store.ts";
import { collect, drain, fromArray } from "../stream/chunks.ts";
import { deletedMailboxes, type MergePair, planMergeTree } from "../sync/merge_tree.ts";
import { selectMailboxes } from "../sync/select_mailboxes.ts";
import { identityOf } from "../sync/shared_identity.ts";
import { EqualMoments } from "./equal_moments.ts";
import { mergeIfOne, mergeMade, mergePair } from "./merge_mailbox.ts";
import type { MirrorOptions, MirrorResult } from "./mirror_options.ts";
import { lookAtDeleted, type Newcomers } from "./newcomers.ts";
import { reread } from "./reread.ts";
import { beside } from "./partial_keywords.ts";
import { underOptions } from "./supervised.ts";
import { endsRun, RunLog, sideOf } from "./run.ts";
import { Tally } from "./tally.ts";
import { nameIn, type TreeContext } from "./tree_decision.ts";
import { pastOf, subscribed } from "./tree_past.ts";
import { inTurns, LARGE, type Place, type Turn } from "./turns.ts";
import type { Lacking, Stores } from "./with_both.ts";

const SIDES = ["left", "right"] as const;

/** One run over a pair of stores. */
class Mirror {
  readonly #stores: Stores;
  readonly #options: MirrorOptions;
  readonly #memory: SyncMemory;
  readonly #log: RunLog;
  readonly #remembered: Map<MailboxGuid, MailboxMemory>;
  /** Whether only a part of the two stores is brought together. */
  readonly #isPart: boolean;
  /** Whether a change of a tree failed. */
  #hasFailed = false;
  /** The sides that may be changed. */
  readonly #changing: readonly Side[];

  constructor(stores: Stores, options: MirrorOptions) {
    this.#stores = stores;
    this.#memory = options.memory ?? NO_MEMORY;
    this.#options = options;
    this.#log = new RunLog(options, "mirror");
    // Of mailboxes that are left as they are nothing is forgotten: it proves which of their mails are new.
    const isPart = options.mailboxes !== undefined || options.mails === false ||
      options.oneWay === true;
    this.#remembered = new Map(isPart ? this.#memory.mailboxes : []);
    this.#isPart = isPart;
    this.#changing = options.oneWay === true ? ["right"] : SIDES;
  }

  /** Does one change of a tree; what fails is noted, unless it ends the run. */
  async #change(
    side: Side,
    operation: TreeOperation,
    context?: TreeContext,
  ): Promise<Either<SyncError, boolean>> {
    const end = await this.#stores[side].applyTree(operation)();
    if (E.isRight(end)) {
      this.#log.tree(side, operation, context);
      return E.right(true);
    }
    const error = withPlace(end.left, { mailbox: operation.name });
    if (endsRun(error)) return E.left(error);
    this.#log.problem(error);
    this.#hasFailed = true;
    return E.right(false);
  }

  /** Does the changes of both sides, whose trees are `trees` before. */
  async #changes(
    plan: Readonly<Record<Side, readonly TreeOperation[]>>,
    trees: Readonly<Record<Side, MailboxTree>>,
  ): Promise<Either<SyncError, void>> {
    for (const side of this.#changing) {
      const there = side === "left" ? trees.right : trees.left;
      const context: TreeContext = {
        operations: plan[side],
        nameThere: nameIn(there, this.#stores[side].fitName),
      };
      for (const operation of plan[side]) {
        const end = await this.#change(side, operation, context);
        if (E.isLeft(end)) return end;
      }
    }
    return E.right(undefined);
  }

  /**
   * Tells the stores of the directories that will be empty in the end: if the run is killed when they are, the next one
   * could not tell why. Those that have children yet are refused.
   */
  async #announce(
    plan: Readonly<Record<Side, readonly TreeOperation[]>>,
  ): Promise<Either<SyncError, void>> {
    for (const side of this.#changing) {
      for (const operation of plan[side]) {
        if (operation._tag !== "DeleteDirectory") continue;
        const end = await this.#stores[side].applyTree(operation)();
        if (E.isLeft(end) && endsRun(end.left)) return end;
      }
    }
    return E.right(undefined);
  }

  #tellRemoved(side: Side, mailbox: MailboxName, { _tag, operation }: Outcome): void {
    if (_tag !== "Done" || operation._tag !== "Expunge") return;
    const { uid, guid } = operation;
    const reason = "the other side deleted the mailbox when it was in it";
    this.#log.decided({ kind: "removed", side, mailbox, uid, guid, to: null, reason });
  }

  /** Takes the mails that the other side has deleted out of a mailbox that stays for its newer ones. */
  #expungeOld(side: Side, guid: MailboxGuid, keep: Newcomers): TaskEither<SyncError, void> {
    return this.#stores[side].withMailbox(guid, (mailbox) =>
      pipe(
        collect(mailbox.records()),
        TE.chain((records) => {
          const old = records.filter(({ uid }) => !keep.has(uid))
            .map((record): Expunge => ({ _tag: "Expunge", uid: record.uid, guid: record.guid }));
          const tally = new Tally();
          return pipe(
            drain(mailbox.apply(fromArray(old)), (outcomes) => {
              tally.take(outcomes);
              for (const outcome of outcomes) this.#tellRemoved(side, mailbox.name, outcome);
            }),
            TE.map(() => {
              this.#log.add(side, tally.done);
              tally.problems.forEach((error) =>
                this.#log.problem(withPlace(error, { mailbox: mailbox.name }))
              );
            }),
          );
        }),
      ));
  }

  /** How a mailbox is made on the side that lacks it; null: both have it, or that side is not to be changed. */
  #lacking(pair: MergePair, turn: Turn): Lacking | null {
    const side = SIDES.find((one) => pair[one] === null);
    if (side === undefined || !this.#changing.includes(side)) return null;
    const name = side === "left" ? pair.leftName : pair.rightName;
    return {
      side,
      make: async ({ status: { guid, uidValidity, messages } }) => {
        // An empty mailbox can be made beside what others do: to fill it has to wait for its turn.
        if (messages >= LARGE) await turn.claim();
        else turn.callNext();
        return await this.#change(side, { _tag: "CreateMailbox", name, guid, uidValidity });
      },
    };
  }

  #statusOf(side: Side, guid: MailboxGuid): TaskEither<SyncError, MailboxStatus> {
    return this.#stores[side].withMailbox(guid, (mailbox) => TE.right(mailbox.status));
  }

  /** Gives a mailbox that both sides have one identity; gives that, or null where it could not be done. */
  async #unite(pair: MergePair, turn: Turn): Promise<Either<SyncError, MailboxGuid | null>> {
    const left = await this.#statusOf("left", pair.left!)();
    if (E.isLeft(left)) return left;
    const right = await this.#statusOf("right", pair.right!)();
    if (E.isLeft(right)) return right;
    // One way: the destination becomes the source's mailbox, so that both can be known by one identity.
    const counted = this.#options.oneWay === true ? null : right.right;
    const identity = identityOf(pair, left.right, counted);
    const claimed = turn.claim();
    if (Math.max(left.right.messages, right.right.messages) < LARGE) turn.callNext();
    await claimed;
    for (const side of this.#changing) {
      const { guid, uidValidity } = side === "left" ? left.right : right.right;
      if (guid === identity.guid && uidValidity === identity.uidValidity) continue;
      const end = await this.#change(side, {
        _tag: "ReidentifyMailbox",
        name: side === "left" ? pair.leftName : pair.rightName,
        guid,
        newGuid: identity.guid,
        newUidValidity: identity.uidValidity,
      });
      if (E.isLeft(end) || !end.right) return E.isLeft(end) ? end : E.right(null);
    }
    return E.right(identity.guid);
  }

  /** Whether what the left side lacks is none of this run's business. */
  #isForeign({ left }: MergePair): boolean {
    return this.#options.oneWay === true && left === null;
  }

  /** Merges the tree alone: a mailbox that one side lacks is made there. */
  async #mergeEmpty(pair: MergePair, turn: Turn): Promise<Either<SyncError, void>> {
    const lacking = this.#lacking(pair, turn);
    if (lacking === null || pair.revived.length > 0) return E.right(undefined);
    const other: Side = lacking.side === "left" ? "right" : "left";
    const made = this.#stores[other].withMailbox(pair[other]!, (open) => () => lacking.make(open));
    return E.map(() => {})(await made());
  }

  /** Remembers of a mailbox what was remembered before, unless something newer is. */
  #keepMemory(guid: MailboxGuid): void {
    const before = this.#memory.mailboxes.get(guid);
    if (before !== undefined && !this.#remembered.has(guid)) this.#remembered.set(guid, before);
  }

  async #merge(
    pair: MergePair,
    kept: ReadonlyMap<MailboxGuid, Newcomers>,
    moments: EqualMoments,
    place: Place,
  ): Promise<Either<SyncError, void>> {
    const { turn } = place;
    if (this.#options.mails === false) return await this.#mergeEmpty(pair, turn);
    for (const side of pair.revived) {
      const guid = pair[side]!;
      const keep = kept.get(guid)!;
      if (keep.size === 0) continue;
      await turn.claim();
      const end = await this.#expungeOld(side, guid, keep)();
      if (E.isLeft(end)) return end;
      this.#log.kept(side, { name: pair.name, mails: keep.size });
    }
    if (this.#isForeign(pair)) return E.right(undefined);
    if (await this.#isEqualStill(pair, moments, place)) return E.right(undefined);
    const lacking = this.#lacking(pair, turn);
    if (lacking !== null) {
      const guid = pair.left ?? pair.right!;
      return E.map(() => {})(
        await this.#settle(pair, guid, moments, mergeMade(lacking), place),
      );
    }
    // As a rule they are one mailbox already: that shows in the look that has to be taken anyway.
    const isShared = pair.left !== null && pair.left === pair.right;
    const first = isShared
      ? await this.#settle(pair, pair.left, moments, mergeIfOne, place)
      : E.right(false);
    if (E.isLeft(first)) return first;
    if (first.right) return E.right(undefined);
    const guid = await this.#unite(pair, turn);
    if (E.isLeft(guid)) return guid;
    if (guid.right === null) return E.right(undefined);
    return E.map(() => {})(await this.#settle(pair, guid.right, moments, mergePair, place));
  }

  /** Merges a mailbox that both sides have by one GUID; gives whether it was done. */
  async #settle(
    pair: MergePair,
    guid: MailboxGuid,
    moments: EqualMoments,
    merge: typeof mergeIfOne,
    { turn, behindOthers }: Place,
  ): Promise<Either<SyncError, boolean>> {
    const { policy, filter } = this.#options;
    const result = await merge(
      this.#stores,
      pair.name,
      guid,
      this.#memory.mailboxes.get(guid) ?? null,
      {
        oneWay: this.#options.oneWay === true,
        ...(policy === undefined ? {} : { policy }),
        ...(filter === undefined ? {} : { filter }),
        decide: (decision) => this.#log.decided(decision),
        turn,
      },
    )();
    if (E.isLeft(result)) return result;
    if (result.right === null) return E.right(false);
    await behindOthers();
    const { done, problems, wasEqual, messages, memory } = result.right;
    this.#log.done(pair.name, messages, done.left, done.right);
    problems.forEach((problem) => this.#log.problem(problem));
    const equal = wasEqual ? moments.of(guid, messages) : null;
    if (memory !== null) this.#remembered.set(guid, equal === null ? memory : { ...memory, equal });
    else this.#keepMemory(guid);
    return E.right(true);
  }

  /** Whether a pair is as it was when it was last found equal: then there is nothing to do. */
  async #isEqualStill(
    { name, left, right }: MergePair,
    moments: EqualMoments,
    { behindOthers }: Place,
  ): Promise<boolean> {
    if (left === null || left !== right) return false;
    const memory = this.#memory.mailboxes.get(left);
    const equal = moments.still(left, memory);
    if (equal === null) return false;
    await behindOthers();
    this.#log.done(name, equal.messages, NOTHING_DONE, NOTHING_DONE);
    this.#remembered.set(left, { ...memory!, name });
    return true;
  }

  async run(): Promise<Either<SyncError, MirrorResult>> {
    const { left, right } = this.#stores;
    const [l, r] = await Promise.all([left.tree(), right.tree()]);
    if (E.isLeft(l)) return l;
    if (E.isLeft(r)) return r;
    const moments = await EqualMoments.ask(left, right);
    if (E.isLeft(moments)) return moments;
    const whole = [sideOf(left, l.right), sideOf(right, r.right)] as const;
    const { mailboxes } = this.#options;
    const [a, b] = mailboxes === undefined ? whole : selectMailboxes(...whole, mailboxes);
    const deleted = await lookAtDeleted(
      this.#stores,
      deletedMailboxes(a, b).filter(({ side }) => this.#changing.includes(side)),
      {
        memory: this.#memory,
        trees: { left: l.right, right: r.right },
        moments: moments.right,
        isWhole: this.#options.filter === undefined,
      },
    )();
    if (E.isLeft(deleted)) return deleted;
    const { kept, goes } = deleted.right;
    const plan = planMergeTree(
      a,
      b,
      new Set(kept.keys()),
      pastOf(this.#memory, this.#stores),
    );
    plan.problems.forEach((problem) => this.#log.problem(problem));
    const announced = await this.#announce(plan.after);
    if (E.isLeft(announced)) return announced;
    const trees = { left: a.tree, right: b.tree };
    const asLooked = (operation: TreeOperation): TreeOperation =>
      operation._tag === "DeleteMailbox"
        ? deletedAsOf(operation, goes.get(operation.guid) ?? null)
        : operation;
    const before = await this.#changes({
      left: plan.before.left.map(asLooked),
      right: plan.before.right.map(asLooked),
    }, trees);
    if (E.isLeft(before)) return before;
    const ahead = left.isFar === true || right.isFar === true;
    const merged = await inTurns(plan.pairs, ahead, async (pair, place) => {
      this.#log.begin(pair.name, 0);
      const end = await this.#merge(pair, kept, moments.right, place);
      if (E.isRight(end)) return end;
      const error = withPlace(end.left, { mailbox: pair.name });
      if (endsRun(error)) return E.left(error);
      await place.behindOthers();
      this.#log.problem(error);
      this.#keepMemory(pair.guid);
      return E.right(undefined);
    });
    if (E.isLeft(merged)) return merged;
    const after = await this.#changes(plan.after, trees);
    if (E.isLeft(after)) return after;
    // Where a mailbox could not be made, or deleted, the next run has to know which of its mails are new.
    if (this.#hasFailed) this.#memory.mailboxes.forEach((_, guid) => this.#keepMemory(guid));
    const subscriptions = this.#isPart || this.#hasFailed
      ? this.#memory.subscriptions
      : subscribed(a.tree.subscriptions, plan.after.left);
    const memory = { mailboxes: this.#remembered, subscriptions };
    return E.right({ report: this.#log.report(), memory });
  }
}

/**
 * Merges two stores: after it both have the same mailboxes, mails, flags, keywords and subscriptions, and nothing that
 * only one side did is lost. Conflicts are settled by the rules of `sync/`; each mailbox is compared again at the end, so
 * a report without problems means that the sides are equal.
 *
 * Cost: the indexes of both sides; of mailboxes that differ their records in memory; the bytes of new mails.
 */
export const mirror = (
  left: Store,
  right: Store,
  options: MirrorOptions = {},
): TaskEither<SyncError, MirrorResult> =>
() => {
  const open = (store: Store, other: Store, side: Side): Store => {
    const seen = beside(store, other);
    return underOptions(options.full === true ? reread(seen) : seen, side, options);
  };
  const stores = { left: open(left, right, "left"), right: open(right, left, "right") };
  return new Mirror(stores, options).run();
};
