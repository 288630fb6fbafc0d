/**
 * From a location to the store that lives there.
 *
 * @module
 */
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { Location } from "../codec/location.ts";
import type { SyncError } from "../model/error.ts";
import type { Os } from "../port/os.ts";
import type { Store } from "../port/store.ts";
import type { GivenIdentities } from "../port/given_identities.ts";
import { openMaildir } from "../store/maildir/maildir_store.ts";
import { openMdbox } from "../store/mdbox/mdbox_store.ts";

/** The fields that have a value: the stores take an absent option where a location has null. */
export const given = <A extends Readonly<Record<string, unknown>>>(
  fields: A,
): { readonly [K in keyof A]?: NonNullable<A[K]> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as {
    readonly [K in keyof A]?: NonNullable<A[K]>;
  };

/** How a store is opened. */
export interface OpenOptions {
  /** Whether one that is not there is made, at the first write. */
  readonly create: boolean;
  /** The file of mail_attribute_dict; without it no attributes of mailboxes are kept. */
  readonly attributes?: string;
  /** What stands in for a character that a mailbox name cannot have (dsync_alt_char); "_" where it is absent. */
  readonly altChar?: string;
  /** mdbox_rotate_size, bytes. */
  readonly rotateSize?: number;
  /** Which identities mailboxes get that have none; absent: new ones. */
  readonly identities?: GivenIdentities;
}

/**
 * Opens the store at a location. Where nothing is there, `create` decides: true gives a store that is made at the first
 * write, false fails with `Missing`. A path that holds something else fails either way and is left as it is.
 */
export const openLocation = (
  os: Os,
  location: Location,
  options: OpenOptions,
): TaskEither<SyncError, Store> => {
  const { rotateSize, ...both } = options;
  if (location.format === "maildir") {
    const { format: _, root, layout, utf8, ...elsewhere } = location;
    return openMaildir(os, { root, layout, utf8, ...given(elsewhere), ...both });
  }
  const { format: _, root, utf8, ...elsewhere } = location;
  const size = rotateSize === undefined ? {} : { rotateSize };
  return openMdbox(os, { root, utf8, ...given(elsewhere), ...size, ...both });
};
