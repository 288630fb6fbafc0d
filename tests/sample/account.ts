/**
 * An account as data: mailboxes and mails, before any format is chosen for them.
 *
 * @module
 */
import { mailBytes, type MailKind, SMALL_KINDS } from "./mails.ts";
import { type Random, random } from "./random.ts";

/** One mail in one mailbox. */
export interface SampleMail {
  /** Its UID. */
  readonly uid: number;
  /** Letters of its Maildir flags, sorted: of D F R S T. */
  readonly flags: string;
  /** Keyword names. */
  readonly keywords: readonly string[];
  /** Received date, seconds since 1970. */
  readonly received: number;
  /** What is particular about it. */
  readonly kind: MailKind;
  /** An explicit GUID; null: the file's base name. Two mails may share one. */
  readonly guid: string | null;
  /** An explicit POP3 UIDL and order, or null. */
  readonly pop3: { readonly uidl: string; readonly order: number } | null;
  /** Nobody has seen it: it lies in new/. */
  readonly isNew: boolean;
  /** A copy of this mail of this mailbox (made before it): its bytes, date and GUID. */
  readonly copyOf: { readonly mailbox: string; readonly uid: number } | null;
  /** The bytes; made anew on each call, the same each time. */
  readonly bytes: () => Uint8Array;
}

/** One name of the tree. */
export interface SampleMailbox {
  /** Parts joined with "/". */
  readonly name: string;
  /** 32 hex digits. */
  readonly guid: string;
  /** UIDVALIDITY. */
  readonly uidValidity: number;
  /** UIDNEXT: above all UIDs. */
  readonly uidNext: number;
  /** Ascending by UID. */
  readonly mails: readonly SampleMail[];
}

/** A whole account. Parents that are not among the mailboxes are \NoSelect. */
export interface SampleAccount {
  /** INBOX first. */
  readonly mailboxes: readonly SampleMailbox[];
  /** Subscribed names. */
  readonly subscriptions: readonly string[];
}

/** What an account shall hold. */
export interface SampleWish {
  /** Everything follows from it. */
  readonly seed: number;
  /** How many mails in all, about. */
  readonly mails: number;
  /** Whether names may have dots in their parts (not in Maildir++). */
  readonly dots: boolean;
  /** Kinds that occur once each, in the INBOX. */
  readonly once?: readonly MailKind[];
}

/** The names; "Projects" and "Ärzte" are nobody's mailbox: \NoSelect. */
export const SAMPLE_NAMES: readonly string[] = [
  "INBOX",
  "Archive",
  "Archive/2023",
  "Archive/2024/Q1",
  "Archive/2024",
  "Entwürfe",
  "Entwürfe/日本語",
  "Projects/dsync/β & γ",
  "Ärzte/Rechnungen",
  "with space",
  "100% sure? (yes!) [~]",
  "Büro\u0308cher",
  "Empty",
];

/** Names that need LAYOUT=fs or mdbox. */
export const DOTTED_NAMES: readonly string[] = [
  "lists.debian.org",
  "lists.debian.org/v1.2",
  "a.b/c.d",
];

/** 26 keywords: as many as Maildir file names can hold. */
export const SAMPLE_KEYWORDS: readonly string[] = [
  "$Forwarded",
  "NonJunk",
  "$MDNSent",
  "Work",
  "$label1",
  "urgent!",
  ...Array.from({ length: 20 }, (_, i) => `kw-${i}`),
];

const flagsOf = (chance: Random): string =>
  [..."DFRST"].filter((letter) => chance.chance(letter === "S" ? 70 : 15)).join("");

const sampleMail = (
  chance: Random,
  uid: number,
  mailbox: string,
  kind: MailKind,
): SampleMail => {
  const seed = chance.int(0x7fffffff);
  const flags = flagsOf(chance);
  const isNew = chance.chance(10);
  const own = chance.chance(10);
  return {
    uid,
    flags: isNew ? "" : flags,
    keywords: isNew || chance.chance(60) ? [] : SAMPLE_KEYWORDS.filter(() => chance.chance(8)),
    received: chance.chance(5) ? 946684799 : 1_600_000_000 + chance.int(150_000_000),
    kind,
    guid: own ? (chance.chance(50) ? chance.hex(32) : `made-by-hand.${chance.hex(8)}`) : null,
    pop3: chance.chance(4) ? { uidl: `uidl-${chance.hex(6)}`, order: 1 + chance.int(1000) } : null,
    isNew,
    copyOf: null,
    bytes: () => mailBytes(random(seed), kind, `${mailbox}#${uid}`),
  };
};

const copyOf = (chance: Random, uid: number, mailbox: string, mail: SampleMail): SampleMail => ({
  ...mail,
  uid,
  flags: flagsOf(chance),
  keywords: SAMPLE_KEYWORDS.filter(() => chance.chance(5)),
  pop3: null,
  isNew: false,
  copyOf: { mailbox, uid: mail.uid },
});

/** UIDs with gaps: about every fifth is left out, and one mailbox jumps near the top of the range. */
const nextUid = (chance: Random, last: number): number =>
  last + 1 + (chance.chance(20) ? 1 + chance.int(40) : 0);

/** Makes an account. The same wish gives the same account, byte for byte. */
export const sampleAccount = (wish: SampleWish): SampleAccount => {
  const chance = random(wish.seed);
  const names = wish.dots ? [...SAMPLE_NAMES, ...DOTTED_NAMES] : SAMPLE_NAMES;
  const filled = names.filter((name) => name !== "Empty");
  const mailboxes: SampleMailbox[] = [];
  for (const name of names) {
    const share = name === "Empty"
      ? 0
      : name === "INBOX"
      ? Math.ceil(wish.mails / 3)
      : Math.ceil(wish.mails * 2 / 3 / (filled.length - 1));
    const mails: SampleMail[] = [];
    const wanted: MailKind[] = name === "INBOX" ? [...SMALL_KINDS, ...wish.once ?? []] : [];
    let last = name === "Archive/2023" ? 4_000_000_000 : 0;
    for (let i = 0; i < Math.max(share, wanted.length); i++) {
      last = nextUid(chance, last);
      const kind = wanted[i] ?? chance.pick(SMALL_KINDS);
      const from = i >= wanted.length && chance.chance(8)
        ? chance.pick([...mailboxes, { name, mails }])
        : { name, mails: [] };
      const original = from.mails.length > 0 ? chance.pick(from.mails) : null;
      mails.push(
        original === null || original.kind === "huge"
          ? sampleMail(chance, last, name, kind)
          : copyOf(chance, last, from.name, original),
      );
    }
    mailboxes.push({
      name,
      guid: chance.hex(32),
      uidValidity: 1_700_000_000 + mailboxes.length,
      uidNext: last + 1 + chance.int(3),
      mails,
    });
  }
  return {
    mailboxes,
    subscriptions: [
      "INBOX",
      "Archive/2024",
      "Entwürfe/日本語",
      "Projects/dsync/β & γ",
      "Gone/long ago",
    ],
  };
};
