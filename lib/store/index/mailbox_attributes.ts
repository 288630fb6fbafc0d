/**
 * The attributes of one mailbox: values in the account's dict, their changes in the mailbox's index log.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { attributesIn, withAttributes } from "../../codec/attribute_dict.ts";
import { type AttributeLogEntry, foldAttributes } from "../../codec/index_attributes.ts";
import type { LogEntry } from "../../codec/index_log.ts";
import { attributeId, type AttributeValue, type MailboxAttribute } from "../../model/attribute.ts";
import { type MailboxGuid, modSeq } from "../../model/ids.ts";
import type { Os } from "../../port/os.ts";
import type { MailboxAttributes } from "../../port/store.ts";
import { changeDict, readDict } from "../account/attribute_dict_file.ts";
import { thrownError } from "../account/or_fail.ts";

/** Where the attributes of a mailbox are. */
export interface AttributePlace {
  /** The file of the dict. */
  readonly path: string;
  /** The mailbox. */
  readonly guid: MailboxGuid;
}

/** Attributes that are there, and those that the log knows to be gone. Throws `StreamFailure`. */
const readAttributes = (
  os: Os,
  { path, guid }: AttributePlace,
  log: ReadonlyMap<string, AttributeLogEntry>,
): readonly MailboxAttribute[] => {
  const values = attributesIn(readDict(os, path), guid);
  const there = new Set(values.map(attributeId));
  const known = values.map((value): MailboxAttribute => {
    const change = log.get(attributeId(value));
    return { ...value, changedAt: change?.at ?? 0, modSeq: change?.modSeq ?? modSeq(0n) };
  });
  const gone = [...log.values()].filter((change) =>
    change.removed && !there.has(attributeId(change))
  )
    .map(({ scope, key, at, modSeq: after }): MailboxAttribute => ({
      scope,
      key,
      value: null,
      changedAt: at,
      modSeq: after,
    }));
  return [...known, ...gone];
};

/**
 * Sets and removes attributes, durable when it returns. The index log is not told: a Dovecot passes over what a sync
 * changed of them, and HIGHESTMODSEQ stays as it is on the other side. Throws `StreamFailure`.
 */
const writeAttributes = (
  os: Os,
  { path, guid }: AttributePlace,
  changes: readonly AttributeValue[],
): Promise<void> => changeDict(os, path, (dict) => withAttributes(dict, guid, changes));

/** The attributes of a mailbox behind the port; `history`: its index log as it was at opening. */
export const mailboxAttributes = (
  os: Os,
  place: AttributePlace,
  history: () => readonly LogEntry[],
): MailboxAttributes => ({
  list: async function* () {
    const found = await Promise.resolve(readAttributes(os, place, foldAttributes(history())));
    if (found.length > 0) yield found;
  },
  set: (changes) => async () => {
    try {
      return E.right(await writeAttributes(os, place, changes));
    } catch (thrown) {
      return E.left(thrownError(thrown));
    }
  },
});
