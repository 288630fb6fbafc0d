/**
 * The attributes of a mailbox on two sides: gathered, merged or copied, and set.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { AttributeValue, MailboxAttribute } from "../model/attribute.ts";
import { type SyncError, withPlace } from "../model/error.ts";
import type { Mailbox } from "../port/store.ts";
import { collect } from "../stream/chunks.ts";
import { attributesToCopy, attributesToTake } from "../sync/merge_attributes.ts";

/** What was done to the attributes of one side. */
export interface AttributesDone {
  /** How many were set or taken away. */
  readonly count: number;
  /** Why they could not be; they are nothing to fail a mailbox for. */
  readonly problem: SyncError | null;
}

const NONE: AttributesDone = { count: 0, problem: null };

/** The attributes of a mailbox; null where its store keeps none. */
export const listAttributes = async (
  mailbox: Mailbox,
): Promise<Either<SyncError, readonly MailboxAttribute[] | null>> =>
  mailbox.attributes === undefined ? E.right(null) : await collect(mailbox.attributes.list())();

/** Sets attributes, and tells what came of it. */
export const setAttributes = async (
  mailbox: Mailbox,
  changes: readonly AttributeValue[],
): Promise<AttributesDone> => {
  if (changes.length === 0 || mailbox.attributes === undefined) return NONE;
  const end = await mailbox.attributes.set(changes)();
  return E.isLeft(end)
    ? { count: 0, problem: withPlace(end.left, { mailbox: mailbox.name }) }
    : { count: changes.length, problem: null };
};

/** The attributes of two mailboxes. */
export type BothAttributes = readonly [readonly MailboxAttribute[], readonly MailboxAttribute[]];

/** The attributes of both; null where one of the stores keeps none. */
export const listBoth = async (
  left: Mailbox,
  right: Mailbox,
): Promise<Either<SyncError, BothAttributes | null>> => {
  const ours = await listAttributes(left);
  if (E.isLeft(ours)) return E.left(withPlace(ours.left, { mailbox: left.name }));
  const theirs = await listAttributes(right);
  if (E.isLeft(theirs)) return E.left(withPlace(theirs.left, { mailbox: right.name }));
  return E.right(
    ours.right === null || theirs.right === null ? null : [ours.right, theirs.right],
  );
};

/** Merges the attributes of a mailbox; `oneWay`: the left side is left as it is. */
export const mergeAttributes = async (
  left: Mailbox,
  right: Mailbox,
  oneWay: boolean,
): Promise<readonly [AttributesDone, AttributesDone]> => {
  const found = await listBoth(left, right);
  if (E.isLeft(found)) return [{ count: 0, problem: found.left }, NONE];
  if (found.right === null) return [NONE, NONE];
  const [ours, theirs] = found.right;
  return [
    oneWay ? NONE : await setAttributes(left, attributesToTake(ours, theirs)),
    await setAttributes(right, attributesToTake(theirs, ours)),
  ];
};

/** Gives the destination the attributes that the source has, and no others. */
export const copyAttributes = async (
  source: Mailbox,
  destination: Mailbox,
): Promise<AttributesDone> => {
  const found = await listBoth(destination, source);
  if (E.isLeft(found)) return { count: 0, problem: found.left };
  if (found.right === null) return NONE;
  const [own, wanted] = found.right;
  return await setAttributes(destination, attributesToCopy(own, wanted));
};
