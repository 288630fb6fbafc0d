/**
 * What a client can see of a store, as plain values that can be compared.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { formatHex } from "../../lib/codec/guid.ts";
import { flagNames } from "../../lib/model/flags.ts";
import type { SyncError } from "../../lib/model/error.ts";
import type { Uid } from "../../lib/model/ids.ts";
import type { Fetched, Mailbox, Store } from "../../lib/port/store.ts";
import { collect, drain, fromArray } from "../../lib/stream/chunks.ts";
import { must } from "./sides.ts";

/** One mail. */
export interface MailPicture {
  /** Its UID. */
  readonly uid: number;
  /** Its GUID in full. */
  readonly guid: string;
  /** Names of flags and keywords. */
  readonly flags: string;
  /** MODSEQ. */
  readonly modSeq: number;
  /** Received date. */
  readonly received: number;
  /** POP3 UIDL and order. */
  readonly pop3: string;
  /** SHA-256 of the stored bytes. */
  readonly bytes: string;
}

/** One mailbox. */
export interface MailboxPicture {
  /** Its GUID. */
  readonly guid: string;
  /** UIDVALIDITY. */
  readonly uidValidity: number;
  /** UIDNEXT. */
  readonly uidNext: number;
  /** Mails from this UID on are \Recent. */
  readonly firstRecentUid: number;
  /** HIGHESTMODSEQ. */
  readonly highestModSeq: number;
  /** Ascending by UID. */
  readonly mails: readonly MailPicture[];
}

/** A store. */
export interface Picture {
  /** By name. */
  readonly mailboxes: Readonly<Record<string, MailboxPicture>>;
  /** \NoSelect names. */
  readonly directories: readonly string[];
  /** Sorted. */
  readonly subscriptions: readonly string[];
}

const hashOf = async (answer: Fetched): Promise<Omit<MailPicture, "flags" | "modSeq">> => {
  if (answer._tag === "Lost") throw new Error(`UID ${answer.uid}: ${answer.error.what}`);
  const { uid, guid, receivedAt, pop3Uidl, pop3Order, body } = answer.mail;
  const hash = sha256.create();
  for await (const piece of body) hash.update(piece);
  return {
    uid,
    guid,
    received: receivedAt,
    pop3: `${pop3Uidl} ${pop3Order}`,
    bytes: formatHex(hash.digest()),
  };
};

const fetchAll = (mailbox: Mailbox, uids: readonly Uid[]) => async () => {
  const fetched: Omit<MailPicture, "flags" | "modSeq">[] = [];
  const end = await drain(mailbox.fetch(fromArray(uids)), async (chunk) => {
    for (const answer of chunk) fetched.push(await hashOf(answer));
  })();
  return E.isLeft(end) ? end : E.right(fetched);
};

const isTornLog = ({ what }: SyncError): boolean => /the log ends inside a record/.test(what);

const readMailbox =
  (isTorn: boolean) => (mailbox: Mailbox): TaskEither<SyncError, MailboxPicture> => async () => {
    const problems = mailbox.problems.filter((problem) => !isTorn || !isTornLog(problem));
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    const records = await collect(mailbox.records())();
    if (E.isLeft(records)) return records;
    const fetched = await fetchAll(mailbox, records.right.map(({ uid }) => uid))();
    if (E.isLeft(fetched)) return fetched;
    const { guid, uidValidity, uidNext, firstRecentUid, highestModSeq } = mailbox.status;
    return E.right({
      guid,
      uidValidity,
      uidNext,
      firstRecentUid,
      highestModSeq: Number(highestModSeq),
      mails: records.right.map(({ flags, keywords, modSeq }, i) => ({
        ...fetched.right[i]!,
        flags: [...flagNames(flags), ...keywords].join(" "),
        modSeq: Number(modSeq),
      })),
    });
  };

/**
 * Reads all of a store. Throws where anything cannot be read. `isTorn`: its writer was killed in the middle of a write,
 * and a log that ends there may be told of.
 */
export const pictureOf = async (store: Store, isTorn: boolean = false): Promise<Picture> => {
  const { nodes, subscriptions, problems } = await must(store.tree);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const mailboxes: Record<string, MailboxPicture> = {};
  for (const node of nodes) {
    if (node._tag === "Damaged") throw new Error(`the mailbox ${node.name} is damaged`);
    if (node._tag === "Mailbox") {
      mailboxes[node.name] = await must(store.withMailbox(node.guid, readMailbox(isTorn)));
    }
  }
  return {
    mailboxes,
    directories: nodes.flatMap((node) => node._tag === "Directory" ? [node.name] : []),
    subscriptions: [...subscriptions].sort(),
  };
};
