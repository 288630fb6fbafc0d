/**
 * What a log record does to the mailbox's highest modseq (Dovecot: mail_transaction_update_modseq).
 *
 * @module
 */
import { ALL_FLAGS } from "../model/flags.ts";
import type { LogRecord } from "./index_record.ts";

/** Name of the extension that holds the modseq of each mail. */
export const MODSEQ_EXTENSION = "modseq";

/** Logs below this minor version count changes of internal flags too. */
const HIDES_INTERNAL = 3;

/** Whether element `i` of a flag update touches only Dovecot's own bits, so that no client sees it. */
export const isInternal = (record: LogRecord & { _tag: "FlagUpdate" }, i: number): boolean =>
  ((record.add[i]! | record.remove[i]!) & ALL_FLAGS) === 0 && record.force[i] === 0;

const raisesByFlags = (record: LogRecord & { _tag: "FlagUpdate" }, minor: number): boolean => {
  if (minor < HIDES_INTERNAL) return true;
  for (let i = 0; i < record.add.length; i++) if (!isInternal(record, i)) return true;
  return false;
};

const highest = (modSeqs: BigUint64Array): bigint => {
  // Two 32-bit halves: comparing them makes no bigint per mail.
  const words = new DataView(modSeqs.buffer, modSeqs.byteOffset, modSeqs.byteLength);
  let high = 0;
  let low = 0;
  for (let at = 0; at < words.byteLength; at += 8) {
    const h = words.getUint32(at + 4, true);
    const l = words.getUint32(at, true);
    if (h > high || (h === high && l > low)) {
      high = h;
      low = l;
    }
  }
  return (BigInt(high) << 32n) | BigInt(low);
};

/**
 * The highest modseq after a record. It rises by one per record, not per mail, and also when nothing changed; a
 * request to expunge does not raise it. With 0 nothing counts until the "modseq" extension is introduced.
 */
export const modSeqAfter = (
  before: bigint,
  record: LogRecord,
  external: boolean,
  logMinorVersion: number,
): bigint => {
  if (before === 0n) {
    const starts = record._tag === "ExtIntro" &&
      record.intros[0]!.name === MODSEQ_EXTENSION;
    return starts ? 1n : 0n;
  }
  switch (record._tag) {
    case "Append":
    case "KeywordUpdate":
    case "KeywordReset":
    case "AttributeUpdate":
      return before + 1n;
    case "Expunge":
    case "ExpungeGuid":
      return external ? before + 1n : before;
    case "FlagUpdate":
      return raisesByFlags(record, logMinorVersion) ? before + 1n : before;
    case "ModSeqUpdate": {
      const most = highest(record.modSeqs);
      return most > before ? most : before;
    }
    default:
      return before;
  }
};
