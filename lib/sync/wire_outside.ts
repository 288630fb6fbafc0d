/**
 * Mails that a filter leaves at the other end of a session: a Dovecot has to be told of them as if this end had them.
 *
 * @module
 */
import { sameGuid } from "../codec/guid.ts";
import type { MailboxNumbers, MailChange } from "../codec/dsync_wire_item.ts";
import type { Flow } from "./session_order.ts";
import { type CommonState, isOpen, isWanted, type MailFilter } from "./wire_mailbox.ts";

/** What decides whether a filter hides mails of the other end from what it is told. */
export interface FilteredSession {
  /** The other end; one of ours applies the filter to its own mails, too. */
  readonly peer: { readonly isOurs: boolean };
  /** Which way mails go. */
  readonly rules: { readonly flow: Flow };
  /** Which new mails are wanted. */
  readonly filter: MailFilter;
}

/** Whether {@linkcode withOutside} is needed: then the other end's list is heard first, for which a Dovecot does not wait. */
export const hidesMails = (
  { peer, rules, filter }: FilteredSession,
  common: CommonState,
): boolean => !peer.isOurs && rules.flow === "both" && common.uid === 0 && !isOpen(filter);

/** What the other end told of a mailbox. */
export interface Heard {
  /** Its numbers. */
  readonly numbers: Pick<MailboxNumbers, "uidNext">;
  /** Its list of changes. */
  readonly theirs: readonly MailChange[];
}

/** A mail as an end tells of it that knows nothing but what it has heard: so nothing is changed by it. */
const echoOf = (change: MailChange): MailChange => ({
  ...change,
  addFlags: null,
  removeFlags: null,
  keywordChanges: (change.keywordChanges ?? [])
    .filter((text) => text.startsWith("=") || text.startsWith("&"))
    .map((text) => `=${text.slice(1)}`),
});

const isSame = (a: MailChange, b: MailChange): boolean =>
  a.guid === null || b.guid === null || a.guid === "" || b.guid === ""
    ? a.headerHash !== null && a.headerHash === b.headerHash
    : sameGuid(a.guid, b.guid);

/** What a mail is known by, wherever it is. */
const nameOf = ({ guid, headerHash, uid }: MailChange): string =>
  guid !== null && guid !== "" ? guid : headerHash === null ? `UID ${uid}` : `header ${headerHash}`;

/** What the other end has, and what it knows of what it has no more. */
interface TheirSide {
  /** UIDNEXT. */
  readonly uidNext: number;
  /** Saves and expunges, by UID. */
  readonly changes: ReadonlyMap<number, MailChange>;
  /** The highest UID of a mail. */
  readonly last: number;
}

/** What one told change is to a Dovecot that looks for the last mail that both have. */
const isCommon = (
  change: MailChange,
  { uidNext, changes, last }: TheirSide,
  filter: MailFilter,
): boolean | "unknown" => {
  const there = changes.get(change.uid);
  const isLost = change.type === "e";
  if (there?.type === "s") return change.guid === null ? "unknown" : isSame(change, there);
  if (!isWanted(filter, change)) return "unknown";
  if (change.uid > last) {
    if (isLost) return "unknown";
    if (change.uid >= uidNext || there === undefined) return false;
  }
  if (there === undefined || there.guid === null || change.guid === null) return "unknown";
  return isSame(change, there) || (isLost ? "unknown" : false);
};

/** The last UID that a Dovecot takes for common, before the first one at which the two ends have two mails; 0: none. */
const lastCommon = (
  told: readonly MailChange[],
  theirs: TheirSide,
  filter: MailFilter,
): number => {
  let common = 0;
  for (const change of told) {
    const found = isCommon(change, theirs, filter);
    if (found === false) break;
    if (found === true) common = change.uid;
  }
  return common;
};

/**
 * `told`, and with it the mails of `theirs` that are not here for all that is known: under a filter they never were. A
 * Dovecot takes a mail that it is not told of, below the last one that both have, for expunged, and looks at its filter
 * only where it lacks a mail itself. Above that mail nothing is added: it would count as the last one. Ascending by UID.
 * Source: Dovecot 2.3 dsync-mailbox-import.c.
 */
export const withOutside = (
  told: readonly MailChange[],
  { numbers, theirs }: Heard,
  filter: MailFilter,
): readonly MailChange[] => {
  const saves = theirs.filter(({ type }) => type === "s");
  const side = {
    uidNext: numbers.uidNext,
    changes: new Map(theirs.map((change) => [change.uid as number, change])),
    last: saves.at(-1)?.uid ?? 0,
  };
  const common = lastCommon(told, side, filter);
  const taken = new Set(told.map(({ uid }) => uid));
  const here = new Set(told.filter(({ type }) => type === "s").map(nameOf));
  // One that is here at another UID, as a later filter has let it through, would become two.
  const isMissing = (change: MailChange): boolean =>
    !taken.has(change.uid) && !here.has(nameOf(change));
  const echoes = saves.filter((change) => change.uid < common && isMissing(change)).map(echoOf);
  return echoes.length === 0 ? told : [...told, ...echoes].sort((a, b) => a.uid - b.uid);
};
