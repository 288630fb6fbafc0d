/**
 * How a run is watched and stopped: progress, signals, and its rate.
 *
 * @module
 */
import type { SyncEvent } from "../lib/model/report.ts";
import { onStop } from "../lib/os/signals.ts";
import type { RunOptions } from "../lib/run/run.ts";
import { stoppedError } from "../lib/run/supervised.ts";
import type { CommonOptions } from "./command.ts";
import { complain, EXIT } from "./exit.ts";
import { paceOf } from "./pace.ts";
import { Progress } from "./progress.ts";
import { errorText } from "../lib/codec/error_text.ts";

/** How a run is watched and stopped. */
export interface Watch {
  readonly options: RunOptions;
  readonly isStopped: () => boolean;
  /** Ends watching. */
  readonly end: () => void;
}

/** A run that is asked to stop and does not reach the end of a batch is left where it is: the next one mends that. */
const STOP_MS = 900;

/** Watches a run; `tell` is given each event. */
export const watch = (command: CommonOptions, tell: (event: SyncEvent) => void): Watch => {
  const stop = new AbortController();
  const progress = !command.json && !command.verbose && Deno.stderr.isTerminal()
    ? new Progress((text) => Deno.stderr.writeSync(new TextEncoder().encode(text)), Date.now)
    : null;
  const unlisten = onStop(() => {
    progress?.clear();
    // A second signal is not waited for.
    if (stop.signal.aborted) Deno.exit(EXIT.stopped);
    stop.abort();
    complain("stopping");
    const timer = setTimeout(() => {
      complain(errorText(stoppedError()));
      Deno.exit(EXIT.stopped);
    }, STOP_MS);
    Deno.unrefTimer(timer);
  });
  const { bytesPerSecond, operationsPerSecond } = command;
  const isLimited = bytesPerSecond !== null || operationsPerSecond !== null;
  const clock = {
    now: Date.now,
    sleep: (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms)),
  };
  return {
    options: {
      signal: stop.signal,
      ...(isLimited ? { pace: paceOf(bytesPerSecond, operationsPerSecond, clock) } : {}),
      onEvent: (event) => {
        if (event._tag !== "Progress") progress?.clear();
        progress?.take(event);
        tell(event);
      },
    },
    isStopped: () => stop.signal.aborted,
    end: () => {
      progress?.clear();
      unlisten();
    },
  };
};
