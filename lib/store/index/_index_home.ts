/**
 * For tests: indexes in a directory.
 *
 * @module
 */
import assert from "node:assert/strict";
import { golden, right } from "../../codec/_index_fixture.ts";
import { appendMails, setHeader } from "../../codec/index_build.ts";
import {
  decodeLogHeader,
  encodeLogHeader,
  HEADER_AT,
  type LogHeader,
} from "../../codec/index_header.ts";
import { DONE, type LogRecord } from "../../codec/index_record.ts";
import type { SyncError } from "../../model/error.ts";
import { makeOs } from "../../os/os.ts";
import type { Os } from "../../port/os.ts";
import { createIndex } from "./index_create.ts";
import { type IndexFile, openIndex } from "./index_file.ts";

/** The real one. */
export const os: Os = makeOs();
/** Base name of the files. */
export const BASE = "dovecot.index";

/** A column of UIDs. */
export const uids = (...list: number[]): Uint32Array => Uint32Array.from(list);
/** New mails without flags. */
export const mails = (...list: number[]): LogRecord =>
  appendMails(uids(...list), new Uint8Array(list.length));
/** What an index needs before its first mail. */
export const VALID: LogRecord = setHeader([[HEADER_AT.uidValidity, 77]]);

/** An index that is there. */
export const open = (home: string): IndexFile => {
  const file = openIndex(os, home, BASE);
  assert.ok(file !== null);
  return file;
};

/** A new index with UIDVALIDITY and the groups. */
export const fresh = (home: string, ...groups: (readonly LogRecord[])[]): IndexFile =>
  createIndex(os, home, BASE, (appender) => {
    for (const group of [[VALID], ...groups]) appender.append(group, DONE);
  });

/** Appends as no well-behaved writer would. */
export const appendBytes = (path: string, bytes: Uint8Array): void =>
  Deno.writeFileSync(path, bytes, { append: true });

/** Tag, path below `home` and text of an error. */
export const summaryOf = (
  { _tag, where, what }: SyncError,
  home: string,
): readonly [string, string | undefined, string] => [
  _tag,
  where.path?.slice(home.length + 1),
  what,
];

/** Copies golden files into a directory. */
export const place = (home: string, folder: string, names: readonly string[]): void => {
  for (const name of names) Deno.writeFileSync(`${home}/${name}`, golden(`${folder}/${name}`));
};

/** Writes a log in another file's place, with other header fields. */
export const rewrite = (path: string, fields: Partial<LogHeader>): void => {
  const bytes = Deno.readFileSync(path);
  bytes.set(encodeLogHeader({ ...right(decodeLogHeader(bytes)), ...fields }));
  Deno.writeFileSync(path, bytes);
};
