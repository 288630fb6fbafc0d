/**
 * The program `dsync`: argv → what is asked for → run → exit status. Each command is loaded when it is asked for.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import denoJson from "../deno.json" with { type: "json" };
import type { SyncError } from "../lib/model/error.ts";
import type { Command, SyncCommand } from "./command.ts";
import { isLocation, parseCommandLine } from "./command_line.ts";
import { complain, EXIT, failWith, statusAtEnd, statusOfSettings, tell } from "./exit.ts";
import { HELP } from "./help.ts";
import { errorText } from "../lib/codec/error_text.ts";
import type { Ahead } from "./start_ahead.ts";

type Settled = Exclude<Command, { readonly _tag: "Help" | "Version" | "Apply" | "Log" }>;

/** What is done as soon as the configuration is read, while the command may still be loading. */
interface WhenSettled<C> {
  /** It says what to go by. */
  readonly onSettled?: (settled: C) => void;
  /** It is wrong; gives the exit status. */
  readonly onWrong?: (error: SyncError) => Promise<number>;
}

/** Loads what runs a command, gives it what the configuration says, and runs it. */
const runSettled = async <C extends Settled>(
  command: C,
  load: () => Promise<(settled: C) => Promise<number>>,
  { onSettled, onWrong }: WhenSettled<C> = {},
): Promise<number> => {
  const { settle } = await import("./settle.ts");
  // Both at once, but the process becomes another user, who need not be allowed to read the program, behind it.
  const loading = load();
  const settled = await settle(command, loading);
  if (E.isRight(settled)) onSettled?.(settled.right);
  const run = await loading;
  if (E.isRight(settled)) return await run(settled.right);
  return await onWrong?.(settled.left) ??
    failWith(settled.left, command, statusOfSettings(settled.left));
};

/** Runs a sync. The program at its other end is started before what uses it is loaded. */
const runSync = async (command: SyncCommand, args: readonly string[]): Promise<number> => {
  const starter = isLocation(command.destination) ? null : await import("./start_ahead.ts");
  let ahead: Ahead | null = null;
  const load = async (): Promise<(settled: SyncCommand) => Promise<number>> => {
    const { runSync } = await import("./run_sync.ts");
    return (settled) => runSync(settled, args, ahead);
  };
  const onSettled = (settled: SyncCommand): void => {
    ahead = starter?.startAhead(settled) ?? null;
  };
  return await runSettled(command, load, { onSettled });
};

/** Runs the program and gives its exit status. */
export const main = async (args: readonly string[]): Promise<number> =>
  statusAtEnd(await runCommand(args));

const runCommand = async (args: readonly string[]): Promise<number> => {
  const now = Math.floor(Date.now() / 1000);
  const parsed = parseCommandLine(args, now);
  if (E.isLeft(parsed)) {
    complain(`${errorText(parsed.left)} (dsync --help shows how)`);
    return EXIT.usage;
  }
  const command = parsed.right;
  if (command._tag === "Help") {
    tell(HELP.trimEnd());
    return EXIT.inSync;
  }
  if (command._tag === "Version") {
    tell(`dsync ${denoJson.version}`);
    return EXIT.inSync;
  }
  if (command._tag === "Log") return (await import("./run_log.ts")).runLog(command);
  // The plan has the settings that it was made with.
  if (command._tag === "Apply") return await (await import("./run_sync.ts")).runApply(command, now);
  switch (command._tag) {
    case "Sync":
      return await runSync(command, args);
    case "Server":
      return await runSettled(command, async () => (await import("./serve.ts")).runServer);
    case "Status":
      return await runSettled(command, async () => (await import("./status.ts")).runStatus);
    case "Bench":
      return await runSettled(command, async () => (await import("./bench.ts")).runBench);
    case "Doctor":
      return await runSettled(
        command,
        async () => (await import("./doctor.ts")).runDoctor,
        {
          onWrong: async (error) => (await import("./doctor.ts")).runDoctorOf(error, command.json),
        },
      );
    case "Restore":
      return await runSettled(command, async () => (await import("./restore.ts")).runRestore);
    case "Check":
      return await runSettled(command, async () => (await import("./check.ts")).runCheck);
  }
};
