/**
 * What a batch has to tell the index.
 *
 * @module
 */
import { grown } from "../../codec/growing.ts";
import { putGuid128 } from "../../codec/guid.ts";
import { expungeMails, setHeader, withExactModSeqs } from "../../codec/index_build.ts";
import { HEADER_AT } from "../../codec/index_header.ts";
import { type LogRecord, SYNC_DONE } from "../../codec/index_record.ts";
import type { IndexView } from "../../codec/index_view.ts";
import {
  type Flags,
  type Keywords,
  keywords,
  keywordsWithout,
  sameKeywords,
} from "../../model/flags.ts";
import { type ModSeq, modSeq, type Uid } from "../../model/ids.ts";
import type { RaiseStatus } from "../../model/operation.ts";
import type { IndexAppender, IndexWriter } from "../index/index_file.ts";
import {
  addedMails,
  type FlagTurn,
  raisedCounters,
  raisedModSeqs,
  turnedFlags,
  turnTo,
  type WantedModSeq,
  withModSeqs,
} from "./index_records.ts";
import { guidOf, type MaildirMail } from "./mail_table.ts";
import { type SavedMail, SavedMails } from "./saved_mails.ts";

const byUid = <A extends { readonly uid: number }>(items: readonly A[]): readonly A[] =>
  items.toSorted((a, b) => a.uid - b.uid);

/** Collects changes until they are written; those of a mailbox without an index are owed to it until it is made. */
export class BatchIndex {
  #saved = new SavedMails();
  #turned: FlagTurn[] = [];
  /** Mails that were changed without a word on their modseqs. */
  #news = new Set<Uid>();
  #expunged: MaildirMail[] = [];
  /** Modseqs that mails shall have at least. */
  #least: WantedModSeq[] = [];
  /** Whether saved mails shall have modseqs of their own. */
  #hasExact = false;
  #raise: RaiseStatus | null = null;
  #owed = false;

  /**
   * The keywords of a mail that waits for an index: those without a letter stand nowhere else. The mail's own where it
   * does not wait.
   */
  keywordsOf(mail: MaildirMail, hasLetter: (name: string) => boolean): Keywords {
    const owed = this.#saved.get(mail.uid);
    if (owed === undefined || owed.keywords.length === 0) return mail.keywords;
    return keywords([...mail.keywords, ...owed.keywords.filter((name) => !hasLetter(name))]);
  }

  /** Whether something waits for an index. */
  get isOwed(): boolean {
    return this.#owed;
  }

  /** A mail was added, with this modseq if it is given. */
  save({ uid, flags, keywords }: MaildirMail, wanted: ModSeq | null): void {
    this.#saved.add({ uid, flags, keywords, modSeq: wanted });
    if (wanted !== null) this.#hasExact = true;
  }

