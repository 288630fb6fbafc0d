/**
 * How a command reaches the other end of a pipe, and keeps what is said.
 *
 * @module
 */
import { programs } from "../lib/os/pipes.ts";
import { loggedPipe } from "../lib/peer/raw_log.ts";
import type { Reach } from "../lib/peer/reach.ts";
import type { Pipe } from "../lib/port/pipe.ts";
import type { CommonOptions } from "./command.ts";

/** How a command reaches a program; what it writes to its standard error is told with its name in front. */
export const reachOf = (
  { timeoutMs, rawLog }: Pick<CommonOptions, "timeoutMs" | "rawLog">,
  destination: Reach["destination"],
  say: (line: string) => void,
): Reach => ({
  destination,
  start: programs(timeoutMs),
  onLine: (line) => say(`${destination.name}: ${line}`),
  through: (pipe) => withRawLog(pipe, rawLog),
});

/** A pipe of which all that passes goes to a file, where one is named. */
export const withRawLog = (pipe: Pipe, path: string | null): Pipe => {
  if (path === null) return pipe;
  const file = Deno.openSync(path, { create: true, append: true, mode: 0o600 });
  return loggedPipe(pipe, (bytes) => {
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  }, Date.now);
};
