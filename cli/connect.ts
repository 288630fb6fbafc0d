/**
 * How a command reaches the other end of a pipe, and keeps what is said.
 *
 * @module
 */
import { programs } from "../lib/os/pipes.ts";
import { loggedPipe } from "../lib/peer/raw_log.ts";
import type { Reach } from "../lib/peer/reach.ts";
import type { Pipe } from "../lib/port/pipe.ts";
import { failStream } from "../lib/stream/chunks.ts";
import { errorText } from "../lib/codec/error_text.ts";
import type { CommonOptions } from "./command.ts";
import { fileError } from "./file_error.ts";
import { homePath } from "./home_path.ts";

/** How a command reaches a program; what it writes to its standard error is told with its name in front. */
export const reachOf = (
  { timeoutMs, rawLog }: Pick<CommonOptions, "timeoutMs" | "rawLog">,
  destination: Reach["destination"],
  say: (line: string) => void,
): Reach => {
  const start = programs(timeoutMs);
  return {
    destination,
    start: (argv, onLine) => {
      // Before anything is started that would have to be ended again.
      const logged = withRawLog(rawLog, say);
      const started = start(argv, onLine);
      return { ...started, pipe: logged(started.pipe) };
    },
    onLine: (line) => say(`${destination.name}: ${line}`),
  };
};

/**
 * What has all that passes a pipe go to the file at `path`, too, where one is named. Where that takes no more, this is
 * told, and the run goes on: the log is not what it is for. Fails with a stream failure where the file cannot be opened.
 */
export const withRawLog = (
  path: string | null,
  say: (line: string) => void,
): (pipe: Pipe) => Pipe => {
  if (path === null) return (pipe) => pipe;
  let file: Deno.FsFile | null = openLog(homePath(path));
  const write = (bytes: Uint8Array): void => {
    try {
      for (let at = 0; file !== null && at < bytes.length;) {
        at += file.writeSync(bytes.subarray(at));
      }
    } catch (cause) {
      file = null;
      say(errorText(fileError(path, "the log of what is said ends here", cause)));
    }
  };
  return (pipe) => loggedPipe(pipe, write, Date.now);
};

const openLog = (path: string): Deno.FsFile => {
  try {
    return Deno.openSync(path, { create: true, append: true, mode: 0o600 });
  } catch (cause) {
    return failStream(fileError(path, "the log of what is said cannot be opened", cause));
  }
};
