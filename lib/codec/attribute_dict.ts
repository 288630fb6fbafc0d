/**
 * Mailbox attributes in a file dict: a key on one line, its value on the next, both escaped (Dovecot's dict-file.c and
 * index-attribute.c).
 *
 * @module
 */
import { attributeId, type AttributeName, type AttributeValue } from "../model/attribute.ts";
import type { MailboxGuid } from "../model/ids.ts";
import { bytesOfText, textOfBytes } from "./byte_text.ts";
import { escapeTabs, unescapeTabs } from "./dsync_wire_escape.ts";

/** All entries of a file, by key. What is no mailbox attribute is kept, too. */
export type Dict = ReadonlyMap<string, string>;

/** Parses a file. A key without a value, at the end, is passed over as Dovecot does. */
export const parseDict = (bytes: Uint8Array): Dict => {
  const lines = textOfBytes(bytes).split("\n");
  const dict = new Map<string, string>();
  // The last line has no end, and is none.
  for (let i = 0; i + 2 < lines.length; i += 2) {
    dict.set(unescapeTabs(lines[i]!), unescapeTabs(lines[i + 1]!));
  }
  return dict;
};

/** Formats a file. */
export const formatDict = (dict: Dict): Uint8Array => {
  let text = "";
  for (const [key, value] of dict) text += `${escapeTabs(key)}\n${escapeTabs(value)}\n`;
  return bytesOfText(text);
};

const PREFIXES: Readonly<Record<AttributeName["scope"], string>> = {
  private: "priv/",
  shared: "shared/",
};

const SCOPES = ["private", "shared"] as const;

/** The attributes of a mailbox. */
export const attributesIn = (dict: Dict, mailbox: MailboxGuid): readonly AttributeValue[] => {
  const found: AttributeValue[] = [];
  for (const [key, value] of dict) {
    for (const scope of SCOPES) {
      const prefix = `${PREFIXES[scope]}${mailbox}/`;
      if (key.startsWith(prefix)) found.push({ scope, key: key.slice(prefix.length), value });
    }
  }
  return found;
};

/** The dict after changes of a mailbox's attributes; the same object where nothing changes. */
export const withAttributes = (
  dict: Dict,
  mailbox: MailboxGuid,
  changes: readonly AttributeValue[],
): Dict => {
  const changed = new Map(dict);
  let isOther = false;
  for (const { scope, key, value } of changes) {
    const entry = `${PREFIXES[scope]}${mailbox}/${key}`;
    if ((changed.get(entry) ?? null) === value) continue;
    isOther = true;
    if (value === null) changed.delete(entry);
    else changed.set(entry, value);
  }
  return isOther ? changed : dict;
};

/** The dict when a mailbox has got another GUID: its attributes go with it, unless the new one has the same. */
export const withMovedAttributes = (dict: Dict, from: MailboxGuid, to: MailboxGuid): Dict => {
  const there = new Set(attributesIn(dict, to).map(attributeId));
  const moving = attributesIn(dict, from);
  const kept = moving.filter((one) => !there.has(attributeId(one)));
  const without = withAttributes(dict, from, moving.map((one) => ({ ...one, value: null })));
  return withAttributes(without, to, kept);
};
