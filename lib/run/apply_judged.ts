/**
 * Carrying out only some of the operations that a run wants.
 *
 * @module
 */
import type { SyncError } from "../model/error.ts";
import type { MailOperation, Outcome } from "../model/operation.ts";
import type { Mailbox } from "../port/store.ts";
import type { Chunks } from "../stream/chunks.ts";

/** Says of each operation of a chunk why it is not to be done; null: it is. */
export type Judge = (
  chunk: readonly MailOperation[],
) => Promise<readonly (SyncError | null)[]>;

/** Gives one answer for each operation, in order: those of `apply`, and of those that it is not shown, `judge`'s. */
export const applyJudged = async function* (
  apply: Mailbox["apply"],
  operations: Chunks<MailOperation, SyncError>,
  judge: Judge,
): AsyncGenerator<readonly Outcome[]> {
  /** What was refused; null: it was handed on. */
  let told: (Outcome | null)[] = [];
  const passed = async function* (): AsyncGenerator<readonly MailOperation[]> {
    for await (const chunk of operations) {
      const errors = await judge(chunk);
      const pass: MailOperation[] = [];
      for (const [i, operation] of chunk.entries()) {
        const error = errors[i] ?? null;
        told.push(error === null ? null : { _tag: "Refused", operation, error });
        if (error === null) pass.push(operation);
      }
      if (pass.length > 0) yield pass;
    }
  };
  for await (const outcomes of apply(passed() as Chunks<MailOperation, SyncError>)) {
    const merged: Outcome[] = [];
    let at = 0;
    for (const outcome of outcomes) {
      for (let next = told[at]; next !== null && next !== undefined; next = told[at]) {
        merged.push(next);
        at++;
      }
      at++;
      merged.push(outcome);
    }
    told = told.slice(at);
    yield merged;
  }
  const rest = told.filter((outcome) => outcome !== null);
  if (rest.length > 0) yield rest;
};
