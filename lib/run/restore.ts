/**
 * Putting mails of a hold back.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, syncError, withPlace } from "../model/error.ts";
import type { HeldMail } from "../model/held.ts";
import { type Guid, type MailboxGuid, mailboxGuid, uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import { type MailboxName, mailboxNamed, type MailboxTree, nameKey } from "../model/mailbox.ts";
import type { CopyMail, MailOperation, Outcome } from "../model/operation.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { type Chunks, collect, drain, fromArray } from "../stream/chunks.ts";
import { attachMails } from "./attach.ts";
import { endsRun } from "./run.ts";
import { stoppedError } from "./supervised.ts";

/** What mails are put back with. */
export interface RestoreOptions {
  /** A GUID for a mail: it is a new mail to every other store, or a sync might take it away again. */
  readonly newGuid: () => Guid;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told of the mails of each batch once they are back; what is not noted then is put back once more by the next run. */
  readonly onBack: (held: readonly HeldMail[]) => void;
  /** Ends the run at the next batch when it is aborted. */
  readonly signal?: AbortSignal;
}

/** What was put back. */
export interface Restored {
  /** How many mails. */
  readonly mails: number;
  /** What could not be put back; it stays in the hold. */
  readonly problems: readonly SyncError[];
}

/** So many mails are put back, and noted, together at most: a run that is stopped waits for them. */
const BATCH = 1024;

/** Saves of held mails as new ones; their flags, keywords and dates are those that they had. */
const saves = (
  from: Mailbox,
  records: readonly MailRecord[],
  firstUid: number,
  newGuid: () => Guid,
  lose: (error: SyncError) => void,
): Chunks<MailOperation, SyncError> => {
  let next = firstUid;
  const copies = records.map((record): CopyMail => ({
    _tag: "CopyMail",
    from: record,
    uid: uid(next++),
    keepModSeq: false,
  }));
  const attach = attachMails(from.fetch, (_, error) => {
    lose(error);
    return Promise.resolve(null);
  });
  return (async function* () {
    for await (const chunk of attach(fromArray(copies))) {
      yield chunk.map((one) =>
        one._tag === "SaveMail" ? { ...one, mail: { ...one.mail, guid: newGuid() } } : one
      );
    }
  })() as Chunks<MailOperation, SyncError>;
};

class Restore {
  readonly #hold: Store;
  readonly #target: Store;
  readonly #options: RestoreOptions;
  readonly problems: SyncError[] = [];
  mails = 0;

  constructor(hold: Store, target: Store, options: RestoreOptions) {
    this.#hold = hold;
    this.#target = target;
    this.#options = options;
  }

  async #box(tree: MailboxTree, name: MailboxName): Promise<Either<SyncError, MailboxGuid>> {
    const there = mailboxNamed(tree, name);
    if (there !== null) return E.right(there);
    const guid = mailboxGuid(this.#options.newGuid());
    const uidValidity = Math.floor(this.#options.now() / 1000);
    const made = await this.#target.applyTree({ _tag: "CreateMailbox", name, guid, uidValidity })();
    return E.isLeft(made) ? made : E.right(guid);
  }

  /** Puts mails of one mailbox of the hold into one mailbox. */
  async one(
    trees: Readonly<Record<"hold" | "target", MailboxTree>>,
    name: MailboxName,
    heldIn: MailboxName,
    mails: readonly HeldMail[],
  ): Promise<Either<SyncError, void>> {
    const source = mailboxNamed(trees.hold, heldIn);
    if (source === null) {
      return E.left(
        syncError("Missing", "mailbox", { mailbox: heldIn }, "the hold does not have it"),
      );
    }
    const guid = await this.#box(trees.target, name);
    if (E.isLeft(guid)) return guid;
    const wanted = new Map(mails.map((held) => [held.heldUid as number, held]));
    return await this.#hold.withMailbox(
      source,
      (from) =>
        this.#target.withMailbox(guid.right, (to) => async () => {
          const all = await collect(from.records())();
          if (E.isLeft(all)) return all;
          const records = all.right.filter((record) => wanted.has(record.uid));
          const lose = (error: SyncError): void =>
            void this.problems.push(withPlace(error, { mailbox: heldIn }));
          const there = new Set<number>(records.map((record) => record.uid));
          for (const { heldUid } of mails) {
            if (there.has(heldUid)) continue;
            lose(syncError("Missing", "message", { uid: heldUid }, "the hold does not have it"));
          }
          for (let at = 0; at < records.length; at += BATCH) {
            if (this.#options.signal?.aborted === true) return E.left(stoppedError());
            const operations = saves(
              from,
              records.slice(at, at + BATCH),
              to.status.uidNext + at,
              this.#options.newGuid,
              lose,
            );
            const end = await drain(to.apply(operations), (outcomes) => {
              this.#take(outcomes, wanted, lose);
            })();
            if (E.isLeft(end)) return end;
          }
          return E.right(undefined);
        }),
    )();
  }

  #take(
    outcomes: readonly Outcome[],
    wanted: ReadonlyMap<number, HeldMail>,
    lose: (error: SyncError) => void,
  ): void {
    const back: HeldMail[] = [];
    for (const outcome of outcomes) {
      const { operation } = outcome;
      if (outcome._tag === "Refused") lose(outcome.error);
      else if (operation._tag === "SaveMail") back.push(wanted.get(operation.copy.from.uid)!);
    }
    this.mails += back.length;
    if (back.length > 0) this.#options.onBack(back);
  }
}

/**
 * Puts mails of a hold back into the mailboxes that they were in, which are made where they are missing: as new mails at
 * the end, with the content, dates, flags and keywords that they had. What cannot be put back is told, and stays.
 */
export const restoreMails = (
  hold: Store,
  target: Store,
  mails: readonly HeldMail[],
  options: RestoreOptions,
): TaskEither<SyncError, Restored> =>
async () => {
  const held = await hold.tree();
  if (E.isLeft(held)) return held;
  const restore = new Restore(hold, target, options);
  const groups = Map.groupBy(mails, (mail) => `${nameKey(mail.mailbox)}\n${nameKey(mail.heldIn)}`);
  for (const group of groups.values()) {
    const { mailbox, heldIn } = group[0]!;
    const there = await target.tree();
    if (E.isLeft(there)) return there;
    const name = target.fitName(mailbox);
    const end = await restore.one({ hold: held.right, target: there.right }, name, heldIn, group);
    if (E.isRight(end)) continue;
    const error = withPlace(end.left, { mailbox: name });
    if (endsRun(error)) return E.left(error);
    restore.problems.push(error);
  }
  return E.right({ mails: restore.mails, problems: restore.problems });
};
