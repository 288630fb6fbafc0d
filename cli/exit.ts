/**
 * What a command tells, and how it ends: output, errors on stderr, and the exit status.
 *
 * @module
 */
import { failedLine } from "../lib/codec/report_json.ts";
import type { SyncError } from "../lib/model/error.ts";
import type { CommonOptions } from "./command.ts";
import { reasonOf } from "./file_error.ts";
import { errorText } from "../lib/codec/error_text.ts";
import { visibleText } from "../lib/codec/visible_text.ts";

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

/** Tells a line on stderr: one, whatever the other end of a pipe has put into it. */
export const complain = (text: string): void => {
  try {
    console.error(`dsync: ${visibleText(text)}`);
  } catch (thrown) {
    // A full disk. There is nobody else to tell, and what is at work goes on.
    if (!(thrown instanceof Error)) throw thrown;
  }
};

let isOutputLost = false;

/**
 * Tells lines on stdout. Where that takes no more, this is told once, and the command goes on: what it does is not done
 * for its output.
 */
export const tell = (text: string): void => {
  if (isOutputLost) return;
  try {
    console.log(text);
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    isOutputLost = true;
    complain(`standard output: ${reasonOf(thrown)}; what is left of it is lost`);
  }
};

/** The exit status of a command that has come to `status`: not that all is well, where its output was lost. */
export const statusAtEnd = (status: number): number =>
  isOutputLost && status === EXIT.inSync ? EXIT.failed : status;

/** Tells an error; `debug`: what lies beneath it, too. */
export const complainOf = (error: SyncError, debug: boolean): void => {
  complain(errorText(error));
  if (debug && error.cause !== undefined) console.error(error.cause);
};

/** The exit status of a failure. What is behind a pipe may be there again the next time. */
export const statusOfError = ({ _tag, scope, where }: SyncError): number => {
  if (_tag === "Usage") return EXIT.usage;
  const isOfPipe = scope === "run" && where.path === undefined;
  return isOfPipe && (_tag === "Io" || _tag === "Damaged" || _tag === "Changed")
    ? EXIT.temporary
    : EXIT.failed;
};

/** The exit status where the configuration or its user is at fault. */
export const statusOfSettings = ({ _tag }: SyncError): number => {
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

/** Tells an error that ends the command; gives the exit status. */
export const failWith = (
  error: SyncError,
  { debug, json }: CommonOptions,
  exit: number,
): number => {
  if (json) tell(JSON.stringify(failedLine(error, exit)));
  complainOf(error, debug);
  return exit;
};
