/**
 * What one end has to do so that both have the same attributes of a mailbox.
 *
 * @module
 */
import { bytesOfText } from "../codec/byte_text.ts";
import { attributeId, type AttributeValue, type MailboxAttribute } from "../model/attribute.ts";
import { type ModSeq, modSeq } from "../model/ids.ts";

/** No state that both ends have in common. */
const NO_COMMON: ModSeq = modSeq(0n);

const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
};

/** By bytes; a value is more than none. */
const compareValues = (a: string | null, b: string | null): number =>
  a === null || b === null
    ? Number(a !== null) - Number(b !== null)
    : compareBytes(bytesOfText(a), bytesOfText(b));

/** Whether `there` is the one that stays. */
const wins = (there: MailboxAttribute, here: MailboxAttribute, common: ModSeq): boolean => {
  const [isNews, isOurNews] = [there.modSeq > common, here.modSeq > common];
  if (common > 0n && isNews !== isOurNews) return isNews;
  if (there.changedAt !== here.changedAt) return there.changedAt > here.changedAt;
  if (there.modSeq !== here.modSeq) return there.modSeq > here.modSeq;
  return compareValues(there.value, here.value) > 0;
};

/**
 * What the end that has `here` takes over from the one that has `there`: what it does not know; and of what both know
 * the later change, by `common` (the MODSEQ up to which both know each other's changes; 0: nothing is known), by time, by
 * MODSEQ, at last the larger value. Swapped, it gives what the other end takes over, and then both have the same.
 * Source: Dovecot 2.3 dsync-mailbox-import.c, dsync_mailbox_import_attribute_real().
 */
export const attributesToTake = (
  here: readonly MailboxAttribute[],
  there: readonly MailboxAttribute[],
  common: ModSeq = NO_COMMON,
): readonly AttributeValue[] => {
  const own = new Map(here.map((one) => [attributeId(one), one]));
  return there.flatMap((theirs): readonly AttributeValue[] => {
    const ours = own.get(attributeId(theirs));
    if ((ours?.value ?? null) === theirs.value) return [];
    if (ours !== undefined && !wins(theirs, ours, common)) return [];
    const { scope, key, value } = theirs;
    return [{ scope, key, value }];
  });
};

/** What has to change `here` so that it has what is `there`, and nothing else. */
export const attributesToCopy = (
  here: readonly MailboxAttribute[],
  there: readonly MailboxAttribute[],
): readonly AttributeValue[] => {
  const own = new Map(here.map((one) => [attributeId(one), one.value]));
  const wanted = new Map(
    there.filter(({ value }) => value !== null).map((one) => [attributeId(one), one]),
  );
  const set = [...wanted.values()].filter((one) => own.get(attributeId(one)) !== one.value);
  const unset = here.filter((one) => one.value !== null && !wanted.has(attributeId(one)));
  return [
    ...set.map(({ scope, key, value }) => ({ scope, key, value })),
    ...unset.map(({ scope, key }) => ({ scope, key, value: null })),
  ];
};
