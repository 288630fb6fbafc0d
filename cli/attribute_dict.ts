/**
 * The setting mail_attribute_dict: where mailbox attributes are.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { type SyncError, syncError } from "../lib/model/error.ts";

/** The path in `file:PATH[:lock=...]`; null where the setting is not there or empty. `home` stands for ~ and %h. */
export const attributeDict = (
  settings: ReadonlyMap<string, string>,
  home: string,
): Either<SyncError, string | null> => {
  const value = settings.get("mail_attribute_dict") ?? "";
  if (value === "") return E.right(null);
  const [, path] = /^file:([^:]+)(:lock=(fcntl|flock))?$/.exec(value) ?? [];
  if (path === undefined) {
    const what = `mail_attribute_dict=${value}: only file:PATH is known`;
    return E.left(syncError("Unsupported", "run", {}, what));
  }
  return E.right(path.replace(/^(~(?=\/)|%h|%\{home\})/, home));
};
