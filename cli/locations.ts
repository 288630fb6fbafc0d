/**
 * Opening the stores that a command line names.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { homeDirectory } from "./home_path.ts";
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
  const home = homeDirectory();
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

/** A side that is open, and whether it is still to be made. */
export interface Side {
  readonly store: Store;
  readonly isNew: boolean;
}

/** Opens a side that may be made, and tells whether it is there. */
export const openOrMake = async (
  opening: Opening,
  text: string,
): Promise<Either<SyncError, Side>> => {
  const there = await openSide(opening, text, false);
  if (E.isRight(there)) return E.right({ store: there.right, isNew: false });
  if (there.left._tag !== "Missing") return there;
  const made = await openSide(opening, text, true);
  return E.isLeft(made) ? made : E.right({ store: made.right, isNew: true });
};

/** The error where neither side of a mirror is there. One of them was most likely mistyped, and nobody can tell which. */
export const noneThere = (one: string, two: string): SyncError =>
  syncError("Missing", "run", { path: one }, `it is not there, and neither is ${two}`);

/** The two sides of a mirror: one may be missing and is made, not both. */
export const openEither = async (
  opening: Opening,
  one: string,
  two: string,
): Promise<Either<SyncError, readonly [Store, Store]>> => {
  const left = await openOrMake(opening, one);
  if (E.isLeft(left)) return left;
  const right = await openOrMake(opening, two);
  if (E.isLeft(right)) return right;
  return left.right.isNew && right.right.isNew
    ? E.left(noneThere(one, two))
    : E.right([left.right.store, right.right.store]);
};

/** An error where two locations are one place, by whatever names; null: they are two, or cannot be told yet. */
export const samePlace = (os: Os, one: string, two: string): SyncError | null => {
  const home = homeDirectory();
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
