/**
 * A part of a store's mails.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { pipe } from "fp-ts/function.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, syncError, withPlace } from "../../model/error.ts";
import type { Mail, MailRecord } from "../../model/mail.ts";
import { type MailboxName, mailboxNamed } from "../../model/mailbox.ts";
import { overlaid, withoutStamps } from "../../port/overlaid.ts";
import type { Mailbox, Store } from "../../port/store.ts";
import { collect, drain, filter, fromArray } from "../../stream/chunks.ts";
import type { View } from "./view.ts";

/** Whether a mail is shown. Its body is not to be read here. */
export type WantedMail = (mail: Omit<Mail, "body">, record: MailRecord) => boolean;

/** The mails that are not wanted, in order. What cannot be read is shown: the run that reads it tells what is wrong. */
const hiddenIn = async (
  mailbox: Mailbox,
  isWanted: WantedMail,
): Promise<Either<SyncError, readonly MailRecord[]>> => {
  const records = await collect(mailbox.records())();
  if (E.isLeft(records)) return records;
  const hidden: MailRecord[] = [];
  let next = 0;
  const end = await drain(
    mailbox.fetch(fromArray(records.right.map(({ uid }) => uid))),
    (answers) => {
      for (const answer of answers) {
        const record = records.right[next++]!;
        if (answer._tag === "Mail" && !isWanted(answer.mail, record)) hidden.push(record);
      }
    },
  )();
  return E.isLeft(end) ? end : E.right(hidden);
};

const without = (mailbox: Mailbox, hidden: readonly MailRecord[]): Mailbox => {
  const uids = new Set(hidden.map(({ uid }) => uid));
  const { status } = mailbox;
  return overlaid(mailbox, {
    status: { ...status, messages: status.messages - hidden.length },
    records: () => filter(({ uid }: MailRecord) => !uids.has(uid))(mailbox.records()),
    hidden: [...mailbox.hidden ?? [], ...hidden].sort((a, b) => a.uid - b.uid),
  });
};

const refusal = (mailbox: MailboxName): SyncError =>
  syncError("Unsafe", "mailbox", { mailbox }, "it holds mails that are not shown, and stays");

/**
 * Shows only the mails that are wanted. What it hides is no business of a run: it is not copied, changed or expunged,
 * here or on the other side, where copies of it stay; a mailbox that holds some is not deleted or filled anew (`Unsafe`,
 * the rest is synced). A mail that is in the store no more, by contrast, is gone, as without the view.
 *
 * A later run that shows more finds mails that it never carried over. A backup then fills the mailbox anew; a mirror
 * needs the memory of the run before, else a mail that the other side has never had may count as expunged there.
 *
 * Cost: each mail is opened once whenever its mailbox is; the hidden ones' records in memory.
 *
 * @example
 * ```ts
 * import { emptyState, memoryStore, onlyMails } from "@dsync/dsync/stores";
 *
 * const since = Date.UTC(2024, 0, 1) / 1000;
 * const recent = onlyMails((mail) => mail.receivedAt >= since)(memoryStore(emptyState()));
 * if (recent.caps.format !== "memory") throw new Error("all else is the store's own");
 * ```
 */
export const onlyMails = (isWanted: WantedMail): View => (store) => {
  const seen = <A>(
    mailbox: Mailbox,
    use: (mailbox: Mailbox) => TaskEither<SyncError, A>,
  ): TaskEither<SyncError, A> =>
    pipe(
      () => hiddenIn(mailbox, isWanted),
      TE.mapLeft((error) => withPlace(error, { mailbox: mailbox.name })),
      TE.chain((hidden) => use(hidden.length === 0 ? mailbox : without(mailbox, hidden))),
    );
  const withMailbox: Store["withMailbox"] = (guid, use) =>
    store.withMailbox(guid, (mailbox) => seen(mailbox, use));
  /** Fails where the mailbox of that name would take hidden mails with it. */
  const mayGo = (name: MailboxName): TaskEither<SyncError, void> =>
    pipe(
      store.tree,
      TE.chain((tree) => {
        const guid = mailboxNamed(tree, name);
        if (guid === null) return TE.right(undefined);
        return withMailbox(guid, ({ hidden }) =>
          hidden === undefined || hidden.length === 0
            ? TE.right(undefined)
            : TE.left(refusal(name)));
      }),
    );
  return {
    ...withoutStamps(store),
    withMailbox,
    applyTree: (operation) =>
      operation._tag === "DeleteMailbox"
        ? pipe(mayGo(operation.name), TE.chain(() => store.applyTree(operation)))
        : store.applyTree(operation),
    replaceMailbox: (identity, use) =>
      pipe(
        mayGo(identity.name),
        TE.chain(() => store.replaceMailbox(identity, use)),
      ),
  };
};
