/**
 * The program `dsync`: argv → what is asked for → run → text and exit status.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { type SyncError, syncError } from "../lib/model/error.ts";
import { makeOs } from "../lib/os/os.ts";
import denoJson from "../deno.json" with { type: "json" };
import { configured } from "./configuration.ts";
import { check } from "./check.ts";
import type {
  ApplyCommand,
  CheckCommand,
  Command,
  CommonOptions,
  DoctorCommand,
  LogCommand,
  RestoreCommand,
  ServerCommand,
  StatusCommand,
  SyncCommand,
} from "./command.ts";
import { parseCommandLine } from "./command_line.ts";
import { doctor, doctorText } from "./doctor.ts";
import type { Complaint } from "./doctor/complaint.ts";
import { settingsComplaint } from "./doctor/settings.ts";
import { HELP } from "./help.ts";
import {
  comparisonLines,
  digestLine,
  eventLine,
  failedLine,
  reportLine,
  stepLine,
} from "../lib/codec/report_json.ts";
import type { PlanStep } from "../lib/model/plan.ts";
import type { Side, SyncEvent } from "../lib/model/report.ts";
import { Approval } from "../lib/run/approved.ts";
import { isEqual } from "../lib/run/compare.ts";
import type { RunOptions } from "../lib/run/run.ts";
import { stoppedError } from "../lib/run/supervised.ts";
import { Ledger, readLedger } from "./ledger_file.ts";
import { stateDirectory } from "./memory_file.ts";
import { paceOf } from "./pace.ts";
import type { Permission } from "./permission.ts";
import { readPlan, writePlan } from "./plan_file.ts";
import { Progress } from "./progress.ts";
import { decisionText, errorText, eventText, heldText, lastLine, reportText } from "./render.ts";
import { checkText, digestTexts } from "./render_check.ts";
import { planText, stepText } from "./render_plan.ts";
import { restore } from "./restore.ts";
import { serve } from "./serve.ts";
import { statusJson, statusOf, statusText } from "./status.ts";
import { sync } from "./sync.ts";

/** Exit status, as the manual of Dovecot's dsync has it; failures with sysexits' numbers where they fit. */
export const EXIT = {
  inSync: 0,
  failed: 1,
  runAgain: 2,
  usage: 64,
  noUser: 67,
  defect: 70,
  temporary: 75,
  noPermission: 77,
  configuration: 78,
  /** As the shell has it after Ctrl-C. */
  stopped: 130,
} as const;

const complain = (text: string): void => console.error(`dsync: ${text}`);

const complainOf = (error: SyncError, debug: boolean): void => {
  complain(errorText(error));
  if (debug && error.cause !== undefined) console.error(error.cause);
};

/** The exit status of a failure. What is behind a pipe may be there again the next time. */
const statusOfError = ({ _tag, scope, where }: SyncError): number => {
  if (_tag === "Usage") return EXIT.usage;
  const isOfPipe = scope === "run" && where.path === undefined;
  return isOfPipe && (_tag === "Io" || _tag === "Damaged" || _tag === "Changed")
    ? EXIT.temporary
    : EXIT.failed;
};

/** The exit status where the configuration or its user is at fault. */
const statusOfSettings = ({ _tag }: SyncError): number => {
  switch (_tag) {
    case "Missing":
      return EXIT.noUser;
    case "Denied":
      return EXIT.noPermission;
    case "Io":
      return EXIT.temporary;
    default:
      return EXIT.configuration;
  }
};

const failWith = (error: SyncError, { debug, json }: CommonOptions, exit: number): number => {
  if (json) console.log(JSON.stringify(failedLine(error, exit)));
  complainOf(error, debug);
  return exit;
};

/** A command with all settings that it goes by. */
const settle = <
  C extends Exclude<Command, { readonly _tag: "Help" | "Version" | "Apply" | "Log" }>,
>(
  command: C,
): Promise<E.Either<SyncError, C>> =>
  configured(command, (error) => complain(`${errorText(error)}; going on without it`));

/** How a run is watched and stopped. */
interface Watch {
  readonly options: RunOptions;
  readonly isStopped: () => boolean;
  /** Ends watching. */
  readonly end: () => void;
}

/** A run that is asked to stop and does not reach the end of a batch is left where it is: the next one mends that. */
const STOP_MS = 900;

