/** The recorded merges as data: their types, and the values behind their labels. */
import { sha1 } from "@noble/hashes/legacy.js";
import { formatHex, guid128Hex } from "../../lib/codec/guid.ts";
import {
  ANSWERED,
  DELETED,
  DRAFT,
  FLAGGED,
  flagNames,
  type Flags,
  flags,
  type Keywords,
  keywords,
  SEEN,
} from "../../lib/model/flags.ts";
import { type Guid, guid, type MailboxGuid, mailboxGuid } from "../../lib/model/ids.ts";

/** The side that ran doveadm, and the other. */
export type SideName = "a" | "b";

/** A mail of a recorded state. */
export interface RecordedMail {
  readonly uid: number;
  /** Its subject: which mail it is. */
  readonly mail: string;
  /** The label of its GUID. */
  readonly guid: string;
  readonly flags: readonly string[];
  readonly keywords: readonly string[];
  readonly modseq: number;
}

/** A mailbox of a recorded state; GUID and UIDVALIDITY are labels. */
export interface RecordedMailbox {
  readonly guid: string;
  readonly uidvalidity: string;
  readonly uidnext: number;
  readonly highestmodseq: number;
  readonly mails: readonly RecordedMail[];
}

/** One side at one moment. */
export interface RecordedState {
  readonly mailboxes: Readonly<Record<string, RecordedMailbox>>;
  readonly directories: readonly string[];
  readonly subscriptions: readonly string[];
}

/** What a user does in second `t`. */
export type UserAct =
  & { readonly t: number; readonly mailbox: string }
  & (
    | { readonly op: "save"; readonly mail: string }
    | {
      readonly op: "flags";
      readonly how: "add" | "remove" | "replace";
      readonly uids: string;
      readonly flags: readonly string[];
    }
    | { readonly op: "expunge"; readonly uids: string }
    | { readonly op: "copy" | "move"; readonly uids: string; readonly to: string }
    | { readonly op: "create" | "delete" | "subscribe" | "unsubscribe" }
    | { readonly op: "rename"; readonly to: string }
  );

/** One recorded merge. */
export interface Scenario {
  readonly id: string;
  readonly area: string;
  readonly stores: Readonly<Record<SideName, "mdbox" | "maildir">>;
  readonly initial_ops: readonly UserAct[] | null;
  readonly initial: Readonly<Record<SideName, RecordedState>> | null;
  readonly ops_a: readonly UserAct[];
  readonly ops_b: readonly UserAct[];
  readonly before: Readonly<Record<SideName, RecordedState | null>>;
  readonly command: readonly string[];
  readonly after: Readonly<Record<SideName, RecordedState>>;
  readonly guids: Readonly<Record<string, string>>;
  readonly mailbox_guids: Readonly<Record<string, string>>;
  readonly uidvalidities: Readonly<Record<string, number>>;
}

/** All recorded merges, in the order of the file. */
export const readScenarios = (): readonly Scenario[] =>
  JSON.parse(
    Deno.readTextFileSync(new URL("../golden/merge/scenarios.json", import.meta.url)),
  ).scenarios;

/** A mail that no state shows (saved and expunged between two of them) gets a GUID of its own. */
export const guidOf = (scenario: Scenario, side: SideName, label: string): Guid =>
  guid(
    scenario.guids[label] ??
      formatHex(sha1(new TextEncoder().encode(`${scenario.id} ${side} ${label}`)).subarray(0, 16)),
  );

/** The mailbox GUID behind a label. */
export const mailboxGuidOf = (scenario: Scenario, label: string): MailboxGuid =>
  mailboxGuid(scenario.mailbox_guids[label]!);

const BITS: Readonly<Record<string, number>> = {
  "\\Answered": ANSWERED,
  "\\Deleted": DELETED,
  "\\Draft": DRAFT,
  "\\Flagged": FLAGGED,
  "\\Seen": SEEN,
};

/** Names as a client gives them, as flags and keywords. */
export const flagsFrom = (
  names: readonly string[],
): { readonly flags: Flags; readonly keywords: Keywords } => ({
  flags: flags(names.reduce((bits, name) => bits | (BITS[name] ?? 0), 0)),
  keywords: keywords(names.filter((name) => BITS[name] === undefined)),
});

/** An IMAP set of UIDs: "1", "2:4". */
export const uidsFrom = (set: string): readonly number[] =>
  set.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split(":").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });

/** The real value's label: what a person reads in a difference. */
const labelOf = <A>(labels: Readonly<Record<string, A>>, value: A): string =>
  Object.keys(labels).find((label) => labels[label] === value) ?? String(value);

/** A state in lines, so that two of them differ where a reader can see it; without MODSEQs. */
export interface VisibleMailbox {
  readonly name: string;
  readonly guid: string;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly mails: readonly {
    readonly uid: number;
    readonly guid: string;
    readonly flags: Flags;
    readonly keywords: Keywords;
  }[];
}

/** What of a store a client can see. */
export interface Visible {
  readonly mailboxes: readonly VisibleMailbox[];
  readonly directories: readonly string[];
  readonly subscriptions: readonly string[];
}

/** A recorded state with the values instead of the labels. */
export const visibleOf = (scenario: Scenario, state: RecordedState): Visible => ({
  mailboxes: Object.entries(state.mailboxes).map(([name, box]) => ({
    name,
    guid: mailboxGuidOf(scenario, box.guid),
    uidValidity: scenario.uidvalidities[box.uidvalidity]!,
    uidNext: box.uidnext,
    mails: box.mails.map((mail) => ({
      uid: mail.uid,
      guid: scenario.guids[mail.guid]!,
      ...flagsFrom([...mail.flags, ...mail.keywords]),
    })),
  })),
  directories: state.directories,
  subscriptions: state.subscriptions,
});

/**
 * One line for each mailbox, directory and subscription, sorted, with the labels of the recording:
 * `work box2 V2 next 3: 1 w1 \Seen, 2 w2 $Work`.
 */
export const linesOf = (scenario: Scenario, state: Visible): readonly string[] => {
  // A scan of an mdbox has the 128-bit form only.
  const labels = Object.fromEntries(
    Object.entries(scenario.guids).map(([label, id]) => [label, guid128Hex(guid(id))]),
  );
  const mailLabel = (id: string) => labelOf(labels, guid128Hex(guid(id))).replace(/^guid:/, "");
  const boxes = state.mailboxes.map(({ name, guid, uidValidity, uidNext, mails }) => {
    const list = mails.map((mail) =>
      [mail.uid, mailLabel(mail.guid), ...flagNames(mail.flags), ...mail.keywords].join(" ")
    );
    const box = labelOf(scenario.mailbox_guids, guid);
    const validity = labelOf(scenario.uidvalidities, uidValidity);
    return `${name} ${box} ${validity} next ${uidNext}: ${list.join(", ")}`;
  });
  // INBOX is always listed, even as a name without a mailbox.
  const directories = state.directories.filter((name) => name !== "INBOX");
  return [
    ...boxes,
    ...directories.map((name) => `${name}/`),
    ...state.subscriptions.map((name) => `subscribed ${name}`),
  ].sort();
};
