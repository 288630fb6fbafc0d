/**
 * The mails of a Maildir.
 *
 * @module
 */
import { grown } from "../../codec/growing.ts";
import { lowerBound } from "../../codec/index_rows.ts";
import { ModSeqWords } from "../../codec/modseq_words.ts";
import {
  type UidlistEntry,
  type UidlistLines,
  uidlistValue,
} from "../../codec/maildir_uidlist_lines.ts";
import type { Flags, Keywords } from "../../model/flags.ts";
import { type Guid, type ModSeq, modSeq, type Uid } from "../../model/ids.ts";
import type { MailRecord } from "../../model/mail.ts";
import type { Ending } from "./listing.ts";

/** A mail of a Maildir. */
export interface MaildirMail {
  /** Its UID. */
  readonly uid: Uid;
  /** Its line in dovecot-uidlist. */
  readonly entry: UidlistEntry;
  /** What its file has behind the base name, and where it lies. */
  readonly ending: Ending;
  /** System flags. */
  readonly flags: Flags;
  /** Keywords. */
  readonly keywords: Keywords;
  /** As a client would be told. */
  readonly modSeq: ModSeq;
}

/** The mail's GUID in full: the G of its line, else the base name. */
export const guidOf = (entry: UidlistEntry): Guid =>
  (uidlistValue(entry, "G") || entry.name) as Guid;

/** Stands for the modseq of a mail whose change the index has not counted yet. */
export const NOT_COUNTED: ModSeq = modSeq(0n);

/**
 * Mails ascending by UID, as columns beside the lines of dovecot-uidlist: a mail is an object only while somebody looks at
 * it, for half a million of them would take a hundred megabytes.
 */
export class MailTable implements Iterable<MaildirMail> {
  readonly #lines: UidlistLines;
  /** Rows of the lines. */
  #rows: Uint32Array<ArrayBuffer>;
  #flags: Uint8Array<ArrayBuffer>;
  #modSeqs: BigUint64Array<ArrayBuffer>;
  /** The same memory as words, low ones first. */
  #words: Uint32Array;
  readonly #reader = new ModSeqWords();
  readonly #endings: Ending[] = [];
  readonly #keywords: Keywords[] = [];

  /** Of none yet, with room for so many; more lines may come. */
  constructor(lines: UidlistLines, room = 0) {
    this.#lines = lines;
    this.#rows = new Uint32Array(room);
    this.#flags = new Uint8Array(room);
    this.#modSeqs = new BigUint64Array(room);
    this.#words = new Uint32Array(this.#modSeqs.buffer);
  }

  /** How many there are. */
  get length(): number {
    return this.#endings.length;
  }

  /** Adds the mail of a line, behind those that are there. */
  push(row: number, ending: Ending, flags: Flags, keywords: Keywords, modSeq: ModSeq): void {
    const at = this.length;
    this.#rows = grown(this.#rows, at + 1);
    this.#flags = grown(this.#flags, at + 1);
    if (at === this.#modSeqs.length) {
      this.#modSeqs = grown(this.#modSeqs, at + 1);
      this.#words = new Uint32Array(this.#modSeqs.buffer);
    }
    this.#rows[at] = row;
    this.#flags[at] = flags;
    this.#modSeqs[at] = modSeq;
    this.#endings.push(ending);
    this.#keywords.push(keywords);
  }

  /** The mail at a place, 0 and up. */
  at(place: number): MaildirMail {
    const entry = this.#lines.at(this.#rows[place]!);
    return {
      uid: entry.uid,
      entry,
      ending: this.#endings[place]!,
      flags: this.#flags[place]! as Flags,
      keywords: this.#keywords[place]!,
      modSeq: this.#modSeqOf(place),
    };
  }

  /** What the store tells of the mails from a place on, up to another. */
  records(from: number, to: number): readonly MailRecord[] {
    const records: MailRecord[] = [];
    for (let place = from; place < Math.min(to, this.length); place++) {
      const row = this.#rows[place]!;
      records.push({
        uid: this.#lines.uidAt(row),
        guid: this.#lines.hasKeys(row)
          ? guidOf(this.#lines.at(row))
          : this.#lines.nameAt(row) as Guid,
        flags: this.#flags[place]! as Flags,
        keywords: this.#keywords[place]!,
        modSeq: this.#modSeqOf(place),
      });
    }
    return records;
  }

  #modSeqOf(place: number): ModSeq {
    return modSeq(this.#reader.at(this.#words, place));
  }

  /** The keywords of all mails, in their order. */
  get keywords(): readonly Keywords[] {
    return this.#keywords;
  }

  /** All mails. */
  *[Symbol.iterator](): Generator<MaildirMail> {
    for (let place = 0; place < this.length; place++) yield this.at(place);
  }

  /** The mail of a UID. Logarithmic. */
  find(uid: number): MaildirMail | undefined {
    const row = this.#lines.rowOfUid(uid);
    if (row < 0) return undefined;
    const place = lowerBound(this.#rows, this.length, row, 0);
    return place < this.length && this.#rows[place] === row ? this.at(place) : undefined;
  }

  /** The last mail of which something holds. Linear in those behind it. */
  findLast(holds: (mail: MaildirMail) => boolean): MaildirMail | undefined {
    for (let place = this.length - 1; place >= 0; place--) {
      const mail = this.at(place);
      if (holds(mail)) return mail;
    }
    return undefined;
  }

  /** The highest UID; 0 where there is no mail. */
  get lastUid(): number {
    return this.length === 0 ? 0 : this.#lines.uidAt(this.#rows[this.length - 1]!);
  }

  /** Gives mails the highest modseq: those that are {@linkcode NOT_COUNTED} yet, or all where none has one of its own. */
  count(highest: ModSeq, areTracked: boolean): void {
    for (let place = 0; place < this.length; place++) {
      if (!areTracked || this.#modSeqs[place] === NOT_COUNTED) this.#modSeqs[place] = highest;
    }
  }
}