/** Signals that ask to stop; a second one is not waited for. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const watch = (command: CommonOptions, tell: (event: SyncEvent) => void): Watch => {
  const stop = new AbortController();
  const progress = !command.json && !command.verbose && Deno.stderr.isTerminal()
    ? new Progress((text) => Deno.stderr.writeSync(new TextEncoder().encode(text)), Date.now)
    : null;
  const onSignal = (): void => {
    progress?.clear();
    if (stop.signal.aborted) Deno.exit(EXIT.stopped);
    stop.abort();
    complain("stopping");
    const timer = setTimeout(() => {
      complain(errorText(stoppedError()));
      Deno.exit(EXIT.stopped);
    }, STOP_MS);
    Deno.unrefTimer(timer);
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, onSignal);
  const { bytesPerSecond, operationsPerSecond } = command;
  const isLimited = bytesPerSecond !== null || operationsPerSecond !== null;
  const sleep = (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms));
  return {
    options: {
      signal: stop.signal,
      ...(isLimited ? { pace: paceOf(bytesPerSecond, operationsPerSecond, Date.now, sleep) } : {}),
      onEvent: (event) => {
        if (event._tag !== "Progress") progress?.clear();
        progress?.take(event);
        tell(event);
      },
    },
    isStopped: () => stop.signal.aborted,
    end: () => {
      progress?.clear();
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, onSignal);
    },
  };
};

/** The names of the two sides in texts: a backup with -R goes from the second to the first. */
const namesOf = (command: SyncCommand): Readonly<Record<Side, string>> => {
  const one = command.settings.get("mail_location") ?? "";
  const two = command.destination.join(" ");
  return command.reverse ? { left: two, right: one } : { left: one, right: two };
};

const runSync = async (command: SyncCommand, permission: Permission): Promise<number> => {
  const names = namesOf(command);
  const { json, verbose, debug } = command;
  const isDone = permission._tag !== "Nothing";
  const directory = isDone ? stateDirectory((name) => Deno.env.get(name)) : null;
  const ledger = directory === null ? null : new Ledger(directory, complain);
  const { options, isStopped, end: unwatch } = watch(command, (event) => {
    if (json && (isDone || event._tag === "Problem")) {
      console.log(JSON.stringify(eventLine(event)));
    }
    if (event._tag === "Problem") return complainOf(event.error, debug);
    if (event._tag === "Decided") ledger?.note(names, event.decision);
    if (event._tag === "MailboxDone") ledger?.flush();
    const text = verbose && !json && isDone ? eventText(event, names) : null;
    if (text !== null) console.log(text);
  });
  const end = await sync(makeOs(), command, options, permission, complain);
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
    for (const one of digests) console.log(JSON.stringify(digestLine(one)));
    console.log(JSON.stringify(reportLine(report, exit, state)));
  } else if (isDone) {
    if (verbose) console.log([...digestTexts(digests), reportText(report, names)].join("\n"));
    else if (Deno.stderr.isTerminal()) console.error(lastLine(report, names));
    if (state !== null) console.log(state);
  }
  return exit;
};

/** Tells the steps, each on a line. */
const tellSteps = (command: SyncCommand, steps: readonly PlanStep[]): void => {
  const names = namesOf(command);
  for (const step of steps) {
    console.log(command.json ? JSON.stringify(stepLine(step)) : stepText(step, names));
  }
};

/** `words`: the command line. */
const runDry = async (command: SyncCommand, words: readonly string[]): Promise<number> => {
  const steps: PlanStep[] = [];
  let [left, right] = ["", ""];
  const exit = await runSync(command, {
    _tag: "Nothing",
    note: (step) => steps.push(step),
    onSides: (...both) => [left, right] = both,
  });
  if (exit !== EXIT.inSync && exit !== EXIT.runAgain) return exit;
  tellSteps(command, steps);
  if (!command.json) console.log(planText(steps));
  if (command.planFile === null) return exit;
  const end = writePlan(command.planFile, { command: words, left, right, steps });
  return E.isLeft(end) ? failWith(end.left, command, EXIT.failed) : exit;
};

const runApply = async (apply: ApplyCommand, now: number): Promise<number> => {
  const plan = readPlan(apply.file);
  if (E.isLeft(plan)) return failWith(plan.left, apply, EXIT.failed);
  const { command: words, left, right, steps } = plan.right;
  const parsed = parseCommandLine(words, now);
  if (E.isLeft(parsed) || parsed.right._tag !== "Sync") {
    const error = syncError("Damaged", "run", { path: apply.file }, "it is a plan of no sync");
    return failWith(error, apply, EXIT.failed);
  }
  const { verbose, debug, json } = apply;
  const settled = await settle({ ...parsed.right, verbose, debug, json, dryRun: false });
  if (E.isLeft(settled)) return failWith(settled.left, apply, statusOfSettings(settled.left));
  const approval = new Approval(steps);
  const exit = await runSync(settled.right, { _tag: "Approved", approval, left, right });
  const notDone = approval.left();
  if (notDone.length > 0 && (exit === EXIT.inSync || exit === EXIT.runAgain)) {
    complain(`${notDone.length} of ${steps.length} steps were not done:`);
    tellSteps(settled.right, notDone);
  }
  return exit;
};

