/**
 * Comparing two stores in everything that both can hold, on wish with every byte.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { sameGuid } from "../codec/guid.ts";
import { bodyDigest, type Digest, type DigestedMail, mailboxDigest } from "../codec/mail_digest.ts";
import { attributeId } from "../model/attribute.ts";
import type { Comparison, Finding, MailboxDigests } from "../model/comparison.ts";
import { type SyncError, withPlace } from "../model/error.ts";
import { flagNames } from "../model/flags.ts";
import { type Uid, uid as asUid } from "../model/ids.ts";
import type { Mail, MailRecord } from "../model/mail.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { type Chunks, drain, fromArray } from "../stream/chunks.ts";
import { mergeJoin } from "../stream/merge_join.ts";
import { type NamePair, pairNames, pairSubscriptions } from "../sync/pair_names.ts";
import { recordKey } from "../sync/record_key.ts";
import type { WantedMailbox } from "../sync/select_mailboxes.ts";
import { listBoth } from "./attributes.ts";
import { endsRun, sideOf } from "./run.ts";
import { beside, type WantedKeyword } from "./partial_keywords.ts";
import { underOptions } from "./supervised.ts";

/** How far a comparison goes. */
export interface CompareOptions {
  /** False: what indexes hold is compared, and no mail is read: no dates, POP3 UIDLs and bytes. */
  readonly bytes?: boolean;
  /** Which mailboxes and subscriptions are compared; absent: all. */
  readonly mailboxes?: WantedMailbox;
  /** Which keywords are compared; absent: all. */
  readonly keywords?: WantedKeyword;
  /** Ends it at the next chunk of mails when it is aborted: it fails. */
  readonly signal?: AbortSignal;
}

type Find = (uid: Uid | null, field: string, left: string | null, right: string | null) => void;

/** What is compared of one mail: its record, and by name what was read of it; the GUID in full where it was read. */
interface Described {
  readonly record: MailRecord;
  readonly more: readonly (readonly [string, string])[];
  /** Its saved date; null: not read, or none. Not in the digest, which is the same in a format that keeps none. */
  readonly savedAt: number | null;
}

const describeMail = async (record: MailRecord, mail: Mail): Promise<Described> => {
  const digest = bodyDigest();
  for await (const piece of mail.body) digest.take(piece);
  return {
    record: { ...record, guid: mail.guid },
    savedAt: mail.savedAt,
    more: [
      ["received", String(mail.receivedAt)],
      ["pop3 uidl", String(mail.pop3Uidl)],
      ["pop3 order", String(mail.pop3Order)],
      ["bytes", `${mail.size} bytes, SHA-256 ${digest.end()}`],
    ],
  };
};

/** The mails of a chunk, read. */
const readMails = async (
  mailbox: Mailbox,
  records: readonly MailRecord[],
  count: (bytes: number) => void,
): Promise<readonly Described[]> => {
  const read: Described[] = [];
  for await (const chunk of mailbox.fetch(fromArray(records.map(({ uid }) => uid)))) {
    for (const one of chunk) {
      const record = records[read.length]!;
      if (one._tag === "Lost") {
        read.push({ record, more: [["readable", one.error.what]], savedAt: null });
      } else {
        read.push(await describeMail(record, one.mail));
        count(one.mail.size);
      }
    }
  }
  return read;
};

/** The mails of a mailbox with what is compared of them, in the order of UIDs; the digest takes in each. */
const describeMails = async function* (
  mailbox: Mailbox,
  digest: Digest<DigestedMail>,
  withBytes: boolean,
  count: (bytes: number) => void,
): AsyncGenerator<readonly Described[]> {
  for await (const records of mailbox.records()) {
    const described = withBytes
      ? await readMails(mailbox, records, count)
      : records.map((record): Described => ({ record, more: [], savedAt: null }));
    for (const { record, more } of described) {
      digest.take({ ...record, more: more.map(([, value]) => value) });
    }
    yield described;
  }
};

const sameMore = (a: Described["more"], b: Described["more"]): boolean =>
  a.length === b.length &&
  a.every(([field, value], i) => field === b[i]![0] && value === b[i]![1]);

/** Whether keywords are the same letter by letter; `sameKeywords` of the model ignores case. */
const sameSpelling = (a: MailRecord, b: MailRecord): boolean =>
  a.keywords === b.keywords ||
  (a.keywords.length === b.keywords.length &&
    a.keywords.every((name, i) => name === b.keywords[i]));

/** What was read of a mail has its GUID in full. */
const isSameGuid = (a: Described, b: Described): boolean =>
  a.more.length > 1 && b.more.length > 1
    ? a.record.guid === b.record.guid
    : sameGuid(a.record.guid, b.record.guid);

