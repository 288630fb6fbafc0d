/**
 * A store that tells each step that was done to it, as a plan has them.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { SyncError } from "../model/error.ts";
import { NO_FLAGS } from "../model/flags.ts";
import type { MailboxGuid } from "../model/ids.ts";
import type { MailboxName } from "../model/mailbox.ts";
import type { MailOperation, Outcome, TreeOperation } from "../model/operation.ts";
import type { MailboxExtent, MailStep, PlanStep } from "../model/plan.ts";
import type { Side } from "../model/report.ts";
import type { Mailbox, Store } from "../port/store.ts";
import type { Chunks } from "../stream/chunks.ts";
import { overlaid } from "../port/overlaid.ts";
import { rememberedTree } from "./remembered_tree.ts";

/** The step of an operation; null: none, it only raises counters or a MODSEQ. */
export const stepOf = (operation: MailOperation): MailStep | null => {
  switch (operation._tag) {
    case "RaiseStatus":
      return null;
    case "SaveMail":
      return operation.copy;
    case "UpdateFlags": {
      const { add, remove, addKeywords, removeKeywords } = operation;
      const isPlain = add === NO_FLAGS && remove === NO_FLAGS &&
        addKeywords.length === 0 && removeKeywords.length === 0;
      return isPlain ? null : operation;
    }
    case "RenumberMail":
    case "Expunge":
      return operation;
  }
};

/** How much a mailbox holds; null where it cannot be told. */
export const extentOf = async (store: Store, guid: MailboxGuid): Promise<MailboxExtent | null> => {
  const end = await store.withMailbox(guid, ({ status }) => TE.right(status))();
  if (E.isLeft(end)) return null;
  const { uidNext, messages } = end.right;
  return { guid, uidNext, messages };
};

const telling = async function* (
  outcomes: Chunks<Outcome, SyncError>,
  tell: (operation: MailStep) => void,
): AsyncGenerator<readonly Outcome[]> {
  for await (const chunk of outcomes) {
    for (const { _tag, operation } of chunk) {
      const step = _tag === "Done" ? stepOf(operation) : null;
      if (step !== null) tell(step);
    }
    yield chunk;
  }
};

/**
 * The same store; `note` is told of each step once it is done, in order. Over a store that takes changes without writing
 * them that gives the plan of a run.
 *
 * @example
 * ```ts
 * import { backup } from "@dsync/dsync";
 * import type { PlanStep } from "@dsync/dsync/model";
 * import { emptyState, memoryStore, recorded, shadowStore } from "@dsync/dsync/stores";
 *
 * const steps: PlanStep[] = [];
 * const destination = recorded(shadowStore(memoryStore(emptyState())), "right", (step) => steps.push(step));
 * await backup(memoryStore(emptyState()), destination)();
 * if (steps.length > 0) throw new Error("there is nothing to do");
 * ```
 */
export const recorded = (store: Store, side: Side, note: (step: PlanStep) => void): Store => {
  const remembered = rememberedTree(store);
  const announced = new Set<MailboxName>();
  const watched = (mailbox: Mailbox, note: (step: PlanStep) => void): Mailbox => {
    const place = { side, name: mailbox.name, mailbox: mailbox.status.guid };
    const { attributes } = mailbox;
    return overlaid(mailbox, {
      apply: (operations) =>
        telling(
          mailbox.apply(operations),
          (operation) => note({ _tag: "Mail", ...place, operation }),
        ),
      ...(attributes === undefined ? {} : {
        attributes: {
          list: attributes.list,
          set: (changes) =>
            TE.map(() => {
              for (const attribute of changes) note({ _tag: "Attribute", ...place, attribute });
            })(attributes.set(changes)),
        },
      }),
    });
  };
  const applyTree = (operation: TreeOperation): TaskEither<SyncError, void> => async () => {
    const gone = operation._tag === "DeleteMailbox" ? await extentOf(store, operation.guid) : null;
    const end = await remembered.applyTree(operation)();
    if (E.isLeft(end)) return end;
    // Directories that shall go are announced first, and go later.
    const isAgain = operation._tag === "DeleteDirectory" && announced.has(operation.name);
    if (operation._tag === "DeleteDirectory") announced.add(operation.name);
    if (!isAgain) note({ _tag: "Tree", side, operation, gone });
    return end;
  };
  return {
    ...store,
    tree: remembered.tree,
    applyTree,
    withMailbox: (guid, use, purpose) =>
      store.withMailbox(guid, (mailbox) => use(watched(mailbox, note)), purpose),
    replaceMailbox: (identity, use) => async () => {
      const old = await remembered.mailboxNamed(identity.name)();
      if (E.isLeft(old)) return old;
      const gone = old.right === null ? null : await extentOf(store, old.right);
      const steps: PlanStep[] = [];
      const inside = (mailbox: Mailbox) => use(watched(mailbox, (step) => steps.push(step)));
      const end = await remembered.replaceMailbox(identity, inside)();
      if (E.isRight(end)) {
        note({ _tag: "Replace", side, ...identity, gone });
        steps.forEach(note);
      }
      return end;
    },
  };
};
