/**
 * The bridge to promises and exceptions, for those who do not use fp-ts: one for all that gives a `TaskEither`.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type * as TE from "fp-ts/TaskEither.js";
import { errorText } from "../codec/error_text.ts";
import type { SyncError } from "../model/error.ts";
import { StreamFailure } from "../stream/chunks.ts";

// `deno doc --lint` takes the types of other packages for private ones (denoland/deno#27364), but not these.
/** @internal */
type TaskEither<E, A> = TE.TaskEither<E, A>;

/** What {@linkcode run} throws: an `Error` whose text is for people, with the error as a value in it. */
export class SyncFailure extends StreamFailure<SyncError> {
  /** Wraps an error value. */
  constructor(error: SyncError) {
    super(error);
    this.name = "SyncFailure";
    this.message = errorText(error);
  }
}

/**
 * Runs a task: gives what it gives, or throws a {@linkcode SyncFailure}. Nothing that gives a `TaskEither` begins before
 * it is run.
 *
 * @example
 * ```ts
 * import { mirror, run } from "@dsync/dsync";
 * import { emptyState, memoryStore } from "@dsync/dsync/stores";
 *
 * const { report } = await run(mirror(memoryStore(emptyState()), memoryStore(emptyState())));
 * if (report.problems.length > 0) throw new Error("nothing to do is no problem");
 * ```
 */
export const run = async <A>(task: TaskEither<SyncError, A>): Promise<A> => {
  const end = await task();
  if (E.isLeft(end)) throw new SyncFailure(end.left);
  return end.right;
};

/**
 * The way back: work that is written with promises as a task, for where one is asked for, as by `Store.withMailbox`.
 * What {@linkcode run} or a stream threw becomes an error value again; anything else is thrown on.
 *
 * @example
 * ```ts
 * import { attempt, run } from "@dsync/dsync";
 *
 * const task = attempt(async () => await Promise.resolve(1));
 * if (await run(task) !== 1) throw new Error("there and back");
 * ```
 */
export const attempt = <A>(work: () => Promise<A>): TaskEither<SyncError, A> => async () => {
  try {
    return E.right(await work());
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    return E.left(thrown.error as SyncError);
  }
};
