/**
 * Comparing two stores in everything that both can hold, bytes included.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, withPlace } from "../model/error.ts";
import { flagNames, sameKeywords } from "../model/flags.ts";
import type { MailboxGuid, Uid } from "../model/ids.ts";
import type { Body, Mail, MailRecord } from "../model/mail.ts";
import { type MailboxName, type MailboxTree, nameKey } from "../model/mailbox.ts";
import { sameGuid } from "../codec/guid.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { collect, fromArray } from "../stream/chunks.ts";
import { mergeJoin } from "../stream/merge_join.ts";

/** One difference: where, and what is there on each side. */
export interface Finding {
  /** The mailbox, or null where the difference is of the account. */
  readonly mailbox: MailboxName | null;
  /** The message, or null where the difference is of the mailbox. */
  readonly uid: Uid | null;
  /** The field: "name", "subscription", "guid", "uidvalidity", "uidnext", "flags", "keywords", "received", "bytes" ... */
  readonly field: string;
  /** What the left side has; null: nothing. */
  readonly left: string | null;
  /** What the right side has; null: nothing. */
  readonly right: string | null;
}

/** What a comparison came to. */
export interface Comparison {
  /** Mailboxes that both sides have. */
  readonly mailboxes: number;
  /** Mails that both sides have. */
  readonly mails: number;
  /** Their stored bytes, each counted once. */
  readonly bytes: number;
  /** Every difference, mailboxes in order of names, mails by UID. */
  readonly findings: readonly Finding[];
}

const joinPieces = async (body: Body): Promise<Uint8Array> => {
  if (Array.isArray(body) && body.length === 1) return body[0] as Uint8Array;
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    pieces.push(piece.slice());
    size += piece.length;
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
};

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

type Find = (uid: Uid | null, field: string, left: string | null, right: string | null) => void;

const compareFields = (
  find: Find,
  uid: Uid | null,
  fields: readonly (readonly [string, unknown, unknown])[],
) => {
  for (const [field, left, right] of fields) {
    if (left !== right) find(uid, field, String(left), String(right));
  }
};

const compareRecords = (find: Find, a: MailRecord, b: MailRecord): void => {
  if (!sameGuid(a.guid, b.guid)) find(a.uid, "guid", a.guid, b.guid);
  if (a.flags !== b.flags) {
    find(a.uid, "flags", flagNames(a.flags).join(" "), flagNames(b.flags).join(" "));
  }
  if (!sameKeywords(a.keywords, b.keywords)) {
    find(a.uid, "keywords", a.keywords.join(" "), b.keywords.join(" "));
  }
};

const fetchOne = async (mailbox: Mailbox, uid: Uid): Promise<E.Either<SyncError, Mail>> => {
  const got = await collect(mailbox.fetch(fromArray([uid])))();
  if (E.isLeft(got)) return got;
  const [answer] = got.right;
  return answer?._tag === "Mail" ? E.right(answer.mail) : E.left(answer!.error);
};

const compareMails = async (
  find: Find,
  left: Mailbox,
  right: Mailbox,
  uid: Uid,
): Promise<number> => {
  const a = await fetchOne(left, uid);
  const b = await fetchOne(right, uid);
  if (E.isLeft(a) || E.isLeft(b)) {
    find(uid, "readable", E.isLeft(a) ? a.left.what : "yes", E.isLeft(b) ? b.left.what : "yes");
    return 0;
  }
  compareFields(find, uid, [
    ["guid", a.right.guid, b.right.guid],
    ["received", a.right.receivedAt, b.right.receivedAt],
    ["pop3 uidl", a.right.pop3Uidl, b.right.pop3Uidl],
    ["pop3 order", a.right.pop3Order, b.right.pop3Order],
  ]);
  const bytes = await joinPieces(a.right.body);
  if (!sameBytes(bytes, await joinPieces(b.right.body))) {
    find(uid, "bytes", `${a.right.size} bytes`, `${b.right.size} bytes, not the same`);
  }
  return bytes.length;
};

