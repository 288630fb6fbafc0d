/**
 * The log records of a mailbox index for one batch of changes. Pure.
 *
 * @module
 */
import {
  appendMails,
  expungeMails,
  setExtensionHeader,
  setExtensionRecords,
  setHeader,
  updateFlags,
  updateKeywords,
} from "../../codec/index_build.ts";
import { HEADER_AT } from "../../codec/index_header.ts";
import type { LogRecord } from "../../codec/index_record.ts";
import {
  encodeMdboxRecord,
  encodePop3UidlHeader,
  GUID,
  HAVE_POP3_ORDERS,
  HAVE_POP3_UIDLS,
  MDBOX,
  MDBOX_HEADER,
  MDBOX_HEADER_FLAGS_OFFSET,
  POP3_UIDL_HEADER,
} from "../../codec/mdbox_index.ts";
import { keywordKey, type Keywords } from "../../model/flags.ts";

/** A new mail of the mailbox. */
export interface NewEntry {
  /** Its UID. */
  readonly uid: number;
  /** All eight flag bits. */
  readonly flags: number;
  /** Its keywords. */
  readonly keywords: Keywords;
  /** Its map UID. */
  readonly mapUid: number;
  /** Its saved date, seconds since 1970. */
  readonly savedAt: number;
  /** 16 bytes of its GUID. */
  readonly guid: Uint8Array;
  /** `HAVE_POP3_UIDLS`, `HAVE_POP3_ORDERS`: what its record has. */
  readonly pop3: number;
}

/** UIDs by keyword; the spelling of the first use counts. */
class KeywordUids {
  readonly #uids = new Map<string, { readonly name: string; readonly uids: number[] }>();

  add(keywords: Keywords, uid: number): void {
    for (const name of keywords) {
      const key = keywordKey(name);
      const known = this.#uids.get(key);
      if (known === undefined) this.#uids.set(key, { name, uids: [uid] });
      else known.uids.push(uid);
    }
  }

  /** By name, UIDs ascending. */
  byName(): Map<string, number[]> {
    const sorted = new Map<string, number[]>();
    for (const { name, uids } of this.#uids.values()) {
      sorted.set(name, uids.sort((a, b) => a - b));
    }
    return sorted;
  }
}

/** Collects the changes of one batch; no mail is changed twice in it. */
export class BatchRecords {
  readonly #entries: NewEntry[] = [];
  readonly #flags: { uid: number; add: number; remove: number }[] = [];
  readonly #added = new KeywordUids();
  readonly #removed = new KeywordUids();
  readonly #expunged: { uid: number; guid: Uint8Array }[] = [];
  readonly #header: [at: number, value: number][] = [];

  /** A new mail; UIDs ascend. */
  append(entry: NewEntry): void {
    this.#entries.push(entry);
    this.#added.add(entry.keywords, entry.uid);
  }

  /** A change of a mail that is there; what changes nothing gives no record. */
  update(uid: number, add: number, remove: number, added: Keywords, removed: Keywords): void {
    if ((add | remove) !== 0) this.#flags.push({ uid, add, remove });
    this.#added.add(added, uid);
    this.#removed.add(removed, uid);
  }

  /** An expunge of a mail that is there. */
  expunge(uid: number, guid: Uint8Array): void {
    this.#expunged.push({ uid, guid });
  }

  /** Sets a field of the base header. */
  setHeader(at: number, value: number): void {
    this.#header.push([at, value]);
  }

  /** The records; `pop3Flags` are those that `mdbox-hdr` has. */
  records(pop3Flags: number): readonly LogRecord[] {
    const byUid = (a: { uid: number }, b: { uid: number }) => a.uid - b.uid;
    const flags = this.#flags.sort(byUid);
    const expunged = this.#expunged.sort(byUid);
    return [
      ...this.#appends(pop3Flags),
      ...(flags.length > 0 ? [updateFlags(flags)] : []),
      ...updateKeywords("remove", this.#removed.byName()),
      ...updateKeywords("add", this.#added.byName()),
      ...(expunged.length > 0
        ? [expungeMails(Uint32Array.from(expunged, ({ uid }) => uid), packed(expunged))]
        : []),
      ...(this.#header.length > 0 ? [setHeader(this.#header)] : []),
    ];
  }

  #appends(pop3Flags: number): readonly LogRecord[] {
    const entries = this.#entries;
    if (entries.length === 0) return [];
    const uids = Uint32Array.from(entries, ({ uid }) => uid);
    const mails = new Uint8Array(MDBOX.recordSize * entries.length);
    entries.forEach(({ mapUid, savedAt }, i) => {
      encodeMdboxRecord(mails, i * MDBOX.recordSize, mapUid, savedAt);
    });
    return [
      appendMails(uids, Uint8Array.from(entries, ({ flags }) => flags)),
      ...setExtensionRecords(MDBOX, uids, mails),
      ...setExtensionRecords(GUID, uids, packed(entries)),
      ...this.#pop3(pop3Flags),
    ];
  }

  /** Dovecot asks a record for P and O only where these headers say that it may have them. */
  #pop3(pop3Flags: number): readonly LogRecord[] {
    const last = this.#entries.findLast(({ pop3 }) => pop3 !== 0);
    if (last === undefined) return [];
    const all = this.#entries.reduce((flags, { pop3 }) => flags | pop3, pop3Flags);
    const flags = all & (HAVE_POP3_UIDLS | HAVE_POP3_ORDERS);
    return [
      ...(flags === pop3Flags
        ? []
        : setExtensionHeader(MDBOX_HEADER, Uint8Array.of(flags), MDBOX_HEADER_FLAGS_OFFSET)),
      ...setExtensionHeader(POP3_UIDL_HEADER, encodePop3UidlHeader(last.uid)),
    ];
  }
}

const packed = (mails: readonly { readonly guid: Uint8Array }[]): Uint8Array => {
  const bytes = new Uint8Array(16 * mails.length);
  mails.forEach(({ guid }, i) => bytes.set(guid, i * 16));
  return bytes;
};

/** The header fields that a sync may raise. */
export const RAISED = { uidNext: HEADER_AT.nextUid, firstRecentUid: HEADER_AT.firstRecentUid };