/** What is compared. */
interface Fields {
  /** Whether mails are read. */
  readonly withBytes: boolean;
  /** Whether both formats keep saved dates. */
  readonly savedDates: boolean;
}

/** A mail that was not told when it was saved has nothing to compare. */
const isSavedOtherwise = (a: Described, b: Described): boolean =>
  a.savedAt !== b.savedAt && a.savedAt !== null && b.savedAt !== null;

const isSame = (a: Described, b: Described, { savedDates }: Fields): boolean =>
  a.record.flags === b.record.flags && sameSpelling(a.record, b.record) &&
  isSameGuid(a, b) && sameMore(a.more, b.more) &&
  !(savedDates && isSavedOtherwise(a, b));

/** Names each field in which two mails of one UID differ. */
const findFields = (find: Find, a: Described, b: Described, { savedDates }: Fields): void => {
  const { uid } = a.record;
  if (!isSameGuid(a, b)) find(uid, "guid", a.record.guid, b.record.guid);
  const flagsOf = ({ record }: Described): string => flagNames(record.flags).join(" ");
  if (a.record.flags !== b.record.flags) find(uid, "flags", flagsOf(a), flagsOf(b));
  const keywordsOf = ({ record }: Described): string => record.keywords.join(" ");
  if (!sameSpelling(a.record, b.record)) find(uid, "keywords", keywordsOf(a), keywordsOf(b));
  const [left, right] = [new Map(a.more), new Map(b.more)];
  if (left.has("readable") || right.has("readable")) {
    return find(uid, "readable", left.get("readable") ?? "yes", right.get("readable") ?? "yes");
  }
  if (savedDates && isSavedOtherwise(a, b)) {
    find(uid, "saved", String(a.savedAt), String(b.savedAt));
  }
  for (const [field, value] of left) {
    const other = right.get(field) ?? null;
    if (value !== other) find(uid, field, value, other);
  }
};

const compareAttributes = async (
  find: Find,
  left: Mailbox,
  right: Mailbox,
): Promise<Either<SyncError, void>> => {
  const both = await listBoth(left, right);
  if (E.isLeft(both)) return both;
  const [mine, yours] = (both.right ?? [[], []]).map((all) =>
    new Map(all.map((one) => [attributeId(one), one.value]))
  );
  for (const id of new Set([...mine!.keys(), ...yours!.keys()])) {
    const [x, y] = [mine!.get(id) ?? null, yours!.get(id) ?? null];
    if (x !== y) find(null, `attribute ${id}`, x, y);
  }
  return E.right(undefined);
};

interface Compared {
  readonly mails: number;
  readonly bytes: number;
  readonly left: string;
  readonly right: string;
}

const numbersOf = ({ status }: Mailbox): readonly (readonly [string, string])[] => [
  ["guid", status.guid],
  ["uidvalidity", String(status.uidValidity)],
  ["uidnext", String(status.uidNext)],
];

const uidOf = ({ record }: Described): Uid => record.uid;

const compareMailboxes = (
  left: Mailbox,
  right: Mailbox,
  find: Find,
  fields: Fields,
): TaskEither<SyncError, Compared> =>
async () => {
  const [mine, yours] = [numbersOf(left), numbersOf(right)];
  mine.forEach(([field, value], i) => {
    if (value !== yours[i]![1]) find(null, field, value, yours[i]![1]);
  });
  const uidOfProblem = ({ where: { uid } }: SyncError): Uid | null =>
    uid === undefined ? null : asUid(uid);
  for (const problem of left.problems) find(uidOfProblem(problem), "readable", problem.what, null);
  for (const problem of right.problems) find(uidOfProblem(problem), "readable", null, problem.what);
  const digests = [mine, yours].map((numbers) => mailboxDigest(numbers.map(([, value]) => value)));
  let [mails, bytes] = [0, 0];
  const add = (size: number): void => void (bytes += size);
  const describe = (mailbox: Mailbox, digest: Digest<DigestedMail>, count: typeof add) =>
    describeMails(mailbox, digest, fields.withBytes, count) as Chunks<Described, SyncError>;
  const joined = mergeJoin(
    describe(left, digests[0]!, add),
    describe(right, digests[1]!, () => {}),
    uidOf,
    uidOf,
    (a, b) => {
      mails++;
      return isSame(a, b, fields);
    },
  );
  const [hiddenLeft, hiddenRight] = [left, right].map(({ hidden }) =>
    new Set(hidden?.map(recordKey))
  );
  const end = await drain(joined, (pairs) => {
    for (const pair of pairs) {
      if (pair._tag === "Both") findFields(find, pair.left, pair.right, fields);
      else if (pair._tag === "OnlyLeft") {
        const { record } = pair.left;
        if (!hiddenRight!.has(recordKey(record))) find(record.uid, "mail", record.guid, null);
      } else {
        const { record } = pair.right;
        if (!hiddenLeft!.has(recordKey(record))) find(record.uid, "mail", null, record.guid);
      }
    }
  })();
  if (E.isLeft(end)) return end;
  const attributes = await compareAttributes(find, left, right);
  if (E.isLeft(attributes)) return attributes;
  return E.right({ mails, bytes, left: digests[0]!.end(), right: digests[1]!.end() });
};

