/**
 * One open mailbox of a memory store: what it shows, and what operations do to it.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { sameGuid } from "../../codec/guid.ts";
import { attributeId } from "../../model/attribute.ts";
import { readBody } from "../../codec/read_body.ts";
import { type SyncError, syncError, withPlace } from "../../model/error.ts";
import { type Flags, keywords, keywordsWithout, sameKeywords } from "../../model/flags.ts";
import { type ModSeq, modSeq, type Uid } from "../../model/ids.ts";
import type { Mail } from "../../model/mail.ts";
import type {
  Expunge,
  MailOperation,
  Outcome,
  RaiseStatus,
  RenumberMail,
  SaveMail,
  UpdateFlags,
} from "../../model/operation.ts";
import type { Fetched, Mailbox, MailboxAttributes } from "../../port/store.ts";
import { type Chunks, fromArray, StreamFailure } from "../../stream/chunks.ts";
import type { StoredMail, StoredMailbox } from "./memory_state.ts";

/** What is kept of a mail, and how many bytes it had. */
export interface Kept {
  /** It. */
  readonly mail: Mail;
  /** Bytes. */
  readonly size: number;
}

/** Reads a mail to its end. */
export type KeepMail = (mail: Mail) => Promise<Kept>;

const isOutcome = (read: Kept | Outcome): read is Outcome => "_tag" in read;

const keepWhole: KeepMail = async (mail) => {
  const bytes = await readBody(mail);
  return { mail: { ...mail, body: [bytes] }, size: bytes.length };
};

const refuse = (
  operation: MailOperation,
  tag: "Changed" | "Unfit",
  uid: Uid,
  what: string,
): Outcome => ({
  _tag: "Refused",
  operation,
  error: syncError(tag, "message", { uid }, what),
});

const GONE = "the mail is gone";
const OTHER = "the UID belongs to another mail";

/** Carries out a chunk of operations on one mailbox. */
class Applier {
  readonly #box: StoredMailbox;
  readonly #keep: KeepMail;
  readonly #byUid: Map<Uid, StoredMail>;
  readonly #removed = new Set<StoredMail>();

  constructor(box: StoredMailbox, keep: KeepMail) {
    this.#box = box;
    this.#keep = keep;
    this.#byUid = new Map(box.mails.map((stored) => [stored.record.uid, stored]));
  }

  /** Takes what was removed out of the mailbox. */
  end(): void {
    const removed = this.#removed;
    if (removed.size > 0) this.#box.mails = this.#box.mails.filter((mail) => !removed.has(mail));
  }

  #add(stored: StoredMail): void {
    this.#box.mails.push(stored);
    this.#byUid.set(stored.record.uid, stored);
    this.#box.uidNext = stored.record.uid + 1;
  }

  #raise(wanted: ModSeq | null): ModSeq {
    const next = this.#box.highestModSeq + 1n;
    const raised = wanted !== null && wanted > next ? wanted : next;
    this.#box.highestModSeq = modSeq(raised);
    return modSeq(raised);
  }

  /** The higher of a mail's own MODSEQ and the wanted one. */
  #lift(own: ModSeq, wanted: ModSeq | null): ModSeq {
    if (wanted === null || wanted <= own) return own;
    if (wanted > this.#box.highestModSeq) this.#box.highestModSeq = wanted;
    return wanted;
  }

  #find(operation: UpdateFlags | Expunge | RenumberMail): StoredMail | undefined {
    return this.#byUid.get(operation.uid);
  }

  /** The mail, read to its end, or that it could not be. */
  async #read(operation: SaveMail): Promise<Kept | Outcome> {
    try {
      return await this.#keep(operation.mail);
    } catch (thrown) {
      if (!(thrown instanceof StreamFailure)) throw thrown;
      const error = thrown.error as SyncError;
      if (error.scope !== "message") throw thrown;
      return { _tag: "Refused", operation, error: withPlace(error, { uid: operation.copy.uid }) };
    }
  }

  async save(operation: SaveMail): Promise<Outcome> {
    const { uid, from, keepModSeq } = operation.copy;
    if (uid < this.#box.uidNext) {
      return refuse(operation, "Changed", uid, "the UID is below UIDNEXT");
    }
    const read = await this.#read(operation);
    if (isOutcome(read)) return read;
    const { mail: kept, size } = read;
    const mail = { ...kept, uid };
    if (size !== mail.size) return refuse(operation, "Changed", uid, "the mail's size changed");
    const given = keepModSeq ? from.modSeq : this.#raise(null);
    if (given > this.#box.highestModSeq) this.#box.highestModSeq = given;
    this.#add({ record: { ...from, uid, guid: mail.guid, modSeq: given }, mail });
    return { _tag: "Done", operation };
  }

  renumber(operation: RenumberMail): Outcome {
    const found = this.#find(operation);
    if (found === undefined) return refuse(operation, "Changed", operation.uid, GONE);
    if (!sameGuid(found.record.guid, operation.guid)) {
      return refuse(operation, "Changed", operation.uid, OTHER);
    }
    if (operation.newUid < this.#box.uidNext) {
      return refuse(operation, "Changed", operation.newUid, "the UID is below UIDNEXT");
    }
    this.#remove(found);
    const uid = operation.newUid;
    this.#add({
      record: { ...found.record, uid, modSeq: this.#raise(operation.modSeq) },
      mail: { ...found.mail, uid },
    });
    return { _tag: "Done", operation };
  }

  #remove(found: StoredMail): void {
    this.#removed.add(found);
    this.#byUid.delete(found.record.uid);
    this.#box.changes.push({
      _tag: "Expunged",
      uid: found.record.uid,
      guid: found.record.guid,
      modSeq: this.#raise(null),
      bySync: true,
    });
  }

  update(operation: UpdateFlags): Outcome {
    const found = this.#find(operation);
    if (found === undefined) return refuse(operation, "Changed", operation.uid, GONE);
    if (!sameGuid(found.record.guid, operation.guid)) {
      return refuse(operation, "Changed", operation.uid, OTHER);
    }
    const { record } = found;
    const kept = keywordsWithout(record.keywords, operation.removeKeywords);
    const after = {
      flags: ((record.flags & ~operation.remove) | operation.add) as Flags,
      keywords: keywords([...kept, ...operation.addKeywords]),
    };
    const changed = after.flags !== record.flags || !sameKeywords(after.keywords, record.keywords);
    found.record = {
      ...record,
      ...after,
      modSeq: changed ? this.#raise(operation.modSeq) : this.#lift(record.modSeq, operation.modSeq),
    };
    return { _tag: "Done", operation };
  }

  expunge(operation: Expunge): Outcome {
    const found = this.#find(operation);
    if (found === undefined) return { _tag: "Done", operation };
    if (!sameGuid(found.record.guid, operation.guid)) {
      return refuse(operation, "Changed", operation.uid, OTHER);
    }
    this.#remove(found);
    return { _tag: "Done", operation };
  }

  raiseStatus(operation: RaiseStatus): Outcome {
    const box = this.#box;
    box.uidNext = Math.max(box.uidNext, operation.uidNext);
    box.firstRecentUid = Math.max(box.firstRecentUid, operation.firstRecentUid);
    if (operation.highestModSeq > box.highestModSeq) box.highestModSeq = operation.highestModSeq;
    return { _tag: "Done", operation };
  }

  run(operation: MailOperation): Promise<Outcome> | Outcome {
    switch (operation._tag) {
      case "SaveMail":
        return this.save(operation);
      case "RenumberMail":
        return this.renumber(operation);
      case "UpdateFlags":
        return this.update(operation);
      case "Expunge":
        return this.expunge(operation);
      case "RaiseStatus":
        return this.raiseStatus(operation);
    }
  }
}

