/**
 * The differences of two views, in words.
 *
 * @module
 */
import type { View, ViewMail, ViewMailbox } from "./view.ts";

/** How strict a comparison is; what is left out is compared wherever both formats can hold it. */
export interface Strictness {
  /**
   * "equal": of each mail and the highest, where the expected mailbox tracked them, else the highest not lower;
   * "not lower": each mail's and the highest; "ignore". Default "equal".
   */
  readonly modSeq?: "equal" | "not lower" | "ignore";
  /** Whether \Recent must be equal. Default no: the first look takes it away. */
  readonly recent?: boolean;
  /** Whether SAVEDATE must be equal. Default: where both are mdbox. */
  readonly saved?: boolean;
  /** Whether GUIDs and UIDVALIDITYs of mailboxes must be equal. Default yes. */
  readonly identity?: boolean;
}

const setDifference = (what: string, left: Iterable<string>, right: Iterable<string>): string[] => {
  const [a, b] = [new Set(left), new Set(right)];
  return [
    ...[...a].filter((name) => !b.has(name)).map((name) => `${what} ${name}: missing`),
    ...[...b].filter((name) => !a.has(name)).map((name) => `${what} ${name}: should not be there`),
  ];
};

const fieldDifferences = <A>(
  place: string,
  expected: A,
  actual: A,
  fields: readonly (keyof A & string)[],
): string[] =>
  fields.filter((field) => expected[field] !== actual[field])
    .map((field) => `${place}: ${field} is ${actual[field]}, should be ${expected[field]}`);

const modSeqDifferences = (
  place: string,
  expected: ViewMailbox,
  actual: ViewMailbox,
  how: "equal" | "not lower" | "ignore",
): string[] => {
  if (how === "ignore" || expected.modSeqs === "none") return [];
  const strict = how === "equal" && expected.modSeqs === "mails";
  const differences: string[] = [];
  const compare = (where: string, a: bigint, b: bigint): void => {
    if (strict ? a !== b : a > b) {
      differences.push(`${where} is ${b}, should be ${strict ? "" : "at least "}${a}`);
    }
  };
  // That only one index keeps them is no difference in itself: of the other each mail is told as at the highest.
  compare(`${place}: HIGHESTMODSEQ`, expected.highestModSeq, actual.highestModSeq);
  if (expected.modSeqs !== "mails") return differences;
  for (const [uid, mail] of expected.mails) {
    const other = actual.mails.get(uid);
    if (other !== undefined) compare(`${place} UID ${uid}: MODSEQ`, mail.modSeq, other.modSeq);
  }
  return differences;
};

const MAIL: readonly (keyof ViewMail)[] = [
  "guid",
  "flags",
  "received",
  "size",
  "uidl",
  "order",
  "sha256",
];
const COUNTS: readonly (keyof ViewMailbox)[] = ["uidNext", "messages", "unseen", "size"];

const mailboxDifferences = (
  place: string,
  expected: ViewMailbox,
  actual: ViewMailbox,
  strictness: Required<Strictness>,
): string[] => {
  const box: (keyof ViewMailbox)[] = [...COUNTS];
  if (strictness.identity) box.push("guid", "uidValidity");
  if (strictness.recent) box.push("recent");
  const mail: (keyof ViewMail)[] = [...MAIL];
  if (strictness.saved) mail.push("saved");
  if (strictness.recent) mail.push("recent");
  const uids = (mails: ReadonlyMap<number, unknown>): string[] => [...mails.keys()].map(String);
  return [
    ...fieldDifferences(place, expected, actual, box),
    ...modSeqDifferences(place, expected, actual, strictness.modSeq),
    ...setDifference(`${place} UID`, uids(expected.mails), uids(actual.mails)),
    ...[...expected.mails].flatMap(([uid, one]) => {
      const other = actual.mails.get(uid);
      return other === undefined ? [] : fieldDifferences(`${place} UID ${uid}`, one, other, mail);
    }),
  ];
};

/**
 * What `actual` should have and has not, or has otherwise, one line each; none when they are equal. Complaints that
 * either view met with count as differences.
 */
export const compareViews = (expected: View, actual: View, how: Strictness = {}): string[] => {
  const strictness = {
    modSeq: how.modSeq ?? "equal",
    recent: how.recent ?? false,
    saved: how.saved ?? (expected.format === "mdbox" && actual.format === "mdbox"),
    identity: how.identity ?? true,
  };
  return [
    ...expected.complaints.map((line) => `expected side: ${line}`),
    ...actual.complaints.map((line) => `actual side: ${line}`),
    ...setDifference("name", expected.names, actual.names),
    ...setDifference("subscription", expected.subscriptions, actual.subscriptions),
    ...setDifference("mailbox", expected.mailboxes.keys(), actual.mailboxes.keys()),
    ...[...expected.mailboxes].flatMap(([name, box]) => {
      const other = actual.mailboxes.get(name);
      return other === undefined
        ? []
        : mailboxDifferences(`mailbox ${name}`, box, other, strictness);
    }),
  ];
};
