/**
 * The file that a plan is kept in.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { formatPlan, parsePlan, type PlanFile } from "../lib/codec/plan_json.ts";
import { type SyncError, withPlace } from "../lib/model/error.ts";
import { fileError } from "./file_error.ts";

const attempt = <A>(path: string, what: string, action: () => A): Either<SyncError, A> => {
  try {
    return E.right(action());
  } catch (thrown) {
    return E.left(fileError(path, `the plan cannot be ${what}`, thrown));
  }
};

/** Whether there is something at a path that is no file of its own: a device, a FIFO, a link to wherever. */
const isOther = (path: string): boolean => {
  try {
    return !Deno.lstatSync(path).isFile;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw thrown;
  }
};

/** Puts a new file in place of the one that is there, in one step. */
const replaceFile = (path: string, text: string): void => {
  const draft = `${path}.${crypto.randomUUID().slice(0, 8)}.new`;
  // What somebody else has put there is not written into, nor what it is a link to.
  Deno.writeTextFileSync(draft, text, { createNew: true, mode: 0o600 });
  try {
    Deno.renameSync(draft, path);
  } catch (thrown) {
    Deno.removeSync(draft);
    throw thrown;
  }
};

/** Writes a plan, for nobody else to read: it names mailboxes and mails. What is no file is written into as it is. */
export const writePlan = (path: string, plan: PlanFile): Either<SyncError, void> =>
  attempt(path, "written", () => {
    const text = formatPlan(plan);
    if (isOther(path)) Deno.writeTextFileSync(path, text);
    else replaceFile(path, text);
  });

/** Reads a plan. */
export const readPlan = (path: string): Either<SyncError, PlanFile> => {
  const text = attempt(path, "read", () => Deno.readTextFileSync(path));
  if (E.isLeft(text)) return text;
  const plan = parsePlan(text.right);
  return E.isRight(plan) ? plan : E.left(withPlace(plan.left, { path }));
};
