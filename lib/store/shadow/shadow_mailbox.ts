/**
 * One mailbox of a shadow store: what it shows over the mailbox that lies below.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { attributeId, type MailboxAttribute } from "../../model/attribute.ts";
import type { LogChange } from "../../model/change.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import { type MailboxGuid, modSeq, type Uid } from "../../model/ids.ts";
import type { Mail, MailRecord } from "../../model/mail.ts";
import type { Outcome } from "../../model/operation.ts";
import { overlaid } from "../../port/overlaid.ts";
import type { Fetched, Mailbox, MailboxAttributes } from "../../port/store.ts";
import { type Chunks, collect, empty, failStream, filter, fromArray } from "../../stream/chunks.ts";
import { applyTo, type KeepMail, openMailbox } from "../memory/memory_mailbox.ts";
import type { StoredMailbox } from "../memory/memory_state.ts";

/** A mailbox that was written to. */
export class Shadow {
  /** The mailbox that lies below; null: none does. */
  readonly below: MailboxGuid | null;
  /** As it is now. */
  readonly box: StoredMailbox;
  /** Where mails that were moved are below; null: nowhere, they were saved here. */
  readonly origins = new Map<Uid, Uid | null>();
  /** Mails about which the log below is out of date. */
  readonly outdated = new Set<Uid>();
  /** Attributes that were set, by their ids; null: taken away. */
  readonly attributes = new Map<string, MailboxAttribute | null>();

  constructor(below: MailboxGuid | null, box: StoredMailbox) {
    this.below = below;
    this.box = box;
  }

  /** Where a mail is below. */
  origin(uid: Uid): Uid | null {
    const known = this.origins.get(uid);
    return known === undefined ? uid : known;
  }

  /** Follows what was done. */
  take(outcomes: readonly Outcome[]): void {
    for (const { _tag, operation } of outcomes) {
      if (_tag === "Refused") continue;
      if (operation._tag === "SaveMail") this.origins.set(operation.copy.uid as Uid, null);
      if (operation._tag === "RenumberMail") {
        this.origins.set(operation.newUid, this.origin(operation.uid));
      }
      if (operation._tag === "RenumberMail" || operation._tag === "Expunge") {
        this.outdated.add(operation.uid);
      }
    }
  }
}

/** Nothing has been read of it. */
const UNREAD: Omit<Mail, "uid" | "guid"> = {
  receivedAt: 0,
  savedAt: null,
  pop3Uidl: null,
  pop3Order: null,
  size: 0,
  copies: 1,
  body: [],
};

/** A mail is read to its end, as a real save reads it, and not kept. */
const keepNothing: KeepMail = async (mail) => {
  let size = 0;
  for await (const piece of mail.body) size += piece.length;
  return { mail: { ...mail, body: [] }, size };
};

const storedOf = (record: MailRecord) => ({
  record,
  mail: { ...UNREAD, uid: record.uid, guid: record.guid },
});

/** Takes over a mailbox, to be written to. */
export const loadMailbox = (mailbox: Mailbox): TaskEither<SyncError, Shadow> => async () => {
  const records = await collect(mailbox.records())();
  if (E.isLeft(records)) return records;
  const { status, name, historyComplete } = mailbox;
  const { guid, uidValidity, uidNext, firstRecentUid, highestModSeq } = status;
  return E.right(
    new Shadow(guid, {
      name,
      guid,
      uidValidity,
      uidNext,
      firstRecentUid,
      highestModSeq,
      mails: records.right.map(storedOf),
      changes: [],
      historyComplete,
    }),
  );
};

const lost = (uid: Uid): Fetched => ({
  _tag: "Lost",
  uid,
  error: syncError("Changed", "message", { uid }, "the mail is not there yet"),
});

