/**
 * What a mail costs in each format: twenty thousand a run.
 *
 * @module
 */
import { LOG_HEADER } from "../../lib/codec/_index_fixture.ts";
import { decodeLog, logStart } from "../../lib/codec/index_log.ts";
import { parseNameFlags, withNameFlags } from "../../lib/codec/maildir_name.ts";
import { parseUidlist } from "../../lib/codec/maildir_uidlist_reader.ts";
import { decodeFileHeader, walkRecords } from "../../lib/codec/mdbox_file.ts";
import { indexLog, MAILS, mdboxFile, right, uidlist } from "./_inputs.ts";

const log = indexLog();
Deno.bench(`index log: decode ${2 * MAILS} records`, { group: "index log" }, () => {
  right(decodeLog(log, LOG_HEADER.headerSize, logStart(LOG_HEADER), LOG_HEADER));
});
Deno.bench(`index log: pass over ${2 * MAILS} records`, { group: "index log" }, () => {
  right(decodeLog(log, LOG_HEADER.headerSize, logStart(LOG_HEADER), LOG_HEADER, () => false));
});

const list = uidlist();
Deno.bench(`uidlist: parse ${MAILS} lines`, () => {
  right(parseUidlist(list));
});

const name = "1600000000.M000001P7.sample,S=5700,W=5780:2,FRSab";
Deno.bench(`Maildir name: parse and format the flags of ${MAILS}`, () => {
  for (let i = 0; i < MAILS; i++) withNameFlags(name, parseNameFlags(name));
});

const file = mdboxFile();
const header = right(decodeFileHeader(file));
const records = file.subarray(header.size);
Deno.bench(`mdbox: walk the headers and metadata of ${MAILS}`, () => {
  const { error } = walkRecords(header, records, header.size);
  if (error !== null) throw new Error(error.what);
});
