/**
 * How a run is watched and stopped: progress, signals, and its rate.
 *
 * @module
 */
import type { SyncEvent } from "../lib/model/report.ts";
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

/** Signals that ask to stop; a second one is not waited for. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Watches a run; `tell` is given each event. */
export const watch = (command: CommonOptions, tell: (event: SyncEvent) => void): Watch => {
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
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, onSignal);
    },
  };
};