/** Carries out operations on a mailbox; `keep`: what of a saved mail is kept. */
export const applyTo = async function* (
  box: StoredMailbox,
  operations: Chunks<MailOperation, SyncError>,
  keep: KeepMail,
): AsyncGenerator<readonly Outcome[]> {
  for await (const chunk of operations) {
    const applier = new Applier(box, keep);
    const outcomes: Outcome[] = [];
    for (const operation of chunk) outcomes.push(await applier.run(operation));
    applier.end();
    yield outcomes;
  }
};

/** Opens a mailbox: later changes are not shown, but are found when it is fetched from or changed. */
export const openMailbox = (box: StoredMailbox): Mailbox => {
  // The state at opening: later changes are not shown.
  const mails = box.mails.map(({ record, mail }) => ({ record, mail }));
  const changes = [...box.changes];
  const byUid = new Map(mails.map(({ record, mail }) => [record.uid, mail]));
  const lost = (uid: Uid): Fetched => ({
    _tag: "Lost",
    uid,
    error: syncError("Changed", "message", { uid }, GONE),
  });
  return {
    name: box.name,
    status: {
      guid: box.guid,
      uidValidity: box.uidValidity,
      uidNext: box.uidNext,
      messages: mails.length,
      firstRecentUid: box.firstRecentUid,
      highestModSeq: box.highestModSeq,
      modSeqTracked: true,
    },
    problems: [],
    historyComplete: box.historyComplete,
    records: () => fromArray(mails.map(({ record }) => record)),
    // Each change is a net one: it can be told or not, but not in part.
    changes: (since) => {
      const settled = /^[0-9]+$/.test(since ?? "") ? BigInt(since!) : 0n;
      return fromArray(
        changes.filter((change) => change._tag === "Expunged" || change.modSeq > settled),
      );
    },
    moment: String(box.highestModSeq),
    fetch: async function* (wanted) {
      const still = new Set(box.mails.map(({ record }) => record.uid));
      for await (const uids of wanted) {
        yield uids.map((uid): Fetched => {
          const mail = byUid.get(uid);
          return mail !== undefined && still.has(uid) ? { _tag: "Mail", mail } : lost(uid);
        });
      }
    },
    apply: (operations) => applyTo(box, operations, keepWhole),
    attributes: attributesOf(box),
  };
};

const attributesOf = (box: StoredMailbox): MailboxAttributes => ({
  list: () => fromArray(box.attributes ?? []),
  set: (changes) => () => {
    const changed = new Map(changes.map((change) => [attributeId(change), change]));
    const kept = (box.attributes ?? []).filter((one) => !changed.has(attributeId(one)));
    const set = changes.filter(({ value }) => value !== null)
      .map((change) => ({ ...change, changedAt: 0, modSeq: modSeq(0n) }));
    box.attributes = [...kept, ...set];
    return Promise.resolve(E.right(undefined));
  },
});
