/**
 * The commands that sync: mirror, backup, plan and apply.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { digestLine, eventLine, reportLine, stepLine } from "../lib/codec/report_json.ts";
import { syncError } from "../lib/model/error.ts";
import type { PlannedIdentity } from "../lib/codec/plan_json.ts";
import type { PlanStep } from "../lib/model/plan.ts";
import type { Side } from "../lib/model/report.ts";
import { makeOs } from "../lib/os/os.ts";
import { Approval } from "../lib/run/approved.ts";
import type { ApplyCommand, SyncCommand } from "./command.ts";
import { parseCommandLine } from "./command_line.ts";
import {
  complain,
  complainOf,
  EXIT,
  failWith,
  statusOfError,
  statusOfSettings,
  tell,
} from "./exit.ts";
import { homePath } from "./home_path.ts";
import { Ledger } from "./ledger_file.ts";
import { stateDirectory } from "./memory_file.ts";
import type { Permission } from "./permission.ts";
import { readPlan, writePlan } from "./plan_file.ts";
import { eventText, lastLine, reportText } from "./render.ts";
import { digestTexts } from "./render_check.ts";
import { planText, stepText } from "./render_plan.ts";
import { settle } from "./settle.ts";
import type { Ahead } from "./start_ahead.ts";
import { sync } from "./sync.ts";
import { watch } from "./watch.ts";

/** The names of the two sides in texts: a backup with -R goes from the second to the first. */
const namesOf = (command: SyncCommand): Readonly<Record<Side, string>> => {
  const one = command.settings.get("mail_location") ?? "";
  const two = command.destination.join(" ");
  return command.reverse ? { left: two, right: one } : { left: one, right: two };
};

const runWith = async (
  command: SyncCommand,
  permission: Permission,
  ahead: Ahead | null,
): Promise<number> => {
  const names = namesOf(command);
  const { json, verbose, debug } = command;
  const isDone = permission._tag !== "Nothing";
  const os = makeOs();
  const directory = isDone ? stateDirectory((name) => Deno.env.get(name)) : null;
  const ledger = directory === null ? null : new Ledger(os, directory, complain);
  const { options, isStopped, end: unwatch } = watch(command, (event) => {
    if (json && (isDone || event._tag === "Problem")) {
      tell(JSON.stringify(eventLine(event)));
    }
    if (event._tag === "Problem") return complainOf(event.error, debug);
    if (event._tag === "Decided") ledger?.note(names, event.decision);
    if (event._tag === "MailboxDone") ledger?.flush();
    const text = verbose && !json && isDone ? eventText(event, names) : null;
    if (text !== null) tell(text);
  });
  const end = await sync(os, command, options, permission, ahead, complain);
  ledger?.close();
  unwatch();
  if (E.isLeft(end)) {
    const exit = isStopped() ? EXIT.stopped : statusOfError(end.left);
    return failWith(end.left, command, exit);
  }
  const { report, state, comparison } = end.right;
  const digests = comparison?.digests ?? [];
  const isWhole = permission._tag !== "Approved" || permission.approval.left().length === 0;
  const exit = report.problems.length === 0 && isWhole ? EXIT.inSync : EXIT.runAgain;
  if (json) {
    for (const one of digests) tell(JSON.stringify(digestLine(one)));
    tell(JSON.stringify(reportLine(report, exit, state)));
  } else if (isDone) {
    if (verbose) tell([...digestTexts(digests), reportText(report, names)].join("\n"));
    else if (Deno.stderr.isTerminal()) console.error(lastLine(report, names));
    if (state !== null) tell(state);
  }
  return exit;
};

/** Tells the steps, each on a line. */
const tellSteps = (command: SyncCommand, steps: readonly PlanStep[]): void => {
  const names = namesOf(command);
  for (const step of steps) {
    tell(command.json ? JSON.stringify(stepLine(step)) : stepText(step, names));
  }
};

/** `words`: the command line. */
const runPlan = async (
  command: SyncCommand,
  words: readonly string[],
  ahead: Ahead | null,
): Promise<number> => {
  const steps: PlanStep[] = [];
  const identities: PlannedIdentity[] = [];
  let [left, right] = ["", ""];
  const permission: Permission = {
    _tag: "Nothing",
    note: (step) => steps.push(step),
    onSides: (...both) => [left, right] = both,
    onIdentity: (identity) => identities.push(identity),
  };
  const exit = await runWith(command, permission, ahead);
  if (exit !== EXIT.inSync && exit !== EXIT.runAgain) return exit;
  tellSteps(command, steps);
  if (!command.json) tell(planText(steps));
  if (command.planFile === null) return exit;
  const end = writePlan(homePath(command.planFile), {
    command: words,
    left,
    right,
    identities,
    steps,
  });
  return E.isLeft(end) ? failWith(end.left, command, EXIT.failed) : exit;
};

/** `dsync apply`: carries out a plan. `now`: seconds since 1970. */
export const runApply = async (apply: ApplyCommand, now: number): Promise<number> => {
  const plan = readPlan(homePath(apply.file));
  if (E.isLeft(plan)) return failWith(plan.left, apply, EXIT.failed);
  const { command: words, left, right, identities, steps } = plan.right;
  const parsed = parseCommandLine(words, now);
  if (E.isLeft(parsed) || parsed.right._tag !== "Sync") {
    const error = syncError("Damaged", "run", { path: apply.file }, "it is a plan of no sync");
    return failWith(error, apply, EXIT.failed);
  }
  const { verbose, debug, json, over } = apply;
  const settings = new Map([...parsed.right.settings, ...apply.settings]);
  const command = { ...parsed.right, ...over, settings, verbose, debug, json, dryRun: false };
  const settled = await settle(command);
  if (E.isLeft(settled)) return failWith(settled.left, apply, statusOfSettings(settled.left));
  const approval = new Approval(steps);
  const permission: Permission = { _tag: "Approved", approval, left, right, identities };
  const exit = await runWith(settled.right, permission, null);
  const notDone = approval.left();
  if (notDone.length > 0 && (exit === EXIT.inSync || exit === EXIT.runAgain)) {
    complain(`${notDone.length} of ${steps.length} steps were not done:`);
    tellSteps(settled.right, notDone);
  }
  return exit;
};

/** `dsync mirror`, `backup` and `plan`. `words`: the command line; `ahead`: the other end, where it is started already. */
export const runSync = async (
  command: SyncCommand,
  words: readonly string[],
  ahead: Ahead | null,
): Promise<number> => {
  try {
    return command.dryRun
      ? await runPlan(command, words, ahead)
      : await runWith(command, { _tag: "All" }, ahead);
  } finally {
    await ahead?.end();
  }
};
