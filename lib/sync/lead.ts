/**
 * Which of two mailboxes is ahead of the other: what a mirror can do without deciding anything.
 *
 * @module
 */
import { sameKeywords } from "../model/flags.ts";
import type { MailboxStatus } from "../model/mailbox.ts";
import { sameGuid } from "../codec/guid.ts";
import type { Difference } from "./diff.ts";

/** "equal": the same mails, flags and keywords. "left", "right": that side only has more new mails. "both": a merge. */
export type Lead = "equal" | "left" | "right" | "both";

/** Two leads of parts of one mailbox, taken together. */
export const joinLeads = (a: Lead, b: Lead): Lead =>
  a === "equal" ? b : b === "equal" || a === b ? a : "both";

/** Who is ahead by one difference alone. A mail that the other side's UIDNEXT has passed is no plain new mail. */
export const leadOf = (
  difference: Difference,
  left: MailboxStatus,
  right: MailboxStatus,
): Lead => {
  switch (difference._tag) {
    case "OnlyLeft":
      return difference.left.uid >= right.uidNext ? "left" : "both";
    case "OnlyRight":
      return difference.right.uid >= left.uidNext ? "right" : "both";
    case "Both": {
      const { left: a, right: b } = difference;
      const onlyModSeq = sameGuid(a.guid, b.guid) && a.flags === b.flags &&
        sameKeywords(a.keywords, b.keywords);
      return onlyModSeq ? "equal" : "both";
    }
  }
};
