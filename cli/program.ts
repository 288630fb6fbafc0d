/**
 * The program `dsync`: argv → what is asked for → run → exit status. Each command is loaded when it is asked for.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import denoJson from "../deno.json" with { type: "json" };
import { parseCommandLine } from "./command_line.ts";
import { complain, EXIT, failWith, statusOfSettings } from "./exit.ts";
import { HELP } from "./help.ts";
import { errorText } from "./render.ts";

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
  if (command._tag === "Log") return (await import("./run_log.ts")).runLog(command);
  // The plan has the settings that it was made with.
  if (command._tag === "Apply") return await (await import("./run_sync.ts")).runApply(command, now);
  const { settle } = await import("./settle.ts");
  const settled = await settle(command);
  if (E.isLeft(settled)) {
    return command._tag === "Doctor"
      ? (await import("./doctor.ts")).runDoctorOf(settled.left, command.json)
      : failWith(settled.left, command, statusOfSettings(settled.left));
  }
  const { right } = settled;
  switch (right._tag) {
    case "Sync":
      return await (await import("./run_sync.ts")).runSync(right, args);
    case "Server":
      return await (await import("./serve.ts")).runServer(right);
    case "Status":
      return await (await import("./status.ts")).runStatus(right);
    case "Bench":
      return await (await import("./bench.ts")).runBench(right);
    case "Doctor":
      return await (await import("./doctor.ts")).runDoctor(right);
    case "Restore":
      return await (await import("./restore.ts")).runRestore(right);
    case "Check":
      return await (await import("./check.ts")).runCheck(right);
  }
};
