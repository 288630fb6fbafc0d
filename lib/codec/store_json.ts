/**
 * What is told about a store over a pipe by the ten thousand, made JSON by hand: the way that `store_value.ts` reads it.
 *
 * @module
 */
import type { MailRecord } from "../model/mail.ts";
import type { CopyMail, MailOperation } from "../model/operation.ts";

/** A value that is JSON already. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

/** A record as JSON. */
export const recordJson = ({ uid, guid, flags, keywords, modSeq }: MailRecord): Json => ({
  uid,
  guid,
  flags,
  keywords,
  modSeq: `${modSeq}`,
});

const copyJson = ({ _tag, from, uid, keepModSeq }: CopyMail): Json => ({
  _tag,
  from: recordJson(from),
  uid,
  keepModSeq,
});

/** An operation as JSON, without the body of a saved mail. */
export const operationJson = (operation: MailOperation): Json => {
  switch (operation._tag) {
    case "SaveMail": {
      const { _tag, copy, mail: { body: _, ...head } } = operation;
      return { _tag, copy: copyJson(copy), head };
    }
    case "RenumberMail":
    case "UpdateFlags": {
      const { modSeq } = operation;
      return { ...operation, modSeq: modSeq === null ? null : `${modSeq}` };
    }
    case "Expunge":
      return { ...operation };
    case "RaiseStatus":
      return { ...operation, highestModSeq: `${operation.highestModSeq}` };
  }
};
