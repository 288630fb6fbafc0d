/**
 * A store that only one run at a time changes.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { SyncError } from "../../model/error.ts";
import type { MailboxName } from "../../model/mailbox.ts";
import type { MailOperation, TreeOperation } from "../../model/operation.ts";
import type { Os } from "../../port/os.ts";
import { overlaid } from "../../port/overlaid.ts";
import type { Mailbox, Store } from "../../port/store.ts";
import type { Chunks } from "../../stream/chunks.ts";
import { thrownError } from "./or_fail.ts";
import { RunLock } from "./run_lock.ts";

/** The same operations; `claim` is asked before the first of them is handed on. */
const claimFirst = async function* (
  claim: () => Promise<void>,
  operations: Chunks<MailOperation, SyncError>,
): AsyncGenerator<readonly MailOperation[]> {
  for await (const chunk of operations) {
    await claim();
    yield chunk;
  }
};

/** Whether it may have ended something in the middle; what is refused was not begun. */
const isBreakdown = ({ _tag }: SyncError): boolean =>
  _tag === "Io" || _tag === "Denied" || _tag === "Busy";

/**
 * Mails of a mailbox that takes a good deal of memory. What is known of it would still be there when the next one is
 * opened, or the same once more.
 */
const LARGE = 100_000;

/** The name that an operation may leave an empty directory of, which goes, too, if the store has one. */
const nameLeft = (operation: TreeOperation): MailboxName | null =>
  operation._tag === "DeleteMailbox" || operation._tag === "RenameMailbox" ||
    operation._tag === "DeleteDirectory"
    ? operation.name
    : null;

/**
 * Gives a store whose first write takes the lock of its root directory, which `close` lets go of: `Busy` while another
 * run has it. Reading needs no lock; `tree` first has `recover` put in order what a killed run has left.
 */
export const exclusiveStore = (
  os: Os,
  root: string,
  store: Store,
  recover: () => Promise<void>,
): Store => {
  /** Whether the mailbox that was open last had very many mails. */
  let wasLarge = false;
  const noting = (mailbox: Mailbox): Mailbox => {
    wasLarge ||= mailbox.status.messages >= LARGE;
    return mailbox;
  };
  const lock = new RunLock(os, root, async (leaving) => {
    await recover();
    // One that is a mailbox still, or has children, stays: it is refused.
    for (const name of leaving.toSorted().toReversed()) {
      await store.applyTree({ _tag: "DeleteDirectory", name })();
    }
  });
  const claim = () => lock.claim();
  /** What failed may have left something, too. */
  let allEnded = true;
  const after = <A>(
    locking: () => Promise<void>,
    task: TaskEither<SyncError, A>,
  ): TaskEither<SyncError, A> =>
  async () => {
    try {
      await locking();
    } catch (thrown) {
      allEnded = false;
      return E.left(thrownError(thrown));
    }
    return await task();
  };
  const writing = <A>(task: TaskEither<SyncError, A>): TaskEither<SyncError, A> => async () => {
    const end = await after(claim, task)();
    if (E.isLeft(end) && isBreakdown(end.left)) allEnded = false;
    return end;
  };
  const applying = (mailbox: Mailbox): Mailbox["apply"] =>
    async function* (operations) {
      let ended = false;
      try {
        yield* mailbox.apply(claimFirst(claim, operations));
        ended = true;
      } finally {
        allEnded &&= ended;
      }
    };
  /** The same mailbox, but for what writes. */
  const guarded = (mailbox: Mailbox): Mailbox => {
    const apply = applying(mailbox);
    const own = mailbox.attributes;
    return overlaid(mailbox, {
      apply,
      ...(own === undefined ? {} : {
        attributes: { list: own.list, set: (changes) => writing(own.set(changes)) },
      }),
    });
  };
  return {
    location: store.location,
    caps: store.caps,
    tree: after(() => lock.recover(), store.tree),
    fitName: store.fitName,
    applyTree: (operation) =>
      writing(async () => {
        const name = nameLeft(operation);
        if (name !== null) lock.leaving(name);
        return await store.applyTree(operation)();
      }),
    withMailbox: (guid, use) => async () => {
      if (wasLarge) os.makeRoom?.();
      wasLarge = false;
      return await store.withMailbox(guid, (mailbox) => use(guarded(noting(mailbox))))();
    },
    replaceMailbox: (identity, use) =>
      writing(store.replaceMailbox(identity, (mailbox) => use(guarded(mailbox)))),
    ...(store.stamps === undefined ? {} : { stamps: store.stamps }),
    close: async () => {
      await store.close();
      lock.release(allEnded);
    },
  };
};
