/**
 * A mailbox of the other end as the source of a backup: what it tells of its mails, and those that this end lacks as they
 * arrive. To the pipeline it is a mailbox like any other.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { guid128Hex } from "../codec/guid.ts";
import type { MailboxNumbers, MailChange, MailRequest } from "../codec/dsync_wire_item.ts";
import { type SyncError, syncError } from "../model/error.ts";
import { type Uid, uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { MailboxName } from "../model/mailbox.ts";
import type { Fetched, Mailbox } from "../port/store.ts";
import { type Chunks, collect, empty, failStream, fromArray } from "../stream/chunks.ts";
import { toldSide } from "../sync/wire_mailbox.ts";
import { mailKey } from "../sync/exchange_plan.ts";
import type { Arrivals } from "./arrivals.ts";

/** The mailbox that a backup will change or replace, as far as its mails may be used again. */
export interface Reusable {
  /** The mailbox; null: there is none. */
  readonly mailbox: Mailbox | null;
  /** Its mails by the 128-bit form of their GUID. */
  readonly uids: ReadonlyMap<string, number>;
}

/** No mailbox to take mails from. */
export const NOTHING_TO_REUSE: Reusable = { mailbox: null, uids: new Map() };

/** Looks through a mailbox for mails that need not be sent again. */
export const reusable = async (mailbox: Mailbox): Promise<Reusable> => {
  const records = await collect(mailbox.records())();
  if (E.isLeft(records)) return failStream(records.left);
  return {
    mailbox,
    uids: new Map(records.right.map((record) => [guid128Hex(record.guid), record.uid])),
  };
};

/** The mails that have to be asked for: each once, however many copies of it there are. */
export const lacking = (
  changes: readonly MailChange[],
  { uids }: Reusable,
): readonly MailRequest[] => {
  const asked = new Map<string, MailRequest>();
  for (const { type, guid, uid } of changes) {
    if (type === "e" || (guid !== null && guid !== "" && uids.has(guid128Hex(guid)))) continue;
    const key = mailKey({ guid, uid });
    if (!asked.has(key)) {
      asked.set(key, { _tag: "MailRequest", guid: guid === "" ? null : guid, uid });
    }
  }
  return [...asked.values()];
};

/**
 * How often each mail may be got: once for each copy, and once more where the destination has passed its UID and has to
 * be asked whether it can be read at all.
 */
export const uses = (
  changes: readonly MailChange[],
  destination: Mailbox | null,
): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const change of changes) {
    if (change.type === "e") continue;
    const key = mailKey(change);
    const passed = destination !== null && change.uid < destination.status.uidNext;
    counts.set(key, (counts.get(key) ?? 0) + (passed ? 2 : 1));
  }
  return counts;
};

/** The mailbox `name` of the other end. Mails that `reuse` has are read from there. */
export const wireSource = (
  name: MailboxName,
  numbers: MailboxNumbers,
  changes: readonly MailChange[],
  reuse: Reusable,
  arrivals: Arrivals,
): Mailbox => {
  const { status, records } = toldSide(numbers, changes);
  const byUid = new Map(records.map((record) => [record.uid as number, record]));
  const fetchOne = async (at: Uid): Promise<Fetched> => {
    const record = byUid.get(at);
    const lost = (what: string): Fetched => ({
      _tag: "Lost",
      uid: at,
      error: syncError("Changed", "message", { mailbox: name, uid: at }, what),
    });
    if (record === undefined) return lost("there is no such mail");
    const reused = await reusedMail(reuse, record);
    if (reused !== null) return reused;
    const mail = await arrivals.get(mailKey(record));
    return mail === null
      ? lost("the other end lost the mail while it was synced")
      : { _tag: "Mail", mail: { ...mail, uid: at, guid: record.guid } };
  };
  return {
    name,
    status: { ...status, messages: records.length },
    problems: [],
    historyComplete: false,
    moment: "",
    records: () => fromArray(records),
    changes: () => empty(),
    fetch: async function* (wanted: Chunks<Uid, SyncError>) {
      for await (const uids of wanted) for (const at of uids) yield [await fetchOne(at)];
    },
    apply: () => failStream(syncError("Unsafe", "run", {}, "the source of a backup is only read")),
  };
};

/** The mail of a record out of the mailbox that is to be replaced; null: it is not there, or cannot be read. */
const reusedMail = async (
  { mailbox, uids }: Reusable,
  record: MailRecord,
): Promise<Fetched | null> => {
  const at = record.guid === "" ? undefined : uids.get(guid128Hex(record.guid));
  if (mailbox === null || at === undefined) return null;
  const found = await collect(mailbox.fetch(fromArray([uid(at)])))();
  const answer = E.isRight(found) ? found.right[0] : undefined;
  if (answer?._tag !== "Mail") {
    return {
      _tag: "Lost",
      uid: record.uid,
      error: answer?.error ??
        syncError("Changed", "message", { uid: at }, "the mail cannot be read any more"),
    };
  }
  return { _tag: "Mail", mail: { ...answer.mail, uid: record.uid } };
};
