/**
 * What a batch of operations comes to, given the mails that are there: decided before anything is written. Pure but for
 * the names of new files.
 *
 * @module
 */
import { sameGuid } from "../../codec/guid.ts";
import {
  isMaildirKeyword,
  type KeywordLetters,
  letterOf,
  withLetter,
} from "../../codec/maildir_keywords.ts";
import type { NameFlags } from "../../codec/maildir_name.ts";
import { isUidlistValue, type UidlistEntry } from "../../codec/maildir_uidlist_lines.ts";
import { type ErrorTag, type SyncError, syncError } from "../../model/error.ts";
import { type Flags, type Keywords, keywords, keywordsWithout } from "../../model/flags.ts";
import { MAX_UID, type ModSeq, type Uid } from "../../model/ids.ts";
import type { Mail } from "../../model/mail.ts";
import type {
  Expunge,
  MailOperation,
  RaiseStatus,
  RenumberMail,
  SaveMail,
  UpdateFlags,
} from "../../model/operation.ts";
import type { Os } from "../../port/os.ts";
import { type Incoming, nameMail } from "./incoming.ts";
import { guidOf, type MaildirMail } from "./mail_table.ts";

/** An operation, and for a save its mail in tmp/ or why that could not be written. */
export type Prepared =
  | { readonly operation: Exclude<MailOperation, SaveMail> }
  | { readonly operation: SaveMail; readonly incoming: Incoming | SyncError };

/** What is to be done for one operation. */
export type Step =
  | { readonly _tag: "Refuse"; readonly operation: MailOperation; readonly error: SyncError }
  /** It is so already. */
  | { readonly _tag: "Nothing"; readonly operation: MailOperation }
  | {
    readonly _tag: "Save";
    readonly operation: SaveMail;
    readonly incoming: Incoming;
    readonly entry: UidlistEntry;
    readonly flags: Flags;
    readonly keywords: Keywords;
    readonly modSeq: ModSeq | null;
  }
  | {
    readonly _tag: "Turn";
    readonly operation: UpdateFlags;
    readonly mail: MaildirMail;
    readonly flags: Flags;
    readonly keywords: Keywords;
  }
  | { readonly _tag: "Expunge"; readonly operation: Expunge; readonly mail: MaildirMail }
  | {
    readonly _tag: "Renumber";
    readonly operation: RenumberMail;
    readonly mail: MaildirMail;
    readonly entry: UidlistEntry;
  }
  | { readonly _tag: "Raise"; readonly operation: RaiseStatus };

/** The mailbox as the operations find it. */
export interface Standing {
  /** By UID. */
  readonly mails: { readonly get: (uid: number) => MaildirMail | undefined };
  /** UIDNEXT. */
  readonly uidNext: number;
  /** Whether a base name belongs to a file or a line. */
  readonly isTaken: (base: string) => boolean;
}

const refused = (operation: MailOperation, tag: ErrorTag, uid: Uid, what: string): Step => ({
  _tag: "Refuse",
  operation,
  error: syncError(tag, "message", { uid }, what),
});

const keysOf = (guidKey: string, { pop3Uidl, pop3Order }: Mail): string => {
  const keys = guidKey === "" ? [] : [guidKey];
  // A UIDL that cannot stand in a line is no UIDL that POP3 knows either (RFC 1939 7).
  if (pop3Uidl !== null && isUidlistValue(pop3Uidl)) keys.push(`P${pop3Uidl}`);
  if (pop3Order !== null) keys.push(`O${pop3Order}`);
  return keys.join(" ");
};

class Decider {
  readonly #os: Os;
  readonly #standing: Standing;
  readonly #given = new Set<string>();
  #uidNext: number;

  constructor(os: Os, standing: Standing) {
    this.#os = os;
    this.#standing = standing;
    this.#uidNext = standing.uidNext;
  }