  /** A mail's flags or keywords were changed. */
  turn(before: MaildirMail, after: MaildirMail, wanted: ModSeq | null): void {
    this.#saved.turn(after);
    this.#turned.push({
      uid: after.uid,
      add: (after.flags & ~before.flags) as Flags,
      remove: (before.flags & ~after.flags) as Flags,
      addKeywords: keywordsWithout(after.keywords, before.keywords),
      removeKeywords: keywordsWithout(before.keywords, after.keywords),
    });
    if (wanted !== null) this.#least.push({ uid: after.uid, modSeq: wanted });
    else if (before.flags !== after.flags || !sameKeywords(before.keywords, after.keywords)) {
      this.#news.add(after.uid);
    }
  }

  /** A mail was removed. */
  expunge(mail: MaildirMail): void {
    this.#saved.delete(mail.uid);
    this.#expunged.push(mail);
  }

  /** Counters are to be raised. */
  raise(status: RaiseStatus): void {
    this.#raise = status;
  }

  #forget(): void {
    this.#saved = new SavedMails();
    this.#turned = [];
    this.#news = new Set();
    this.#expunged = [];
    this.#hasExact = false;
    this.#least = [];
    this.#raise = null;
    this.#owed = false;
  }

  get #isEmpty(): boolean {
    return this.#saved.size + this.#turned.length + this.#expunged.length + this.#least.length ===
        0 && this.#raise === null;
  }

  /**
   * Writes what was collected; without an index it is owed. What is owed while somebody else makes the index is in it
   * already, as far as lines and file names tell: of those mails only the rest is written.
   */
  write(writer: IndexWriter | null): void {
    if (writer === null) {
      this.#owed = !this.#isEmpty;
      return;
    }
    if (this.#isEmpty) return;
    const { view } = writer;
    const isFresh = ({ uid }: { readonly uid: number }) => uid >= view.uidNext;
    const saved = [...this.#saved];
    const given = saved.filter((mail): mail is WantedModSeq & SavedMail => mail.modSeq !== null);
    const known = saved.filter((mail) => !isFresh(mail) && view.rowOf(mail.uid) >= 0);
    const turned = [
      ...this.#turned.filter(({ uid }) =>
        this.#saved.get(uid) === undefined && view.rowOf(uid) >= 0
      ),
      ...known.map((mail) => turnTo(view, view.rowOf(mail.uid), mail)),
    ];
    const expunged = byUid(this.#expunged).filter(({ uid }) => view.rowOf(uid) >= 0);
    // A client that has seen the highest so far must be told of the change: below that only raising is right.
    const isNews = ({ uid, modSeq }: WantedModSeq) =>
      modSeq > view.highestModSeq && view.rowOf(uid) >= 0;
    const exact = [...given.filter(isFresh), ...this.#least.filter(isNews)];
    const least = [
      ...this.#least.filter((one) => !isNews(one)),
      ...given.filter((one) => !isFresh(one)),
    ];
    writer.append(
      withModSeqs(view, writer.position, [
        ...addedMails(saved.filter(isFresh)),
        ...turnedFlags(byUid(turned)),
        ...expungeRecords(expunged),
      ], byUid(exact)),
      SYNC_DONE,
    );
    const present = byUid(least).filter(({ uid }) => writer.view.rowOf(uid) >= 0);
    writer.append(raisedModSeqs(writer.view, present), SYNC_DONE);
    if (this.#raise !== null) writer.append(raiseRecords(writer.view, this.#raise), SYNC_DONE);
    writer.sync();
    this.#forget();
  }

  /**
   * Whether the index has to keep modseqs: some are given, or a HIGHESTMODSEQ that a new index would not have by
   * itself.
   */
  get keepsModSeqs(): boolean {
    return this.#hasExact || this.#least.length > 0 || (this.#raise?.highestModSeq ?? 1n) > 1n;
  }

  /** The first content of a new index for these mails, ascending by UID. */
  fill(
    appender: IndexAppender,
    mails: Iterable<MaildirMail>,
    uidValidity: number,
    uidNext: number,
  ): void {
    const records: readonly LogRecord[] = [
      setHeader([[HEADER_AT.uidValidity, uidValidity]]),
      ...addedMails(mails),
    ];
    if (this.keepsModSeqs) {
      const { uids, modSeqs } = this.#modSeqsOf(mails);
      appender.append(withExactModSeqs(appender.position, records, uids, modSeqs), SYNC_DONE);
    } else appender.append(records, SYNC_DONE);
    const raise = this.#raise ?? { highestModSeq: modSeq(1n), firstRecentUid: 1 };
    appender.append(raiseRecords(appender.view, { ...raise, uidNext }), SYNC_DONE);
    this.#forget();
  }

  /**
   * The modseqs that are given; a mail that was changed after it was saved, and got none with the change, comes behind
   * all of them. An index that was not there has told nobody of lower ones.
   */
  #modSeqsOf(mails: Iterable<MaildirMail>) {
    let top = 1n;
    for (const one of this.#saved) if (one.modSeq !== null && one.modSeq > top) top = one.modSeq;
    const least = new Map<number, bigint>();
    for (const { uid, modSeq } of this.#least) {
      if (modSeq > (least.get(uid) ?? 0n)) least.set(uid, modSeq);
    }
    let uids = new Uint32Array(0);
    let modSeqs = new BigUint64Array(0);
    let count = 0;
    for (const { uid } of mails) {
      const exact = this.#news.has(uid) ? top + 1n : this.#saved.get(uid)?.modSeq ?? 0n;
      const atLeast = least.get(uid) ?? 0n;
      const wanted = exact > atLeast ? exact : atLeast;
      if (wanted === 0n) continue;
      uids = grown(uids, count + 1);
      modSeqs = grown(modSeqs, count + 1);
      uids[count] = uid;
      modSeqs[count++] = wanted;
    }
    return { uids: uids.slice(0, count), modSeqs: modSeqs.slice(0, count) };
  }
}

/** Dovecot leaves the GUIDs of a Maildir's expunges empty; with them a later sync can tell whose mail it was. */
const expungeRecords = (mails: readonly MaildirMail[]): readonly LogRecord[] => {
  if (mails.length === 0) return [];
  const guids = new Uint8Array(16 * mails.length);
  mails.forEach((mail, i) => putGuid128(guids, 16 * i, guidOf(mail.entry)));
  return [expungeMails(Uint32Array.from(mails, ({ uid }) => uid), guids)];
};

const raiseRecords = (
  view: IndexView,
  { uidNext, firstRecentUid, highestModSeq }: Omit<RaiseStatus, "_tag">,
): readonly LogRecord[] => [
  ...raisedCounters(view, { uidNext, firstRecentUid }),
  ...(highestModSeq > view.highestModSeq
    ? raisedModSeqs(view, [{ uid: 0 as Uid, modSeq: highestModSeq }])
    : []),
];
