/**
 * The stage between *resolve* and *apply*: planned copies get their mail from the other side.
 *
 * @module
 */
import type { SyncError } from "../model/error.ts";
import type { Uid } from "../model/ids.ts";
import { isInMemory, type Mail } from "../model/mail.ts";
import type { CopyMail, MailOperation, PlannedOperation } from "../model/operation.ts";
import type { Fetched } from "../port/store.ts";
import { type Chunks, fromArray, StreamFailure } from "../stream/chunks.ts";

/** Reads mails by UID, one answer each, in order: `Mailbox.fetch` of the side that has them. */
export type FetchMails = (wanted: Chunks<Uid, SyncError>) => Chunks<Fetched, SyncError>;

/** Asked about each mail that cannot be had: null leaves the copy out, a mail takes its place. */
export type RecoverMail = (copy: CopyMail, error: SyncError) => Promise<Mail | null>;

/** Told of each mail that turned out unreadable while its bytes were on their way. */
export type NoteBroken = (copy: CopyMail, error: SyncError) => void;

const watched = (mail: Mail, broken: (error: SyncError) => void): Mail => {
  const { body } = mail;
  if (isInMemory(body)) return mail;
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (thrown) {
      if (thrown instanceof StreamFailure) broken(thrown.error as SyncError);
      throw thrown;
    }
  };
  return { ...mail, body: pieces() };
};

/**
 * Replaces each `CopyMail` by a `SaveMail` with the mail read by `fetch`. Order stays; copies that stand together are
 * fetched together. Memory: one fetched chunk.
 */
export const attachMails = (
  fetch: FetchMails,
  recover: RecoverMail,
  broken: NoteBroken = () => {},
): <E>(planned: Chunks<PlannedOperation, E>) => Chunks<MailOperation, E | SyncError> => {
  const saves = async function* (
    copies: readonly CopyMail[],
  ): AsyncGenerator<readonly MailOperation[]> {
    let at = 0;
    for await (const fetched of fetch(fromArray(copies.map(({ from }) => from.uid)))) {
      const found: MailOperation[] = [];
      for (const answer of fetched) {
        const copy = copies[at++]!;
        const mail = answer._tag === "Mail" ? answer.mail : await recover(copy, answer.error);
        if (mail === null) continue;
        const seen = watched(mail, (error) => broken(copy, error));
        found.push({ _tag: "SaveMail", copy, mail: seen });
      }
      if (found.length > 0) yield found;
    }
  };
  return async function* (planned) {
    for await (const chunk of planned) {
      let at = 0;
      while (at < chunk.length) {
        const copies: CopyMail[] = [];
        const others: MailOperation[] = [];
        for (; chunk[at]?._tag === "CopyMail"; at++) copies.push(chunk[at] as CopyMail);
        for (
          let next = chunk[at];
          next !== undefined && next._tag !== "CopyMail";
          next = chunk[++at]
        ) {
          others.push(next);
        }
        if (copies.length > 0) yield* saves(copies);
        if (others.length > 0) yield others;
      }
    }
  };
};

const isCopy = (operation: PlannedOperation | undefined): operation is CopyMail =>
  operation?._tag === "CopyMail";

/** The operations from `at` on that stand together: all are copies, or none is. */
const runAt = (
  operations: readonly PlannedOperation[],
  at: number,
): readonly PlannedOperation[] => {
  let end = at + 1;
  while (end < operations.length && isCopy(operations[end]) === isCopy(operations[at])) end++;
  return operations.slice(at, end);
};

/**
 * Operations in chunks, those copies together that stand together: they are fetched by one call, and whoever is far away
 * need not be asked again and again. The others are in chunks as they are everywhere.
 */
export const copiesTogether = async function* (
  operations: readonly PlannedOperation[],
): AsyncGenerator<readonly PlannedOperation[]> {
  for (let at = 0; at < operations.length;) {
    const run = runAt(operations, at);
    if (isCopy(run[0])) yield run;
    else yield* fromArray(run);
    at += run.length;
  }
};

/** The copies that {@linkcode attachMails} fetches first of what {@linkcode copiesTogether} gives. */
export const firstCopies = (operations: readonly PlannedOperation[]): readonly CopyMail[] => {
  const at = operations.findIndex(isCopy);
  return at < 0 ? [] : runAt(operations, at).filter(isCopy);
};
