/**
 * A merge with a peer whose mails have no usable GUIDs (an mbox): mails are one where UID and header hash are one, as a
 * Dovecot has it. For the time of planning that is their identity.
 *
 * @module
 */
import type { MailChange } from "../codec/dsync_wire_item.ts";
import { EMPTY_HEADER_HASH } from "../codec/header_hash.ts";
import { type Guid, guid, type Uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { MergeOperation, MergeSide } from "./merge_mailbox.ts";

/** What both ends told of a mailbox, in whichever terms. */
export interface ToldMails {
  /** This end. */
  readonly side: MergeSide;
  /** This end's mails as they are told. */
  readonly ours: readonly MailChange[];
  /** What the other end told. */
  readonly theirs: readonly MailChange[];
}

/** Orders as a Dovecot does: by the hash's text, then by UID. Two mails of one end never have the same. */
const identityOf = (hash: string, uid: Uid): Guid =>
  guid(`${hash} ${String(uid).padStart(10, "0")}`);

/**
 * By UID the hash that both ends' mails count as having. A peer that is told to go by UIDs alone sends empty hashes;
 * `emptyHeaderWorkaround`: neither does a mail without any of the headers contradict another.
 */
const settledHashes = (
  ours: readonly MailChange[],
  emptyHeaderWorkaround: boolean,
): { readonly our: (change: MailChange) => string; readonly their: (c: MailChange) => string } => {
  const mine = new Map(ours.map((change) => [change.uid, change.headerHash ?? ""]));
  const isWild = (hash: string): boolean =>
    hash === "" || (emptyHeaderWorkaround && hash === EMPTY_HEADER_HASH);
  return {
    our: (change) => change.headerHash ?? "",
    their: (change) => {
      const hash = change.headerHash ?? "";
      const here = mine.get(change.uid);
      return here !== undefined && (isWild(hash) || isWild(here)) ? here : hash;
    },
  };
};

/** The same mails by UID and header hash. Whose mail a log record tells of is not known then. */
export const byHeaderHash = <A extends ToldMails>(told: A, emptyHeaderWorkaround: boolean): A => {
  const { our, their } = settledHashes(told.ours, emptyHeaderWorkaround);
  const named = (hashOf: (change: MailChange) => string) => (change: MailChange): MailChange => ({
    ...change,
    guid: change.type === "e" ? null : identityOf(hashOf(change), change.uid),
  });
  const ours = told.ours.map(named(our));
  const identities = new Map(ours.map((change) => [change.uid, change.guid]));
  return {
    ...told,
    ours,
    theirs: told.theirs.map(named(their)),
    side: {
      ...told.side,
      records: told.side.records.map((record): MailRecord => ({
        ...record,
        guid: identities.get(record.uid) ?? record.guid,
      })),
      changes: told.side.changes.map((change) =>
        change._tag === "Expunged" ? { ...change, guid: null } : change
      ),
    },
  };
};

/** A plan for this end, made by header hashes, with the GUIDs that the mails have. */
export const withOwnGuids = (
  operations: readonly MergeOperation[],
  { side, theirs }: ToldMails,
): readonly MergeOperation[] => {
  const own = new Map(side.records.map((record) => [record.uid, record.guid]));
  const other = new Map(theirs.map((change) => [change.uid, change.guid ?? guid("")]));
  // A mail that was renumbered by this plan is named at its new UID from then on.
  for (const operation of operations) {
    if (operation._tag === "RenumberMail") own.set(operation.newUid, own.get(operation.uid)!);
  }
  return operations.map((operation): MergeOperation => {
    switch (operation._tag) {
      case "CopyMail": {
        const { from } = operation;
        return { ...operation, from: { ...from, guid: other.get(from.uid) ?? guid("") } };
      }
      case "RenumberMail":
      case "UpdateFlags":
      case "Expunge":
        return { ...operation, guid: own.get(operation.uid) ?? operation.guid };
      case "RaiseStatus":
        return operation;
    }
  });
};
