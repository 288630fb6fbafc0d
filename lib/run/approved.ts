/**
 * A store to which only the steps of a plan are done.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, syncError } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import type { MailboxName } from "../model/mailbox.ts";
import {
  deletedAsOf,
  type MailOperation,
  type Outcome,
  type TreeOperation,
} from "../model/operation.ts";
import type { MailboxExtent, PlanStep } from "../model/plan.ts";
import type { Side } from "../model/report.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { planKey } from "../sync/plan_key.ts";
import { applyJudged } from "./apply_judged.ts";
import { overlaid } from "../port/overlaid.ts";
import { extentOf, stepOf } from "./recorded.ts";
import { rememberedTree } from "./remembered_tree.ts";

const refusal = (name: MailboxName, uid: number | null, what: string): SyncError =>
  syncError("Unsafe", uid === null ? "mailbox" : "message", {
    mailbox: name,
    ...(uid === null ? {} : { uid }),
  }, `${what}; it is left for another run`);

const NOT_PLANNED = "this is not in the plan";

/** The steps that may be done, and what came of them. */
export class Approval {
  readonly #planned: Map<string, PlanStep>;
  readonly #done = new Set<string>();

  /** Approves these steps. */
  constructor(steps: readonly PlanStep[]) {
    this.#planned = new Map(steps.map((step) => [planKey(step), step]));
  }

  /** The planned step that is the same; null: there is none. */
  planned(step: PlanStep): PlanStep | null {
    return this.#planned.get(planKey(step)) ?? null;
  }

  /** Notes that a step was done. */
  done(step: PlanStep): void {
    this.#done.add(planKey(step));
  }

  /** The steps that were not done: nothing asked for them any more, or they failed. */
  left(): readonly PlanStep[] {
    return [...this.#planned].filter(([key]) => !this.#done.has(key)).map(([, step]) => step);
  }
}

/** Whether a mailbox that goes is what was planned to go: nothing came to it since. */
const isAsPlanned = (planned: MailboxExtent | null, now: MailboxExtent | null): boolean =>
  now === null ||
  (planned !== null && planned.guid === now.guid && now.uidNext <= planned.uidNext);

/**
 * The same store, but what is not approved is refused with `Unsafe`. Of a mailbox in which something was refused the
 * counters stay, so that a later run can do it.
 */
export const approved = (store: Store, side: Side, approval: Approval): Store => {
  const remembered = rememberedTree(store);
  /** Mailboxes in which something was refused. */
  const partly = new Set<MailboxGuid>();
  /** Mails that were saved by this run, and may be taken back. */
  const saved = new Map<MailboxGuid, Set<number>>();

  const guarded = (mailbox: Mailbox): Mailbox => {
    const { name, status: { guid }, attributes } = mailbox;
    const place = { side, name, mailbox: guid };
    const judge = (operation: MailOperation): SyncError | null => {
      const step = stepOf(operation);
      if (step === null) {
        const isLast = operation._tag === "RaiseStatus";
        return isLast && partly.has(guid)
          ? refusal(name, null, "the counters wait for what is left")
          : null;
      }
      const isTakenBack = step._tag === "Expunge" && saved.get(guid)?.has(step.uid) === true;
      if (isTakenBack || approval.planned({ _tag: "Mail", ...place, operation: step })) return null;
      partly.add(guid);
      return refusal(name, step.uid, NOT_PLANNED);
    };
    const note = (outcomes: readonly Outcome[]): void => {
      for (const { _tag, operation } of outcomes) {
        const step = stepOf(operation);
        if (step === null) continue;
        if (_tag === "Refused") partly.add(guid);
        else approval.done({ _tag: "Mail", ...place, operation: step });
        if (_tag === "Done" && step._tag === "CopyMail") {
          saved.set(guid, (saved.get(guid) ?? new Set()).add(step.uid));
        }
      }
    };
    return overlaid(mailbox, {
      apply: async function* (operations) {
        for await (
          const outcomes of applyJudged(
            mailbox.apply,
            operations,
            (chunk) => Promise.resolve(chunk.map(judge)),
          )
        ) {
          note(outcomes);
          yield outcomes;
        }
      },
      ...(attributes === undefined ? {} : {
        attributes: {
          list: attributes.list,
          set: (changes) => async () => {
            const steps = changes.map((attribute): PlanStep => ({
              _tag: "Attribute",
              ...place,
              attribute,
            }));
            const may = steps.filter((step) => approval.planned(step) !== null);
            const end = await attributes.set(changes.filter((_, i) => may.includes(steps[i]!)))();
            if (E.isLeft(end)) return end;
            may.forEach((step) => approval.done(step));
            return may.length === changes.length ? end : E.left(refusal(name, null, NOT_PLANNED));
          },
        },
      }),
    });
  };

  const applyTree = (operation: TreeOperation): TaskEither<SyncError, void> => async () => {
    const step: PlanStep = { _tag: "Tree", side, operation, gone: null };
    const planned = approval.planned(step);
    if (planned?._tag !== "Tree") return E.left(refusal(operation.name, null, NOT_PLANNED));
    let approvedOne = operation;
    if (operation._tag === "DeleteMailbox") {
      const now = await extentOf(store, operation.guid);
      if (!isAsPlanned(planned.gone, now)) {
        return E.left(refusal(operation.name, null, "mail came to it since it was planned to go"));
      }
      approvedOne = deletedAsOf(operation, planned.gone?.uidNext ?? null);
    }
    const end = await remembered.applyTree(approvedOne)();
    if (E.isRight(end)) approval.done(step);
    return end;
  };

  return {
    ...store,
    tree: remembered.tree,
    applyTree,
    withMailbox: (guid, use, purpose) =>
      store.withMailbox(guid, (mailbox) => use(guarded(mailbox)), purpose),
    replaceMailbox: (identity, use) => async () => {
      const step: PlanStep = { _tag: "Replace", side, ...identity, gone: null };
      const planned = approval.planned(step);
      const old = await remembered.mailboxNamed(identity.name)();
      if (E.isLeft(old)) return old;
      const now = old.right === null ? null : await extentOf(store, old.right);
      if (planned?._tag !== "Replace") return E.left(refusal(identity.name, null, NOT_PLANNED));
      if (!isAsPlanned(planned.gone, now)) {
        return E.left(refusal(identity.name, null, "mail came to it since it was planned to go"));
      }
      const end = await remembered.replaceMailbox(
        identity,
        (mailbox) => use(guarded(mailbox)),
      )();
      if (E.isRight(end)) approval.done(step);
      return end;
    },
  };
};
