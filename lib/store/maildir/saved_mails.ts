/**
 * Mails that were saved and that the index does not have yet.
 *
 * @module
 */
import { grown } from "../../codec/growing.ts";
import { lowerBound } from "../../codec/index_rows.ts";
import type { Flags, Keywords } from "../../model/flags.ts";
import { type ModSeq, modSeq, type Uid } from "../../model/ids.ts";
import type { IndexedMail } from "./index_records.ts";

/** A saved mail. */
export interface SavedMail extends IndexedMail {
  /** The modseq that it shall have exactly; null: any. */
  readonly modSeq: ModSeq | null;
}

const ANY = 0n;

/** Saved mails ascending by UID, as columns: of a mailbox that has no index yet they are all mails that were saved. */
export class SavedMails implements Iterable<SavedMail> {
  #uids = new Uint32Array(0);
  #flags = new Uint8Array(0);
  #modSeqs = new BigUint64Array(0);
  readonly #keywords: Keywords[] = [];
  readonly #gone = new Set<number>();

  /** How many there are. */
  get size(): number {
    return this.#keywords.length - this.#gone.size;
  }

  /** Adds a mail with a UID above all there. */
  add({ uid, flags, keywords, modSeq }: SavedMail): void {
    const at = this.#keywords.push(keywords) - 1;
    this.#uids = grown(this.#uids, at + 1);
    this.#flags = grown(this.#flags, at + 1);
    this.#modSeqs = grown(this.#modSeqs, at + 1);
    this.#uids[at] = uid;
    this.#flags[at] = flags;
    this.#modSeqs[at] = modSeq ?? ANY;
  }

  /** The mail of a UID. Logarithmic. */
  get(uid: number): SavedMail | undefined {
    const at = this.#placeOf(uid);
    return at < 0 ? undefined : this.#at(at);
  }

  /** A mail that is there has other flags and keywords now; one that is not there is passed over. */
  turn({ uid, flags, keywords }: IndexedMail): void {
    const at = this.#placeOf(uid);
    if (at < 0) return;
    this.#flags[at] = flags;
    this.#keywords[at] = keywords;
  }

  /** Forgets a mail. */
  delete(uid: number): void {
    if (this.#placeOf(uid) >= 0) this.#gone.add(uid);
  }

  /** All of them. */
  *[Symbol.iterator](): Generator<SavedMail> {
    for (let at = 0; at < this.#keywords.length; at++) {
      if (!this.#gone.has(this.#uids[at]!)) yield this.#at(at);
    }
  }

  #at(at: number): SavedMail {
    const wanted = this.#modSeqs[at]!;
    return {
      uid: this.#uids[at]! as Uid,
      flags: this.#flags[at]! as Flags,
      keywords: this.#keywords[at]!,
      modSeq: wanted === ANY ? null : modSeq(wanted),
    };
  }

  #placeOf(uid: number): number {
    const count = this.#keywords.length;
    const at = lowerBound(this.#uids, count, uid, 0);
    return at < count && this.#uids[at] === uid && !this.#gone.has(uid) ? at : -1;
  }
}