const runLog = ({ mailbox, since, json }: LogCommand): number => {
  const directory = stateDirectory((name) => Deno.env.get(name));
  const entries = directory === null ? [] : readLedger(directory);
  const from = since === null ? "" : new Date(1000 * since).toISOString();
  for (const entry of entries) {
    if (entry.at < from || (mailbox !== null && entry.mailbox !== mailbox)) continue;
    console.log(json ? JSON.stringify(entry) : `${entry.at} ${decisionText(entry, entry)}`);
  }
  return EXIT.inSync;
};

const runRestore = async (command: RestoreCommand): Promise<number> => {
  const { json, debug, dryRun } = command;
  const end = await restore(makeOs(), command, (held) => {
    if (json) console.log(JSON.stringify(held));
    else if (dryRun || command.verbose) console.log(heldText(held));
  });
  if (E.isLeft(end)) return failWith(end.left, command, statusOfError(end.left));
  const { mails, problems } = end.right;
  for (const problem of problems) complainOf(problem, debug);
  const counted = mails === 1 ? "1 mail" : `${mails} mails`;
  if (!json) console.log(`${counted} ${dryRun ? "held" : "put back"}`);
  return problems.length === 0 ? EXIT.inSync : EXIT.runAgain;
};

const runServer = async (command: ServerCommand): Promise<number> => {
  const end = await serve(makeOs(), command, (problem) => complainOf(problem, command.debug));
  return E.isLeft(end) ? failWith(end.left, command, statusOfError(end.left)) : EXIT.inSync;
};

const runStatus = async (command: StatusCommand): Promise<number> => {
  const status = await statusOf(makeOs(), command);
  if (E.isLeft(status)) return failWith(status.left, command, statusOfError(status.left));
  console.log(command.json ? statusJson(status.right) : statusText(status.right));
  for (const problem of status.right.problems) complainOf(problem, command.debug);
  return status.right.problems.length === 0 ? EXIT.inSync : EXIT.runAgain;
};

const runCheck = async (command: CheckCommand): Promise<number> => {
  const end = await check(makeOs(), command, complain);
  if (E.isLeft(end)) return failWith(end.left, command, statusOfError(end.left));
  const exit = isEqual(end.right) ? EXIT.inSync : EXIT.runAgain;
  if (!command.json) console.log(checkText(end.right));
  else for (const line of comparisonLines(end.right, exit)) console.log(JSON.stringify(line));
  return exit;
};

const tellComplaints = (complaints: readonly Complaint[], json: boolean): number => {
  if (!json) console.log(doctorText(complaints));
  else for (const one of complaints) console.log(JSON.stringify(one));
  return complaints.length === 0 ? EXIT.inSync : EXIT.runAgain;
};

const runDoctor = async (command: DoctorCommand): Promise<number> =>
  tellComplaints(await doctor(makeOs(), command), command.json);

/** Runs the program and gives its exit status. */
export const main = async (args: readonly string[]): Promise<number> => {
  const now = Math.floor(Date.now() / 1000);
  const parsed = parseCommandLine(args, now);
  if (E.isLeft(parsed)) {
    complain(`${errorText(parsed.left)} (dsync --help shows how)`);
    return EXIT.usage;
  }
  const command = parsed.right;
  if (command._tag === "Help") {
    console.log(HELP.trimEnd());
    return EXIT.inSync;
  }
  if (command._tag === "Version") {
    console.log(`dsync ${denoJson.version}`);
    return EXIT.inSync;
  }
  if (command._tag === "Log") return runLog(command);
  // The plan has the settings that it was made with.
  if (command._tag === "Apply") return await runApply(command, now);
  const settled = await settle(command);
  if (E.isLeft(settled)) {
    return command._tag === "Doctor"
      ? tellComplaints([settingsComplaint(settled.left)], command.json)
      : failWith(settled.left, command, statusOfSettings(settled.left));
  }
  switch (settled.right._tag) {
    case "Sync":
      return settled.right.dryRun
        ? await runDry(settled.right, args)
        : await runSync(settled.right, { _tag: "All" });
    case "Server":
      return await runServer(settled.right);
    case "Status":
      return await runStatus(settled.right);
    case "Doctor":
      return await runDoctor(settled.right);
    case "Restore":
      return await runRestore(settled.right);
    case "Check":
      return await runCheck(settled.right);
  }
};

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (defect) {
    complain("a defect of dsync itself; nothing more is done, please report it");
    console.error(defect);
    Deno.exitCode = EXIT.defect;
  }
}
