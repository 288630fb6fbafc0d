/**
 * A value as one line of JSON, by its codec: how streams are recorded and read back.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type * as ET from "fp-ts/Either.js";
import type * as t from "io-ts";
import { type SyncError, syncError } from "../model/error.ts";

// `deno doc --lint` takes the types of other packages for private ones (denoland/deno#27364), but not these.
/** @internal */
type Type<A> = t.Type<A, unknown>;
/** @internal */
type Either<L, A> = ET.Either<L, A>;

/** Makes a line of a value, without a newline. */
export const formatLine = <A>(type: Type<A>): (value: A) => string => (value) =>
  JSON.stringify(type.encode(value));

/**
 * Reads a value from a line. `Damaged`: it is no JSON, or not of this kind.
 *
 * @example
 * ```ts
 * import { formatLine, MAIL_RECORD, parseLine } from "@dsync/dsync/model";
 * import { run } from "@dsync/dsync";
 * import { collect, compose, fromArray, map, mapEither } from "@dsync/dsync/stages";
 *
 * const line = '{"uid":1,"guid":"a","flags":8,"keywords":[],"modSeq":"3"}';
 * const through = compose(mapEither(parseLine(MAIL_RECORD)), map(formatLine(MAIL_RECORD)));
 * const lines = await run(collect(through(fromArray([line]))));
 * if (lines[0] !== line) throw new Error("what was recorded is read back");
 * ```
 */
export const parseLine = <A>(
  type: Type<A>,
): (line: string) => Either<SyncError, A> =>
(line) => {
  const damaged = (what: string): SyncError => syncError("Damaged", "run", {}, what);
  const json = E.tryCatch((): unknown => JSON.parse(line), () => damaged("a line that is no JSON"));
  return E.isLeft(json)
    ? json
    : E.mapLeft(() => damaged(`a line that is no ${type.name}`))(type.decode(json.right));
};
