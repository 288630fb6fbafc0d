/**
 * Comparisons as text for people.
 *
 * @module
 */
import { visibleText } from "../lib/codec/visible_text.ts";
import type { Comparison, Finding, MailboxDigests } from "../lib/model/comparison.ts";

const findingText = ({ mailbox, uid, field, left, right }: Finding): string => {
  const where = [mailbox, uid === null ? null : `UID ${uid}`].filter((part) => part !== null);
  const value = (text: string | null): string => text === null ? "-" : text === "" ? '""' : text;
  return visibleText([...where, field].join(", ") + `: ${value(left)} | ${value(right)}`);
};

/** The digests of mailboxes, a line each. */
export const digestTexts = (digests: readonly MailboxDigests[]): readonly string[] => {
  const names = digests.map(({ mailbox }) => visibleText(mailbox));
  const width = Math.max(...names.map(({ length }) => length), 0);
  return digests.map(({ left, right }, i) =>
    `${names[i]!.padEnd(width)}  ${left}  ${left === right ? "the same" : right}`
  );
};

/** A comparison for people: differences, digests, and what it came to. */
export const checkText = ({ findings, digests, mailboxes, mails, bytes }: Comparison): string =>
  [
    ...findings.map(findingText),
    ...digestTexts(digests),
    `${mailboxes} mailboxes, ${mails} mails${bytes > 0 ? `, ${bytes} bytes` : ""} compared: ${
      findings.length === 0
        ? "equal"
        : `${findings.length} ${findings.length === 1 ? "difference" : "differences"}`
    }`,
  ].join("\n");
