/**
 * How a mailbox stands while operations change it: what a look has shown, and what was done since.
 *
 * @module
 */
import { type UidlistEntry, UidlistLines } from "../../codec/maildir_uidlist_lines.ts";
import { type MaildirMail, MailTable } from "./mail_table.ts";
import type { Snapshot } from "./snapshot.ts";

/** The mails and lines of a mailbox, as they are now. Those of a look stay as they are; memory is for what was done. */
export class StandingMails {
  readonly #seen: MailTable;
  readonly #seenLines: UidlistLines;
  /** Base names of files without a line. */
  readonly #unlisted: ReadonlySet<string>;
  readonly #addedLines: UidlistLines;
  readonly #added: MailTable;
  /** Mails that have become others, or null where they are gone, by UID. */
  readonly #changed = new Map<number, MaildirMail | null>();

  /** As a look has shown it; `seed` as for `UidlistLines`. */
  constructor({ merged, uidlist }: Pick<Snapshot, "merged" | "uidlist">, seed: number) {
    this.#addedLines = new UidlistLines(seed);
    this.#added = new MailTable(this.#addedLines);
    this.#seen = merged.mails;
    this.#seenLines = uidlist?.entries ?? new UidlistLines();
    this.#unlisted = new Set(merged.discord.unlisted);
  }

  /** The mail of a UID. */
  get(uid: number): MaildirMail | undefined {
    const changed = this.#changed.get(uid);
    if (changed !== undefined) return changed ?? undefined;
    return this.#seen.find(uid) ?? this.#added.find(uid);
  }

  /** Whether a base name belongs to a line or a file. */
  isTaken(base: string): boolean {
    return this.#unlisted.has(base) || this.#isIn(this.#seenLines, base) ||
      this.#isIn(this.#addedLines, base);
  }

  #isIn(lines: UidlistLines, base: string): boolean {
    const row = lines.rowOf(base);
    return row >= 0 && this.#changed.get(lines.uidAt(row)) !== null;
  }

  /** Adds mails, whose UIDs ascend and are above all there. */
  add(mails: readonly MaildirMail[]): void {
    if (mails.length === 0) return;
    let row = this.#addedLines.length;
    this.#addedLines.append(mails.map(({ entry }) => entry));
    for (const { ending, flags, keywords, modSeq } of mails) {
      this.#added.push(row++, ending, flags, keywords, modSeq);
    }
  }

  /** A mail has become another, of the same UID and line. */
  change(mail: MaildirMail): void {
    this.#changed.set(mail.uid, mail);
  }

  /** A mail is gone, and its line. */
  drop(uid: number): void {
    this.#changed.set(uid, null);
  }

  /** All lines, ascending by UID; also of mails that others want expunged. */
  *lines(): Generator<UidlistEntry> {
    for (const lines of [this.#seenLines, this.#addedLines]) {
      for (let row = 0; row < lines.length; row++) {
        if (this.#changed.get(lines.uidAt(row)) !== null) yield lines.at(row);
      }
    }
  }

  /** All mails, ascending by UID. */
  *mails(): Generator<MaildirMail> {
    for (const mails of [this.#seen, this.#added]) {
      for (const mail of mails) {
        const now = this.#changed.get(mail.uid);
        if (now !== null) yield now ?? mail;
      }
    }
  }
}
