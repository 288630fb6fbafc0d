/**
 * What a batch has to tell the index.
 *
 * @module
 */
import { guid128 } from "../../codec/guid.ts";
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
import { guidOf, type MaildirMail } from "./merge.ts";

const byUid = <A extends { readonly uid: number }>(items: readonly A[]): readonly A[] =>
  items.toSorted((a, b) => a.uid - b.uid);

/** Collects changes until they are written; those of a mailbox without an index are owed to it until it is made. */
export class BatchIndex {
  /** By UID, as they are now. */
  #saved = new Map<number, MaildirMail>();
  #turned: FlagTurn[] = [];
  /** Mails that were changed without a word on their modseqs. */
  #news = new Set<Uid>();
  #expunged: MaildirMail[] = [];
  /** Modseqs that saved mails shall have exactly. */
  #exact: WantedModSeq[] = [];
  /** Modseqs that mails shall have at least. */
  #least: WantedModSeq[] = [];
  #raise: RaiseStatus | null = null;
  #owed = false;

  /**
   * The keywords of a mail that waits for an index: those without a letter stand nowhere else. The mail's own where it
   * does not wait.
   */
  keywordsOf(mail: MaildirMail, hasLetter: (name: string) => boolean): Keywords {
    const owed = this.#saved.get(mail.uid);
    if (owed === undefined) return mail.keywords;
    return keywords([...mail.keywords, ...owed.keywords.filter((name) => !hasLetter(name))]);
  }

  /** Whether something waits for an index. */
  get isOwed(): boolean {
    return this.#owed;
  }

  /** A mail was added, with this modseq if it is given. */
  save(mail: MaildirMail, wanted: ModSeq | null): void {
    this.#saved.set(mail.uid, mail);
    if (wanted !== null) this.#exact.push({ uid: mail.uid, modSeq: wanted });
  }

  /** A mail's flags or keywords were changed. */
  turn(before: MaildirMail, after: MaildirMail, wanted: ModSeq | null): void {
    if (this.#saved.has(after.uid)) this.#saved.set(after.uid, after);
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
    this.#saved = new Map();
    this.#turned = [];
    this.#news = new Set();
    this.#expunged = [];
    this.#exact = [];
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
    const saved = byUid([...this.#saved.values()]);
    const known = saved.filter((mail) => !isFresh(mail) && view.rowOf(mail.uid) >= 0);
    const turned = [
      ...this.#turned.filter(({ uid }) => !this.#saved.has(uid) && view.rowOf(uid) >= 0),
      ...known.map((mail) => turnTo(view, view.rowOf(mail.uid), mail)),
    ];
    const expunged = byUid(this.#expunged).filter(({ uid }) => view.rowOf(uid) >= 0);
    // A client that has seen the highest so far must be told of the change: below that only raising is right.
    const isNews = ({ uid, modSeq }: WantedModSeq) =>
      modSeq > view.highestModSeq && view.rowOf(uid) >= 0;
    const exact = [...this.#exact.filter(isFresh), ...this.#least.filter(isNews)];
    const least = [
      ...this.#least.filter((one) => !isNews(one)),
      ...this.#exact.filter((one) => !isFresh(one)),
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
    return this.#exact.length + this.#least.length > 0 || (this.#raise?.highestModSeq ?? 1n) > 1n;
  }

  /** The first content of a new index for these mails, ascending by UID. */
  fill(
    appender: IndexAppender,
    mails: readonly MaildirMail[],
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
  #modSeqsOf(mails: readonly MaildirMail[]) {
    const wanted = new Map(this.#exact.map(({ uid, modSeq }) => [uid as number, modSeq]));
    let top = 1n;
    for (const one of wanted.values()) if (one > top) top = one;
    for (const uid of this.#news) wanted.set(uid, modSeq(top + 1n));
    for (const { uid, modSeq: least } of this.#least) {
      if (least > (wanted.get(uid) ?? 0n)) wanted.set(uid, least);
    }
    const present = mails.filter(({ uid }) => wanted.has(uid));
    return {
      uids: Uint32Array.from(present, ({ uid }) => uid),
      modSeqs: BigUint64Array.from(present, ({ uid }) => wanted.get(uid)!),
    };
  }
}

/** Dovecot leaves the GUIDs of a Maildir's expunges empty; with them a later sync can tell whose mail it was. */
const expungeRecords = (mails: readonly MaildirMail[]): readonly LogRecord[] => {
  if (mails.length === 0) return [];
  const guids = new Uint8Array(16 * mails.length);
  mails.forEach((mail, i) => guids.set(guid128(guidOf(mail.entry)), 16 * i));
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
