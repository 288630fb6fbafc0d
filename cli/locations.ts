/**
 * Opening the stores that a command line names.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { parseSize } from "./option_values.ts";
import { attributeDict } from "./attribute_dict.ts";
import { parseLocation } from "../lib/codec/location.ts";
import { type SyncError, syncError } from "../lib/model/error.ts";
import { openLocation } from "../lib/open/open_location.ts";
import { StreamFailure } from "../lib/stream/chunks.ts";
import type { Os } from "../lib/port/os.ts";
import type { GivenIdentities } from "../lib/port/given_identities.ts";
import type { Store } from "../lib/port/store.ts";

/** What stores are opened with. */
export interface Opening {
  /** Where they are. */
  readonly os: Os;
  /** The settings of -o; both sides are opened with the same, as doveadm does it. */
  readonly settings: ReadonlyMap<string, string>;
  /** Which identities the mailboxes of a location get that have none; absent: new ones. */
  readonly identitiesAt?: (location: string) => GivenIdentities | undefined;
}

/** Opens the store of `text`; where it is not there and may be made, gives one that is made at the first write. */
export const openSide = async (
  { os, settings, identitiesAt }: Opening,
  text: string,
  create: boolean,
): Promise<Either<SyncError, Store>> => {
  const home = Deno.env.get("HOME") ?? null;
  const location = parseLocation(text, home);
  if (E.isLeft(location)) return location;
  const attributes = attributeDict(settings, home ?? "/");
  if (E.isLeft(attributes)) return attributes;
  const size = settings.get("mdbox_rotate_size") ?? "";
  const altChar = settings.get("dsync_alt_char") ?? "";
  const rotateSize = size === "" ? null : parseSize(size.replaceAll(" ", ""));
  if (size !== "" && rotateSize === null) {
    return E.left(syncError("Usage", "run", {}, `mdbox_rotate_size=${size}: no size above 0`));
  }
  const identities = identitiesAt?.(text);
  return await openLocation(os, location.right, {
    create,
    ...(identities === undefined ? {} : { identities }),
    ...(attributes.right === null ? {} : { attributes: attributes.right }),
    ...(rotateSize === null ? {} : { rotateSize }),
    ...(altChar === "" ? {} : { altChar }),
  })();
};

/** The two sides of a mirror: one may be missing and is made, not both. */
export const openEither = async (
  opening: Opening,
  one: string,
  two: string,
): Promise<Either<SyncError, readonly [Store, Store]>> => {
  const left = await openSide(opening, one, false);
  if (E.isLeft(left) && left.left._tag !== "Missing") return left;
  const right = await openSide(opening, two, E.isRight(left));
  if (E.isLeft(right)) return right;
  if (E.isRight(left)) return E.right([left.right, right.right]);
  const made = await openSide(opening, one, true);
  return E.isLeft(made) ? made : E.right([made.right, right.right]);
};

/** An error where two locations are one place, by whatever names; null: they are two, or cannot be told yet. */
export const samePlace = (os: Os, one: string, two: string): SyncError | null => {
  const home = Deno.env.get("HOME") ?? "/";
  const ids = [one, two].map((text) => {
    const location = parseLocation(text, home);
    if (E.isLeft(location)) return null;
    try {
      const info = os.files.stat(location.right.root);
      return info === null ? location.right.root : `${info.dev}:${info.ino}`;
    } catch (thrown) {
      if (!(thrown instanceof StreamFailure)) throw thrown;
      // What cannot be looked at is told by whoever opens it.
      return null;
    }
  });
  return ids[0] === null || ids[0] !== ids[1]
    ? null
    : syncError("Usage", "run", { path: two }, "both sides are the same mail");
};

/** The first side, as the settings name it. */
export const firstLocation = (
  settings: ReadonlyMap<string, string>,
): Either<SyncError, string> => {
  const location = settings.get("mail_location");
  return location === undefined || location === ""
    ? E.left(
      syncError(
        "Usage",
        "run",
        {},
        "no first side: neither -o mail_location=maildir:PATH or mdbox:PATH nor the configuration names it",
      ),
    )
    : E.right(location);
};
