/**
 * Attributes of a mailbox as the dsync protocol tells of them, and back.
 *
 * @module
 */
import type { Attribute } from "../codec/dsync_wire_item.ts";
import type { MailboxAttribute } from "../model/attribute.ts";
import { type ModSeq, modSeq } from "../model/ids.ts";

/**
 * The list that one end sends: with `common` (a MODSEQ; 0: nothing is common) only what changed above it. No times are
 * told, as a file dict has none: a Dovecot with one tells none either, and times of one end alone would always win.
 */
export const attributesToTell = (
  attributes: readonly MailboxAttribute[],
  common: ModSeq,
): readonly Attribute[] =>
  attributes.filter((one) => common === 0n || one.modSeq > common).map((one): Attribute => ({
    _tag: "Attribute",
    type: one.scope === "private" ? "p" : "s",
    key: one.key,
    value: one.value,
    body: false,
    deleted: one.value === null,
    changedAt: null,
    modSeq: one.modSeq === 0n ? null : one.modSeq,
  }));

/** An attribute that the other end told of; `body`: its value, where that came as a body. */
export const attributeTold = (item: Attribute, body: string | null): MailboxAttribute => ({
  scope: item.type === "p" ? "private" : "shared",
  key: item.key,
  value: item.deleted ? null : body ?? item.value,
  changedAt: item.changedAt ?? 0,
  modSeq: item.modSeq ?? modSeq(0n),
});

/** This end's attributes as they compare with what the other end told: without times of its own. */
export const withoutTimes = (
  attributes: readonly MailboxAttribute[],
): readonly MailboxAttribute[] => attributes.map((one) => ({ ...one, changedAt: 0 }));