  decide(prepared: Prepared): Step {
    const { operation } = prepared;
    switch (operation._tag) {
      case "SaveMail":
        return this.#save(
          operation,
          (prepared as Extract<Prepared, { incoming: unknown }>).incoming,
        );
      case "UpdateFlags":
        return this.#update(operation);
      case "Expunge":
        return this.#expunge(operation);
      case "RenumberMail":
        return this.#renumber(operation);
      case "RaiseStatus":
        this.#uidNext = Math.max(this.#uidNext, operation.uidNext);
        return { _tag: "Raise", operation };
    }
  }

  /** Why a new UID cannot be given, or null. */
  #uidRefusal(uid: Uid): string | null {
    if (uid > MAX_UID) return `UIDs end at ${MAX_UID}`;
    return uid < this.#uidNext ? `the UID is below UIDNEXT ${this.#uidNext}` : null;
  }

  #save(operation: SaveMail, incoming: Incoming | SyncError): Step {
    if ("_tag" in incoming) return { _tag: "Refuse", operation, error: incoming };
    const { copy, mail } = operation;
    const { uid, from } = copy;
    const why = this.#uidRefusal(uid);
    if (why !== null) return refused(operation, "Changed", uid, why);
    const name = nameMail(
      this.#os,
      mail.guid,
      incoming,
      (base) => this.#given.has(base) || this.#standing.isTaken(base),
    );
    if (name === null) {
      return refused(operation, "Unfit", uid, "a Maildir cannot keep this GUID");
    }
    this.#given.add(name.base);
    this.#uidNext = uid + 1;
    return {
      _tag: "Save",
      operation,
      incoming,
      entry: { uid, keys: keysOf(name.guidKey, mail), name: name.base },
      flags: from.flags,
      keywords: from.keywords,
      modSeq: copy.keepModSeq ? from.modSeq : null,
    };
  }

  /** The mail that an operation names, if it is still that one. */
  #find(operation: UpdateFlags | Expunge | RenumberMail): MaildirMail | Step {
    const { uid, guid } = operation;
    const mail = this.#standing.mails.get(uid);
    if (mail === undefined) return refused(operation, "Changed", uid, "the mail is gone");
    return sameGuid(guidOf(mail.entry), guid)
      ? mail
      : refused(operation, "Changed", uid, "the UID belongs to another mail");
  }

  #update(operation: UpdateFlags): Step {
    const mail = this.#find(operation);
    if ("_tag" in mail) return mail;
    const kept = keywordsWithout(mail.keywords, operation.removeKeywords);
    return {
      _tag: "Turn",
      operation,
      mail,
      flags: ((mail.flags & ~operation.remove) | operation.add) as Flags,
      keywords: keywords([...kept, ...operation.addKeywords]),
    };
  }

  #expunge(operation: Expunge): Step {
    if (this.#standing.mails.get(operation.uid) === undefined) {
      return { _tag: "Nothing", operation };
    }
    const mail = this.#find(operation);
    return "_tag" in mail ? mail : { _tag: "Expunge", operation, mail };
  }

  #renumber(operation: RenumberMail): Step {
    const mail = this.#find(operation);
    if ("_tag" in mail) return mail;
    const { newUid } = operation;
    const why = this.#uidRefusal(newUid);
    if (why !== null) return refused(operation, "Changed", newUid, why);
    this.#uidNext = newUid + 1;
    return { _tag: "Renumber", operation, mail, entry: { ...mail.entry, uid: newUid } };
  }
}

/** Decides on a batch, in its order. No two operations of it name the same UID. */
export const decideSteps = (
  os: Os,
  standing: Standing,
  batch: readonly Prepared[],
): readonly Step[] => {
  const decider = new Decider(os, standing);
  return batch.map((prepared) => decider.decide(prepared));
};

/** The UIDs that an operation names. */
export const uidsOf = (operation: MailOperation): readonly Uid[] => {
  switch (operation._tag) {
    case "SaveMail":
      return [operation.copy.uid];
    case "RenumberMail":
      return [operation.uid, operation.newUid];
    case "RaiseStatus":
      return [];
    default:
      return [operation.uid];
  }
};

/** The letters with those that keywords need; what finds no free letter lives in the index alone. */
export const withLetters = (
  letters: KeywordLetters,
  used: number,
  names: Keywords,
): KeywordLetters => {
  let all = letters;
  for (const name of names) if (isMaildirKeyword(name)) all = withLetter(all, name, used);
  return all;
};

/** The letters with those that the mails of a batch need. */
export const lettersFor = (
  letters: KeywordLetters,
  used: number,
  steps: readonly Step[],
): KeywordLetters => {
  let all = letters;
  for (const step of steps) {
    if (step._tag === "Save" || step._tag === "Turn") all = withLetters(all, used, step.keywords);
  }
  return all;
};

/** What the file name of a mail with these flags and keywords says. */
export const nameFlagsOf = (
  letters: KeywordLetters,
  flags: Flags,
  names: Keywords,
): NameFlags => {
  let set = 0;
  for (const name of names) {
    const number = letterOf(letters, name);
    if (number >= 0) set |= 1 << number;
  }
  return { flags, letters: set };
};