/** A name without a mailbox on either side is a matter of directories. */
const nameField = ({ left, right }: NamePair): "name" | "directory" =>
  [left, right].every((node) => node === null || node._tag === "Directory") ? "directory" : "name";

const nodeText = (node: NamePair["left"]): string | null =>
  node === null
    ? null
    : node._tag === "Mailbox"
    ? node.name
    : `${node.name} (${node._tag === "Damaged" ? "unreadable" : "no mailbox"})`;

/**
 * Compares two stores: names, subscriptions, and of each mailbox GUID, UIDVALIDITY, UIDNEXT and attributes, and of each
 * mail UID, GUID, flags and keywords in their spelling; with bytes also received date, saved date where both formats keep
 * one, POP3 UIDL and order, and content. MODSEQs are not compared, nor mails that the other side has and does not show.
 * Names that one side can only hold in another spelling count as the same. Nothing is written, but for what any opening
 * does: mails that are new to a Maildir get their UIDs. Cost: the indexes of both sides, with bytes every byte of both;
 * memory: some chunks of records, and one mail of each side.
 *
 * @example
 * ```ts
 * import { check } from "@dsync/dsync";
 * import { emptyState, memoryStore } from "@dsync/dsync/stores";
 * import * as E from "fp-ts/Either.js";
 *
 * const found = await check(memoryStore(emptyState()), memoryStore(emptyState()))();
 * if (E.isLeft(found) || found.right.findings.length > 0) throw new Error("nothing is like nothing");
 * ```
 */
export const compareStores = (
  leftStore: Store,
  rightStore: Store,
  { bytes: withBytes = true, mailboxes: isWanted = () => true, ...options }: CompareOptions = {},
): TaskEither<SyncError, Comparison> =>
async () => {
  const left = underOptions(beside(leftStore, rightStore), "left", options);
  const right = underOptions(beside(rightStore, leftStore), "right", options);
  const l = await left.tree();
  if (E.isLeft(l)) return l;
  const r = await right.tree();
  if (E.isLeft(r)) return r;
  const [mine, yours] = [sideOf(left, l.right), sideOf(right, r.right)];
  const fields = { withBytes, savedDates: left.caps.savedDates && right.caps.savedDates };
  const findings: Finding[] = [];
  const digests: MailboxDigests[] = [];
  let [mails, bytes] = [0, 0];
  for (const pair of pairNames(mine, yours)) {
    const name = (pair.left ?? pair.right)!.name;
    if (!isWanted(name)) continue;
    const find: Find = (uid, field, leftValue, rightValue) =>
      findings.push({ mailbox: name, uid, field, left: leftValue, right: rightValue });
    if (pair.differs) find(null, nameField(pair), nodeText(pair.left), nodeText(pair.right));
    if (pair.left?._tag !== "Mailbox" || pair.right?._tag !== "Mailbox") continue;
    const { guid } = pair.right;
    const end = await left.withMailbox(
      pair.left.guid,
      (one) => right.withMailbox(guid, (two) => compareMailboxes(one, two, find, fields)),
    )();
    if (E.isLeft(end)) {
      if (endsRun(end.left)) return E.left(withPlace(end.left, { mailbox: name }));
      find(null, "readable", end.left.what, end.left.what);
      continue;
    }
    mails += end.right.mails;
    bytes += end.right.bytes;
    digests.push({ mailbox: name, left: end.right.left, right: end.right.right });
  }
  for (const only of pairSubscriptions(mine, yours)) {
    if (!isWanted((only.left ?? only.right)!)) continue;
    findings.push({ mailbox: null, uid: null, field: "subscription", ...only });
  }
  return E.right({ mailboxes: digests.length, mails, bytes, digests, findings });
};

/** A comparison that finds nothing. */
export const isEqual = (comparison: Comparison): boolean => comparison.findings.length === 0;