const compareMailboxes = (
  left: Mailbox,
  right: Mailbox,
  find: Find,
): TaskEither<SyncError, { readonly mails: number; readonly bytes: number }> =>
async () => {
  compareFields(find, null, [
    ["guid", left.status.guid, right.status.guid],
    ["uidvalidity", left.status.uidValidity, right.status.uidValidity],
    ["uidnext", left.status.uidNext, right.status.uidNext],
  ]);
  let mails = 0;
  let bytes = 0;
  const uidOf = (record: MailRecord): number => record.uid;
  const joined = await collect(mergeJoin(left.records(), right.records(), uidOf, uidOf))();
  if (E.isLeft(joined)) return joined;
  for (const pair of joined.right) {
    if (pair._tag === "OnlyLeft") find(pair.left.uid, "mail", pair.left.guid, null);
    else if (pair._tag === "OnlyRight") find(pair.right.uid, "mail", null, pair.right.guid);
    else {
      compareRecords(find, pair.left, pair.right);
      bytes += await compareMails(find, left, right, pair.left.uid);
      mails++;
    }
  }
  return E.right({ mails, bytes });
};

const guidsByName = (
  tree: MailboxTree,
): ReadonlyMap<string, { name: MailboxName; guid: MailboxGuid | null }> =>
  new Map(
    tree.nodes.filter((node) => node._tag !== "Directory").map((node) => [
      nameKey(node.name),
      { name: node.name, guid: node._tag === "Mailbox" ? node.guid : null },
    ]),
  );

/**
 * Compares two stores: names, subscriptions, and of each mailbox GUID, UIDVALIDITY, UIDNEXT, and of each mail GUID,
 * flags, keywords, received date, POP3 UIDL and order, and bytes. MODSEQs are not compared. Both sides are only read.
 * Cost: every byte of both sides; memory: the records of one mailbox and one mail of each side.
 */
export const compareStores =
  (left: Store, right: Store): TaskEither<SyncError, Comparison> => async () => {
    const l = await left.tree();
    if (E.isLeft(l)) return l;
    const r = await right.tree();
    if (E.isLeft(r)) return r;
    const findings: Finding[] = [];
    const a = guidsByName(l.right);
    const b = guidsByName(r.right);
    const total = { mailboxes: 0, mails: 0, bytes: 0 };
    for (const key of [...new Set([...a.keys(), ...b.keys()])].sort()) {
      const mine = a.get(key);
      const yours = b.get(key);
      const name = (mine ?? yours)!.name;
      const find: Find = (uid, field, leftValue, rightValue) =>
        findings.push({ mailbox: name, uid, field, left: leftValue, right: rightValue });
      const [x, y] = [mine?.guid ?? null, yours?.guid ?? null];
      if (x === null || y === null) {
        find(null, "name", mine?.name ?? null, yours?.name ?? null);
        continue;
      }
      const end = await left.withMailbox(
        x,
        (one) => right.withMailbox(y, (two) => compareMailboxes(one, two, find)),
      )();
      if (E.isLeft(end)) return E.left(withPlace(end.left, { mailbox: name }));
      total.mailboxes++;
      total.mails += end.right.mails;
      total.bytes += end.right.bytes;
    }
    const subscribed = [l.right, r.right].map((tree) => new Set(tree.subscriptions.map(nameKey)));
    for (const key of new Set([...subscribed[0]!, ...subscribed[1]!])) {
      const [x, y] = subscribed.map((names) => names.has(key) ? key : null);
      if (x !== y) {
        findings.push({ mailbox: null, uid: null, field: "subscription", left: x!, right: y! });
      }
    }
    return E.right({ ...total, findings });
  };

/** A comparison that finds nothing. */
export const isEqual = (comparison: Comparison): boolean => comparison.findings.length === 0;
