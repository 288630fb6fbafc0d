/**
 * Narrowing a session to some mailboxes: -m, -g and -x.
 *
 * @module
 */
import type { MailboxGuid } from "../model/ids.ts";
import { INBOX, type MailboxName, nameKey } from "../model/mailbox.ts";

/** Which mailboxes are asked for. */
export interface NameSelection {
  /** Only this one: a name, or a special use such as `\Drafts`; null: all. */
  readonly only: string | null;
  /** Only the one with this GUID; null: all. */
  readonly onlyGuid: MailboxGuid | null;
  /** Not these: names with `*` for any text and `?` for any character, or special uses. */
  readonly excluded: readonly string[];
}

/** The special uses of a mailbox, such as `\Drafts`; they are configured, not stored. */
export type SpecialUses = (name: MailboxName) => readonly string[];

const hasUse = (uses: readonly string[], wanted: string): boolean =>
  uses.some((use) => use.toLowerCase() === wanted.toLowerCase());

/** Whether a text matches a pattern of `*` and `?`; both match across "/". Cost: the product of their lengths. */
export const matchesWildcards = (text: string, pattern: string): boolean => {
  let t = 0;
  let p = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
};

/** Whether a name takes part. A name that is no mailbox has no GUID, and takes no part where one is asked for. */
export const isSelected = (
  { only, onlyGuid, excluded }: NameSelection,
  usesOf: SpecialUses,
  name: MailboxName,
  guid: MailboxGuid | null,
): boolean => {
  if (onlyGuid !== null && guid !== onlyGuid) return false;
  if (only !== null) {
    const isIt = only.startsWith("\\")
      ? hasUse(usesOf(name), only)
      : nameKey(name) === nameKey((only.toUpperCase() === INBOX ? INBOX : only) as MailboxName);
    if (!isIt) return false;
  }
  return !excluded.some((pattern) =>
    pattern.startsWith("\\")
      ? hasUse(usesOf(name), pattern)
      : matchesWildcards(nameKey(name), nameKey(pattern as MailboxName))
  );
};
