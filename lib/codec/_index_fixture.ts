/**
 * For tests: index files written by Dovecot (tests/golden/index), and short ways to read them.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { SyncError } from "../model/error.ts";
import { flagNames } from "../model/flags.ts";
import { joinBytes } from "./byte_pieces.ts";
import { decodeLogHeader, type LogHeader } from "./index_header.ts";
import { decodeLog, logStart, type LogStretch } from "./index_log.ts";
import { decodeSnapshot } from "./index_snapshot.ts";
import { IndexView } from "./index_view.ts";

const root = new URL("../../tests/golden/index/", import.meta.url);

/** A file of a golden folder. */
export const golden = (name: string): Uint8Array<ArrayBuffer> =>
  Deno.readFileSync(new URL(name, root));

/** What Dovecot said of a mail. */
export interface ExpectedMail {
  readonly uid: number;
  readonly flags: readonly string[];
  readonly keywords: readonly string[];
  readonly modseq: number;
  readonly guid: string;
}

/** The expected.json of a mailbox. */
export interface Expected {
  readonly uidvalidity: number;
  readonly uidnext: number;
  readonly highestmodseq: number;
  readonly mails: readonly ExpectedMail[];
  readonly steps?: readonly {
    readonly after: string;
    readonly highestmodseq: number;
    readonly modseqs: Readonly<Record<string, number>>;
    readonly log_size: number;
  }[];
  readonly log_records: readonly {
    readonly file_seq: number;
    readonly offset: number;
    readonly size: number;
    readonly type: string;
    readonly type_word: string;
    readonly external: boolean;
    readonly sync: boolean;
    readonly modseq_after: number;
  }[];
  readonly extensions_in_order?: readonly string[];
}

/** The expected.json of a golden folder. */
export const expectedOf = (folder: string): Expected =>
  JSON.parse(new TextDecoder().decode(golden(`${folder}/expected.json`)));

/** The Right, or the error thrown. */
export const right = <A>(either: E.Either<SyncError, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left));
  return either.right;
};

/** All records of a log, and its header. */
export const wholeLog = (
  bytes: Uint8Array,
): { readonly header: LogHeader; readonly stretch: LogStretch } => {
  const header = right(decodeLogHeader(bytes));
  return { header, stretch: right(decodeLog(bytes, 0, logStart(header), header)) };
};

/** The state that a log makes of nothing. */
export const viewOfLog = (bytes: Uint8Array): IndexView => {
  const { header, stretch } = wholeLog(bytes);
  const view = IndexView.empty(header.indexId, logStart(header));
  right(view.apply(stretch));
  return view;
};

/** The state of a snapshot alone; its modseqs count from what its own header says. */
export const viewOfSnapshot = (bytes: Uint8Array): IndexView => {
  const snapshot = right(decodeSnapshot(bytes));
  const modSeqs = snapshot.extensions.find(({ name }) => name === "modseq")?.header;
  const modSeq = modSeqs === undefined
    ? 1n
    : new DataView(modSeqs.buffer, modSeqs.byteOffset).getBigUint64(0, true);
  const { logSeq: seq, logHeadOffset: offset } = snapshot.header;
  return right(IndexView.of(snapshot, { seq, offset, modSeq, introRecordSize: -1 }));
};

/** The mails of a view in the words of expected.json, without GUIDs. */
export const mailsOf = (view: IndexView): readonly Omit<ExpectedMail, "guid">[] =>
  Array.from({ length: view.count }, (_, row) => ({
    uid: view.uidOf(row),
    flags: flagNames(view.flagsOf(row)),
    keywords: [...view.keywordsOf(row)].sort(),
    modseq: Number(view.modSeqOf(row)),
  }));

/** All logs of the golden folders. */
export const GOLDEN_LOGS: readonly string[] = [
  "attribute-update/dovecot.index.log",
  "dsync-modseq-update/dovecot.index.log",
  "list-layout-index/dovecot.list.index.log",
  "list-maildirpp/dovecot.list.index.log",
  "list-mdbox/dovecot.list.index.log",
  "maildir-log-only/dovecot.index.log",
  "mdbox-log-only/dovecot.index.log",
  "mdbox-main-index/dovecot.index.log",
  "mdbox-map/dovecot.map.index.log",
  "mdbox-rotated/dovecot.index.log",
  "mdbox-rotated/dovecot.index.log.2",
];

/** A header of a log that starts from nothing. */
export const LOG_HEADER: LogHeader = {
  minorVersion: 3,
  headerSize: 40,
  indexId: 9,
  fileSeq: 2,
  prevFileSeq: 0,
  prevFileOffset: 0,
  createStamp: 1,
  initialModSeq: 1n,
};

/** What is wrong, or "" where nothing is. */
export const wrongOf = <A>(either: E.Either<{ readonly what: string }, A>): string =>
  E.isLeft(either) ? either.left.what : "";

/** Pieces as one, each of which is good until the next one is pulled. */
export const whole = (pieces: Iterable<Uint8Array>): Uint8Array<ArrayBuffer> =>
  joinBytes(Array.from(pieces, (piece) => Uint8Array.from(piece)));
