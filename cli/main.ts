/**
 * The program `dsync`: argv → what is asked for → run → text and exit status.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { SyncError } from "../lib/model/error.ts";
import { makeOs } from "../lib/os/os.ts";
import denoJson from "../deno.json" with { type: "json" };
import { configured } from "./configuration.ts";
import { check, checkText } from "./check.ts";
import {
  type CheckCommand,
  type Command,
  type CommonOptions,
  parseCommandLine,
  type ServerCommand,
  type StatusCommand,
  type SyncCommand,
} from "./command_line.ts";
import { HELP } from "./help.ts";
import { comparisonLines, eventLine, failedLine, reportLine } from "../lib/codec/report_json.ts";
import type { SyncEvent } from "../lib/model/report.ts";
import { isEqual } from "../lib/run/compare.ts";
import type { RunOptions } from "../lib/run/run.ts";
import { stoppedError } from "../lib/run/supervised.ts";
import { paceOf } from "./pace.ts";
import { Progress } from "./progress.ts";
import { errorText, eventText, lastLine, reportText } from "./render.ts";
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

const runSync = async (command: SyncCommand): Promise<number> => {
  const one = command.settings.get("mail_location") ?? "";
  const two = command.destination.join(" ");
  const names = command.reverse ? { left: two, right: one } : { left: one, right: two };
  const { json, verbose, debug } = command;
  const { options, isStopped, end: unwatch } = watch(command, (event) => {
    if (json) console.log(JSON.stringify(eventLine(event)));
    if (event._tag === "Problem") return complainOf(event.error, debug);
    const text = verbose && !json ? eventText(event, names) : null;
    if (text !== null) console.log(text);
  });
  const end = await sync(makeOs(), command, options, complain);
  unwatch();
  if (E.isLeft(end)) {
    const exit = isStopped() ? EXIT.stopped : statusOfError(end.left);
    return failWith(end.left, command, exit);
  }
  const { report, state } = end.right;
  const exit = report.problems.length === 0 ? EXIT.inSync : EXIT.runAgain;
  if (json) console.log(JSON.stringify(reportLine(report, exit, state)));
  else {
    if (verbose) console.log(reportText(report, names));
    else if (Deno.stderr.isTerminal()) console.error(lastLine(report, names));
    if (state !== null) console.log(state);
  }
  return exit;
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

/** Runs the program and gives its exit status. */
export const main = async (args: readonly string[]): Promise<number> => {
  const parsed = parseCommandLine(args, Math.floor(Date.now() / 1000));
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
  const warn = (error: SyncError): void => complain(`${errorText(error)}; going on without it`);
  const settled = await configured<Exclude<Command, { readonly _tag: "Help" | "Version" }>>(
    command,
    warn,
  );
  if (E.isLeft(settled)) return failWith(settled.left, command, statusOfSettings(settled.left));
  switch (settled.right._tag) {
    case "Sync":
      return await runSync(settled.right);
    case "Server":
      return await runServer(settled.right);
    case "Status":
      return await runStatus(settled.right);
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