const fetchThrough = async function* (
  below: Mailbox | null,
  shadow: Shadow,
  wanted: Chunks<Uid, SyncError>,
): AsyncGenerator<readonly Fetched[]> {
  const there = new Set(shadow.box.mails.map(({ record }) => record.uid));
  for await (const uids of wanted) {
    const origins = uids.map((uid) => there.has(uid) ? shadow.origin(uid) : null);
    const asked = below === null ? [] : origins.filter((uid) => uid !== null);
    const answers = below === null ? empty<Fetched>() : below.fetch(fromArray(asked));
    let at = 0;
    /** Those that are not below are told in their turn. */
    const before = function* (): Generator<Fetched> {
      while (at < uids.length && (below === null || origins[at] === null)) yield lost(uids[at++]!);
    };
    for await (const chunk of answers) {
      const told: Fetched[] = [];
      for (const answer of chunk) {
        told.push(...before());
        const uid = uids[at++]!;
        told.push(
          answer._tag === "Mail"
            ? { ...answer, mail: { ...answer.mail, uid } }
            : { ...answer, uid },
        );
      }
      yield told;
    }
    yield [...before()];
  }
};

const attributesOver = (
  below: Mailbox | null,
  shadow: () => TaskEither<SyncError, Shadow>,
  known: Shadow | null,
): MailboxAttributes => ({
  list: async function* () {
    const set = known?.attributes ?? new Map<string, MailboxAttribute | null>();
    if (below?.attributes !== undefined) {
      yield* filter((one: MailboxAttribute) => !set.has(attributeId(one)))(below.attributes.list());
    }
    yield [...set.values()].filter((one) => one !== null);
  } as MailboxAttributes["list"],
  set: (changes) => async () => {
    const end = await shadow()();
    if (E.isLeft(end)) return end;
    for (const change of changes) {
      const isGone = change.value === null;
      const set = { ...change, changedAt: 0, modSeq: modSeq(0n) };
      end.right.attributes.set(attributeId(change), isGone ? null : set);
    }
    return E.right(undefined);
  },
});

/** What the log below tells of mails that are as they were, and what was done since. */
const changesOver = async function* (
  below: Mailbox | null,
  own: Mailbox,
  outdated: ReadonlySet<Uid>,
  since: string | undefined,
): AsyncGenerator<readonly LogChange[]> {
  if (below !== null) {
    yield* filter(({ uid }: LogChange) => !outdated.has(uid))(below.changes(since));
  }
  yield* own.changes();
};

/**
 * A mailbox that shows `below` with what is written to it over it. `known`: what was written before, if anything;
 * `keep` is told of the first write. What is written later is not shown, as everywhere.
 */
export const shadowed = (
  below: Mailbox | null,
  known: Shadow | null,
  keep: (shadow: Shadow) => void,
): Mailbox => {
  let shadow = known;
  const written: TaskEither<SyncError, Shadow> = async () => {
    if (shadow !== null) return E.right(shadow);
    const loaded = await loadMailbox(below!)();
    if (E.isRight(loaded)) {
      shadow = loaded.right;
      keep(shadow);
    }
    return loaded;
  };
  const keepsAttributes = below === null || below.attributes !== undefined;
  const changed: Partial<Mailbox> = {
    apply: async function* (operations) {
      const loaded = await written();
      if (E.isLeft(loaded)) return failStream(loaded.left);
      for await (const outcomes of applyTo(loaded.right.box, operations, keepNothing)) {
        loaded.right.take(outcomes);
        yield outcomes;
      }
    },
    ...(keepsAttributes ? { attributes: attributesOver(below, () => written, known) } : {}),
  };
  if (known !== null) {
    const own = openMailbox(known.box);
    const outdated = new Set(known.outdated);
    Object.assign(changed, {
      name: own.name,
      status: below === null
        ? own.status
        : { ...own.status, modSeqTracked: below.status.modSeqTracked },
      records: own.records,
      fetch: (wanted: Chunks<Uid, SyncError>) => fetchThrough(below, known, wanted),
      changes: (since?: string) => changesOver(below, own, outdated, since),
    });
    if (below === null) return { ...own, ...changed };
  }
  return overlaid(below!, changed);
};
