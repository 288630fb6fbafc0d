/**
 * Identities of mails and mailboxes, and the counters that order them.
 *
 * @module
 */

/** The key that brands a type; no value has it. */
export declare const brand: unique symbol;

/** A base type that only its constructor can make, so that a UID is never taken for a count. */
export type Brand<A, B extends string> = A & { readonly [brand]: B };

/** Message number inside one mailbox: 1 to 2^32-2, ascending, never reused under one UIDVALIDITY (RFC 3501 2.3.1.1). */
export type Uid = Brand<number, "Uid">;

/** Modification sequence: 1 to 2^63-1, only ever rising inside a mailbox (RFC 7162 3.1). */
export type ModSeq = Brand<bigint, "ModSeq">;

/**
 * Identity of a message across mailboxes and stores, opaque text.
 *
 * A store that knows only the 128-bit form without reading the mail (mdbox: the `guid` index record) gives its 32
 * lower-case hex digits; {@linkcode Mail.guid} is always the full text. Compare with `sameGuid` of the codec room.
 */
export type Guid = Brand<string, "Guid">;

/** Identity of a mailbox, kept when it is renamed: 32 lower-case hex digits. */
export type MailboxGuid = Brand<string, "MailboxGuid">;

/** The highest UID that a mail may have: 2^32-2 (Dovecot refuses 2^32-1). */
export const MAX_UID = 0xfffffffe;

/** Takes a number as a UID. The caller has checked that it is an integer from 1 to {@linkcode MAX_UID}. */
export const uid = (value: number): Uid => value as Uid;

/** Takes a bigint as a MODSEQ. The caller has checked that it is not negative. */
export const modSeq = (value: bigint): ModSeq => value as ModSeq;

/** Takes text as a message GUID. */
export const guid = (value: string): Guid => value as Guid;

/** Takes 32 hex digits as a mailbox GUID, in lower case. */
export const mailboxGuid = (value: string): MailboxGuid => value.toLowerCase() as MailboxGuid;
