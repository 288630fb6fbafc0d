/**
 * What the micro benches are fed with: one mailbox of 20,000 mails, as each format has it. The same on every machine.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { joinBytes } from "../../lib/codec/byte_pieces.ts";
import type { MailChange, WireItem } from "../../lib/codec/dsync_wire_item.ts";
import { WireEncoder } from "../../lib/codec/dsync_wire_encoder.ts";
import { DONE, type LogRecord } from "../../lib/codec/index_record.ts";
import { encodeRecords } from "../../lib/codec/index_record_encode.ts";
import { encodeUidlist } from "../../lib/codec/maildir_uidlist.ts";
import {
  encodeFileHeader,
  encodeMessageHeader,
  encodeMetadata,
} from "../../lib/codec/mdbox_file.ts";
import { type Flags, NO_KEYWORDS, SEEN } from "../../lib/model/flags.ts";
import { type Guid, guid, mailboxGuid, modSeq, uid } from "../../lib/model/ids.ts";
import type { MailRecord } from "../../lib/model/mail.ts";
import type { MailboxStatus } from "../../lib/model/mailbox.ts";
import { random } from "../../tests/sample/random.ts";

/** How many mails. */
export const MAILS = 20_000;

const GUIDS: readonly Guid[] = (() => {
  const chance = random(1);
  return Array.from({ length: MAILS }, () => guid(chance.hex(32)));
})();

/** What every bench says of a Left: its input is wrong. */
export const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left));
  return either.right;
};

/** The mails, ascending by UID. */
export const RECORDS: readonly MailRecord[] = GUIDS.map((one, i) => ({
  uid: uid(i + 1),
  guid: one,
  flags: (i % 5 === 0 ? 0 : SEEN) as Flags,
  keywords: i % 10 === 0 ? ["Work"] : NO_KEYWORDS,
  modSeq: modSeq(BigInt(i + 1)),
}));

/** The numbers of the mailbox. */
export const STATUS: MailboxStatus = {
  guid: mailboxGuid("0".repeat(32)),
  uidValidity: 1,
  uidNext: MAILS + 1,
  messages: MAILS,
  firstRecentUid: 1,
  highestModSeq: modSeq(BigInt(MAILS + 1)),
  modSeqTracked: true,
};

/** Records of an index log, without its header: each mail is appended, and its flags change once. */
export const indexLog = (): Uint8Array => {
  const records = RECORDS.flatMap(({ uid }): LogRecord[] => {
    const uids = Uint32Array.of(uid);
    const [add, none] = [Uint8Array.of(SEEN), Uint8Array.of(0)];
    return [
      { _tag: "Append", uids, flags: none },
      { _tag: "FlagUpdate", uids: { first: uids, last: uids }, add, remove: none, force: none },
    ];
  });
  return encodeRecords(records, DONE);
};

/** A dovecot-uidlist. */
export const uidlist = (): Uint8Array =>
  encodeUidlist({
    uidValidity: 1,
    uidNext: MAILS + 1,
    guid: STATUS.guid,
    otherKeys: "",
    entries: RECORDS.map(({ uid }, i) => ({
      uid,
      keys: i % 10 === 0 ? `G${GUIDS[i]}` : "",
      name: `1600000000.M${String(i).padStart(6, "0")}P7.sample,S=5700,W=5780`,
    })),
  });

/** A file of an mdbox: its mails have no more than ten bytes, so that it is all headers and metadata. */
export const mdboxFile = (): Uint8Array => {
  const body = new Uint8Array(10).fill(97);
  return joinBytes([
    encodeFileHeader(1_600_000_000),
    ...GUIDS.flatMap((one) => [
      encodeMessageHeader(body.length),
      body,
      right(encodeMetadata({
        guid: one,
        receivedAt: 1_600_000_000,
        virtualSize: 12,
        pop3Uidl: null,
        pop3Order: null,
        mailbox: "INBOX",
      })),
    ]),
  ]);
};

const savedChange = (record: MailRecord): MailChange => ({
  _tag: "MailChange",
  type: "s",
  uid: record.uid,
  guid: record.guid,
  headerHash: null,
  modSeq: record.modSeq,
  privateModSeq: null,
  addFlags: null,
  removeFlags: null,
  finalFlags: record.flags,
  keywordsReset: false,
  keywordChanges: record.keywords.map((name) => `=${name}`),
  receivedAt: 1_600_000_000,
  virtualSize: null,
});

/** What a dsync says of the mails in Dovecot's protocol. */
export const WIRE_ITEMS: readonly WireItem[] = [
  { _tag: "Hello", minor: 5, extensions: [] },
  ...RECORDS.map(savedChange),
];

/** The same as bytes. */
export const wireBytes = (): Uint8Array => {
  const encoder = new WireEncoder();
  return joinBytes(WIRE_ITEMS.map((item) => right(encoder.encode(item))));
};
