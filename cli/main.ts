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
import { HELP, parseCommandLine, type ServerCommand, type SyncCommand } from "./command_line.ts";
import { errorText, eventText, reportText } from "./render.ts";
import { serve } from "./serve.ts";
import { sync } from "./sync.ts";

/** Exit status, as the manual of Dovecot's dsync has it; failures with sysexits' numbers where they fit. */
export const EXIT = {
  inSync: 0,
  failed: 1,
  runAgain: 2,
  usage: 64,
  defect: 70,
  temporary: 75,
} as const;

const complain = (text: string): void => console.error(`dsync: ${text}`);

const complainOf = (error: SyncError, debug: boolean): void => {
  complain(errorText(error));
  if (debug && error.cause !== undefined) console.error(error.cause);
};

/** The exit status of a failure. What is behind a pipe may be there again the next time. */
const statusOf = ({ _tag, scope, where }: SyncError): number => {
  if (_tag === "Usage") return EXIT.usage;
  const isOfPipe = scope === "run" && where.path === undefined;
  return isOfPipe && (_tag === "Io" || _tag === "Damaged" || _tag === "Changed")
    ? EXIT.temporary
    : EXIT.failed;
};

const failWith = (error: SyncError, debug: boolean): number => {
  complainOf(error, debug);
  return statusOf(error);
};

const runSync = async (command: SyncCommand): Promise<number> => {
  const one = command.settings.get("mail_location") ?? "";
  const two = command.destination.join(" ");
  const names = command.reverse ? { left: two, right: one } : { left: one, right: two };
  const end = await sync(makeOs(), command, {
    onEvent: (event) => {
      if (event._tag === "Problem") return complainOf(event.error, command.debug);
      const text = command.verbose ? eventText(event, names) : null;
      if (text !== null) console.log(text);
    },
  }, complain);
  if (E.isLeft(end)) return failWith(end.left, command.debug);
  const { report, state } = end.right;
  if (command.verbose) console.log(reportText(report, names));
  if (state !== null) console.log(state);
  return report.problems.length === 0 ? EXIT.inSync : EXIT.runAgain;
};

const runServer = async (command: ServerCommand): Promise<number> => {
  const end = await serve(makeOs(), command, (problem) => complainOf(problem, command.debug));
  return E.isLeft(end) ? failWith(end.left, command.debug) : EXIT.inSync;
};

/** Runs the program and gives its exit status. */
export const main = async (args: readonly string[]): Promise<number> => {
  const parsed = parseCommandLine(args, Math.floor(Date.now() / 1000));
  if (E.isLeft(parsed)) {
    complain(`${errorText(parsed.left)} (dsync --help shows how)`);
    return EXIT.usage;
  }
  const command = parsed.right;
  switch (command._tag) {
    case "Help":
      console.log(HELP.trimEnd());
      return EXIT.inSync;
    case "Version":
      console.log(`dsync ${denoJson.version}`);
      return EXIT.inSync;
    case "Sync":
    case "Server": {
      const warn = (error: SyncError): void => complain(`${errorText(error)}; going on without it`);
      const settled = await configured(command, warn);
      if (E.isLeft(settled)) return failWith(settled.left, command.debug);
      return command._tag === "Sync"
        ? await runSync(settled.right as SyncCommand)
        : await runServer(settled.right as ServerCommand);
    }
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
