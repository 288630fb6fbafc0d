/**
 * For tests: what a call failed with.
 *
 * @module
 */
import type { SyncError } from "../model/error.ts";
import { StreamFailure } from "../stream/chunks.ts";

/** The error that a call throws on purpose. A call that does not fail, or with a defect, fails the test. */
export const failureOf = (call: () => unknown): SyncError => {
  try {
    call();
  } catch (thrown) {
    if (thrown instanceof StreamFailure) return thrown.error as SyncError;
    throw thrown;
  }
  throw new Error("the call did not fail");
};

/** The same for a call that gives a promise. */
export const rejectionOf = async (call: () => Promise<unknown>): Promise<SyncError> => {
  try {
    await call();
  } catch (thrown) {
    if (thrown instanceof StreamFailure) return thrown.error as SyncError;
    throw thrown;
  }
  throw new Error("the call did not fail");
};

/** Tag, place and errno name of an error. */
export const summary = (error: SyncError): readonly [string, string | undefined, string | null] => [
  error._tag,
  error.where.path,
  (error.cause as { code?: string } | undefined)?.code ?? null,
];
