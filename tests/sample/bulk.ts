/**
 * Many plain mails of a given size: what speed and memory are measured with.
 *
 * @module
 */
import type { SampleAccount, SampleMail, SampleMailbox } from "./account.ts";
import { type Random, random } from "./random.ts";

/** How much there shall be. */
export interface Bulk {
  /** Everything follows from it. */
  readonly seed: number;
  /** Mails in all. */
  readonly mails: number;
  /** Mailboxes they are spread over; the INBOX has half of the mails. */
  readonly mailboxes: number;
  /** Bytes of each mail, from 300 up. */
  readonly bytes: number;
}

const KEYWORDS: readonly string[] = ["$Forwarded", "NonJunk", "Work", "Later"];

/** A mail of exactly `length` bytes, in lines of 72. */
const bytesOf = (seed: number, uid: number, length: number): Uint8Array => {
  const head = `From: Ada <ada@example.org>\nTo: you@example.com\nSubject: bulk ${uid}\n` +
    `Date: Mon, 01 Jan 2024 00:00:00 +0000\nMessage-ID: <${uid}.${seed}@example.org>\n\n`;
  const whole = new Uint8Array(length);
  const start = new TextEncoder().encode(head);
  whole.set(start);
  let value = seed;
  for (let at = start.length; at < length; at++) {
    value = (Math.imul(value, 1103515245) + 12345) & 0x7fffffff;
    whole[at] = (at - start.length) % 72 === 71 || at === length - 1
      ? 10
      : 97 + ((value >>> 16) % 26);
  }
  return whole;
};

const bulkMail = (chance: Random, uid: number, bytes: number): SampleMail => {
  const seed = chance.int(0x7fffffff);
  return {
    uid,
    flags: [..."FRS"].filter((letter) => chance.chance(letter === "S" ? 80 : 10)).join(""),
    keywords: KEYWORDS.filter(() => chance.chance(10)),
    received: 1_600_000_000 + chance.int(150_000_000),
    kind: "plain",
    guid: null,
    pop3: null,
    isNew: false,
    copyOf: null,
    bytes: () => bytesOf(seed, uid, bytes),
  };
};

/** Makes such an account: INBOX, Box/1, Box/2 and so on, "Box" \NoSelect; all subscribed. */
export const bulkAccount = (bulk: Bulk): SampleAccount => {
  const chance = random(bulk.seed);
  const others = bulk.mailboxes - 1;
  const share = others === 0 ? 0 : Math.floor(bulk.mails / 2 / others);
  const mailboxes = Array.from({ length: bulk.mailboxes }, (_, i): SampleMailbox => {
    const mails = i === 0 ? bulk.mails - share * others : share;
    return {
      name: i === 0 ? "INBOX" : `Box/${i}`,
      guid: chance.hex(32),
      uidValidity: 1_700_000_000 + i,
      uidNext: mails + 1,
      mails: Array.from({ length: mails }, (_, m) => bulkMail(chance, m + 1, bulk.bytes)),
    };
  });
  return { mailboxes, subscriptions: mailboxes.map(({ name }) => name) };
};
