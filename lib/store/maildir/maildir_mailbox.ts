/**
 * One open Maildir behind the port.
 *
 * @module
 */
import { HEADER_AT } from "../../codec/index_header.ts";
import type { LogEntry } from "../../codec/index_log.ts";
import type { LogChange } from "../../model/change.ts";
import { type Flags, keywords, keywordsWithout } from "../../model/flags.ts";
import type { MailRecord } from "../../model/mail.ts";
import type { MailboxStatus } from "../../model/mailbox.ts";
import type { Mailbox } from "../../port/store.ts";
import { CHUNK, fromArray } from "../../stream/chunks.ts";
import { mailboxAttributes } from "../index/mailbox_attributes.ts";
import { Applier } from "./applier.ts";
import type { MaildirBox } from "./box.ts";
import { fetchMails, MailReader, Temperature } from "./fetch.ts";
import { guidOf, type MailTable } from "./mail_table.ts";
import type { Snapshot } from "./snapshot.ts";

const recordsOf = async function* (mails: MailTable): AsyncGenerator<readonly MailRecord[]> {
  for (let i = 0; i < mails.length; i += CHUNK) {
    yield await Promise.resolve(mails.records(i, i + CHUNK));
  }
};

const statusOf = ({ uidlist, merged }: Snapshot): MailboxStatus => ({
  guid: uidlist!.guid!,
  uidValidity: uidlist!.uidValidity,
  uidNext: merged.uidNext,
  messages: merged.mails.length,
  firstRecentUid: merged.firstRecentUid,
  highestModSeq: merged.highestModSeq,
  modSeqTracked: merged.modSeqTracked,
});

/** Only the very first log of an index sets UIDVALIDITY. */
const setsUidValidity = ({ record }: LogEntry): boolean =>
  record._tag === "HeaderUpdate" &&
  record.parts.some(({ offset }) => offset === HEADER_AT.uidValidity);

/** What no log tells yet as done: somebody has renamed or removed files, or is about to remove them. */
const unloggedChanges = ({ merged }: Snapshot): readonly LogChange[] => {
  const { changed, expunged, leaving } = merged.discord;
  return [
    ...leaving.map(({ entry, bySync }): LogChange => ({
      _tag: "Expunged",
      uid: entry.uid,
      guid: guidOf(entry),
      modSeq: merged.highestModSeq,
      bySync,
    })),
    ...expunged.map((uid): LogChange => ({
      _tag: "Expunged",
      uid,
      guid: null,
      modSeq: merged.highestModSeq,
      bySync: false,
    })),
    ...changed.map(({ uid, flags, indexFlags, keywords, indexKeywords }): LogChange => ({
      _tag: "FlagsChanged",
      uid,
      add: (flags & ~indexFlags) as Flags,
      remove: (indexFlags & ~flags) as Flags,
      addKeywords: keywordsWithout(keywords, indexKeywords),
      removeKeywords: keywordsWithout(indexKeywords, keywords),
      modSeq: merged.highestModSeq,
    })),
  ];
};

/** One change for each mail: what a log tells and what came after it, taken together. */
const joined = (told: readonly LogChange[], later: readonly LogChange[]): readonly LogChange[] => {
  if (later.length === 0) return told;
  const byUid = new Map(told.map((change) => [change.uid as number, change]));
  for (const change of later) {
    const before = byUid.get(change.uid);
    byUid.set(
      change.uid,
      change._tag === "FlagsChanged" && before?._tag === "FlagsChanged"
        ? {
          ...change,
          add: ((before.add & ~change.remove) | change.add) as Flags,
          remove: ((before.remove & ~change.add) | change.remove) as Flags,
          addKeywords: keywords([
            ...keywordsWithout(before.addKeywords, change.removeKeywords),
            ...change.addKeywords,
          ]),
          removeKeywords: keywords([
            ...keywordsWithout(before.removeKeywords, change.addKeywords),
            ...change.removeKeywords,
          ]),
        }
        : change,
    );
  }
  return [...byUid.values()];
};

/**
 * The changes that the index log and the files tell. Dovecot does not log the GUIDs of a Maildir's expunged mails, but
 * their lines may still be there.
 */
const changesOf = (
  box: MaildirBox,
  snapshot: Snapshot,
  since: string | undefined,
): readonly LogChange[] => {
  const changes = joined(box.index?.changes(since) ?? [], unloggedChanges(snapshot));
  if (!changes.some((change) => change._tag === "Expunged" && change.guid === null)) return changes;
  const { entries } = snapshot.uidlist!;
  return changes.map((change) => {
    if (change._tag !== "Expunged" || change.guid !== null) return change;
    const row = entries.rowOfUid(change.uid);
    return row < 0 ? change : { ...change, guid: guidOf(entries.at(row)) };
  });
};

/**
 * Puts an open box behind the port: it shows the state as it is now. `attributes`: the file that has those of all
 * mailboxes.
 */
export const openMailbox = (box: MaildirBox, attributes?: string): Mailbox => {
  const { snapshot } = box;
  const { mails } = snapshot.merged;
  const mailOf = (uid: number) => mails.find(uid);
  const applier = new Applier(box);
  const temperature = new Temperature();
  const changes: Mailbox["changes"] = (since) => fromArray(changesOf(box, snapshot, since));
  return {
    name: box.name,
    status: statusOf(snapshot),
    problems: box.problems,
    records: () => recordsOf(mails),
    changes,
    saves: (since) => fromArray(box.index?.saves(since) ?? []),
    moment: box.index?.moment ?? "",
    get historyComplete() {
      return box.index?.history().some(setsUidValidity) ?? snapshot.merged.uidNext === 1;
    },
    fetch: (wanted) =>
      fetchMails(new MailReader(box.os, box.paths.mail, temperature), mailOf, wanted),
    apply: (operations) => applier.apply(operations),
    ...(attributes === undefined ? {} : {
      attributes: mailboxAttributes(
        box.os,
        { path: attributes, guid: statusOf(snapshot).guid },
        () => box.index?.history() ?? [],
      ),
    }),
  };
};
