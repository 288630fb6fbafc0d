/**
 * Which identity a mailbox gets that two sides have under different ones.
 *
 * @module
 */
import type { MailboxIdentity, MailboxStatus } from "../model/mailbox.ts";
import type { MergePair } from "./merge_tree.ts";
import { isPristine } from "./plan_backup.ts";

/**
 * The identity of a mailbox that both sides have: the GUID of the pair, unless one side never held a mail; the
 * UIDVALIDITY of the side with more mails, of equal numbers the higher.
 */
export const identityOf = (
  pair: MergePair,
  left: MailboxStatus | null,
  right: MailboxStatus | null,
): MailboxIdentity => {
  if (left === null || right === null) {
    const { guid, uidValidity } = (left ?? right)!;
    return { guid, uidValidity };
  }
  if (left.guid !== right.guid && isPristine(left) !== isPristine(right)) {
    const { guid, uidValidity } = isPristine(left) ? right : left;
    return { guid, uidValidity };
  }
  const { guid } = pair;
  const more = left.messages - right.messages || left.uidValidity - right.uidValidity;
  return { guid, uidValidity: more > 0 ? left.uidValidity : right.uidValidity };
};
