/**
 * A run as the stream of what it tells.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type * as TE from "fp-ts/TaskEither.js";
import type { SyncError } from "../model/error.ts";
import type { SyncEvent } from "../model/report.ts";
import { type Chunks, failStream } from "../stream/chunks.ts";
import type { RunOptions } from "./run.ts";

// `deno doc --lint` takes the types of other packages for private ones (denoland/deno#27364), but not these.
/** @internal */
type TaskEither<E, A> = TE.TaskEither<E, A>;

/** The last item: what the run gave. */
export interface Ended<A> {
  /** Which item it is. */
  readonly _tag: "Ended";
  /** What the run gave. */
  readonly result: A;
}

/** The options by which a run tells, and can be stopped. */
export type Telling = Required<Pick<RunOptions, "onEvent" | "signal">>;

/**
 * What a run tells, in order; the last item is {@linkcode Ended}. The run begins when the stream is read and does not
 * wait for its reader. Who leaves the stream early stops the run, and goes on when it has ended. Fails as the run does.
 *
 * @example
 * ```ts
 * import { mirror, run, told } from "@dsync/dsync";
 * import { collect } from "@dsync/dsync/stages";
 * import { emptyState, memoryStore } from "@dsync/dsync/stores";
 *
 * const [left, right] = [memoryStore(emptyState()), memoryStore(emptyState())];
 * const events = await run(collect(told((options) => mirror(left, right, options))));
 * if (events.at(-1)?._tag !== "Ended") throw new Error("the report comes last");
 * ```
 */
export const told = <A>(
  sync: (options: Telling) => TaskEither<SyncError, A>,
): Chunks<SyncEvent | Ended<A>, SyncError> =>
  (async function* () {
    let events: SyncEvent[] = [];
    let wake = (): void => {};
    const stop = new AbortController();
    const running = sync({
      signal: stop.signal,
      onEvent: (event) => {
        events.push(event);
        wake();
      },
    })();
    let isOver = false;
    const over = running.finally(() => {
      isOver = true;
      wake();
    });
    try {
      while (!isOver || events.length > 0) {
        if (events.length === 0) {
          await new Promise<void>((go) => {
            wake = go;
            if (isOver) go();
          });
        }
        const chunk = events;
        events = [];
        if (chunk.length > 0) yield chunk;
      }
      const end = await over;
      if (E.isLeft(end)) return failStream(end.left);
      yield [{ _tag: "Ended" as const, result: end.right }];
    } finally {
      stop.abort();
      await over.catch(() => {});
    }
  })();
