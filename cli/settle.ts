/**
 * A command and what the configuration says to it.
 *
 * @module
 */
import type * as E from "fp-ts/Either.js";
import type { SyncError } from "../lib/model/error.ts";
import type { Command } from "./command.ts";
import { configured } from "./configuration.ts";
import { complain } from "./exit.ts";
import { errorText } from "../lib/codec/error_text.ts";

/** A command with all settings that it goes by. `loading`: what has to be loaded before the process becomes another user. */
export const settle = async <
  C extends Exclude<Command, { readonly _tag: "Help" | "Version" | "Apply" | "Log" }>,
>(
  command: C,
  loading: Promise<unknown> = Promise.resolve(),
): Promise<E.Either<SyncError, C>> => {
  // Whoever becomes another user may not be allowed to read the program any more.
  const all = command.user === null
    ? loading
    : Promise.all([loading, import("./sync_with_peer.ts"), import("./hold_directory.ts")]);
  const warn = (error: SyncError): void => complain(`${errorText(error)}; going on without it`);
  return await configured(command, warn, all);
};
