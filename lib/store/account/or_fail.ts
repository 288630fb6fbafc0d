/**
 * From values to throwing, as adapters do it inside.
 *
 * @module
 */
import type { Either } from "fp-ts/Either.js";
import { type Place, type SyncError, withPlace } from "../../model/error.ts";
import { StreamFailure } from "../../stream/chunks.ts";

/** The Right; a Left is thrown as a `StreamFailure`, its place filled in with `where`. */
export const orFail = <A>(either: Either<SyncError, A>, where: Place = {}): A => {
  if (either._tag === "Right") return either.right;
  throw new StreamFailure<SyncError>(withPlace(either.left, where));
};

/** The error that was thrown on purpose; a defect is thrown on. */
export const thrownError = (thrown: unknown): SyncError => {
  if (thrown instanceof StreamFailure) return thrown.error as SyncError;
  throw thrown;
};

/** The name of the number that a system call failed with ("EEXIST"); null for an error that no call gave. */
export const errnoOf = ({ cause }: SyncError): string | null =>
  (cause as { readonly code?: string } | undefined)?.code ?? null;

/** What `use` gives, or `otherwise` of the error it throws on purpose. */
export const attempt = <A, B>(use: () => A, otherwise: (error: SyncError) => B): A | B => {
  try {
    return use();
  } catch (thrown) {
    return otherwise(thrownError(thrown));
  }
};
