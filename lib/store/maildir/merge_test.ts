import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import {
  appendMails,
  setHeader,
  trackModSeqs,
  updateFlags,
  updateKeywords,
} from "../../codec/index_build.ts";
import { HEADER_AT, LOG_HEADER_SIZE, type LogHeader } from "../../codec/index_header.ts";
import { decodeLog, logStart } from "../../codec/index_log.ts";
import { DONE, type LogRecord } from "../../codec/index_record.ts";
import { encodeGroup } from "../../codec/index_record_encode.ts";
import { IndexView } from "../../codec/index_view.ts";
import { type KeywordLetters, NO_LETTERS } from "../../codec/maildir_keywords.ts";
import { baseName } from "../../codec/maildir_name.ts";
import type { UidlistLines } from "../../codec/maildir_uidlist_lines.ts";
import { parseUidlist } from "../../codec/maildir_uidlist_reader.ts";
import { FLAGGED, flags, SEEN } from "../../model/flags.ts";
import { modSeq } from "../../model/ids.ts";
import { Listing, type MailFile } from "./listing.ts";
import { guidOf } from "./mail_table.ts";
import { mergeMaildir, NOTHING_PENDING, type Sources } from "./merge.ts";

/** The view of a log with these groups. */
const viewOf = (...groups: readonly (readonly LogRecord[])[]): IndexView => {
  const header: LogHeader = {
    minorVersion: 3,
    headerSize: LOG_HEADER_SIZE,
    indexId: 1,
    fileSeq: 2,
    prevFileSeq: 0,
    prevFileOffset: 0,
    createStamp: 1,
    initialModSeq: 1n,
  };
  const view = IndexView.empty(1, logStart(header));
  const first = [setHeader([[HEADER_AT.uidValidity, 7]])];
  for (const records of [first, ...groups]) {
    const { position } = view;
    const stretch = decodeLog(encodeGroup(records, DONE), position.offset, position, header);
    assert.ok(E.isRight(stretch));
    assert.ok(E.isRight(view.apply(stretch.right)));
  }
  return view;
};

const mails = (...rows: readonly (readonly [uid: number, bits: number])[]): LogRecord =>
  appendMails(Uint32Array.from(rows, ([uid]) => uid), Uint8Array.from(rows, ([, bits]) => bits));

const files = (...paths: readonly string[]): readonly MailFile[] =>
  paths.map((path) => ({
    name: path.replace(/^new\//, ""),
    isNew: path.startsWith("new/"),
  }));

const listingOf = (lines: UidlistLines | undefined, some: readonly MailFile[]): Listing => {
  const listing = new Listing(lines);
  for (const file of some) listing.add(baseName(file.name), file);
  return listing;
};

type Over = Partial<Omit<Sources, "files">> & { readonly files?: readonly MailFile[] };

const merge = (lines: string, { files: some = [], ...over }: Over) => {
  const list = parseUidlist(
    new TextEncoder().encode(`3 V7 N1 G00112233445566778899aabbccddeeff\n${lines}`),
  );
  assert.ok(E.isRight(list));
  const uidlist = over.uidlist === undefined ? list.right : over.uidlist;
  const merged = mergeMaildir({
    letters: NO_LETTERS,
    index: null,
    pending: NOTHING_PENDING,
    ...over,
    uidlist,
    files: listingOf(uidlist?.entries, some),
  });
  const { discord } = merged;
  return {
    ...merged,
    mails: [...merged.mails],
    discord: { ...discord, unindexed: [...discord.unindexed] },
  };
};

Deno.test("mergeMaildir: a line without a file is no mail, a file without a line none yet", () => {
  const { mails, uidNext, discord } = merge("1 :a\n4 :b\n", {
    files: files("b:2,S", "new/20.c", "3.d"),
  });
  assert.deepEqual(mails.map(({ uid, flags }) => [uid, flags]), [[4, SEEN]]);
  assert.equal(uidNext, 5);
  assert.deepEqual(discord.unlisted, ["3.d", "20.c"]);
});

Deno.test("mergeMaildir: with no list every file waits for a UID above the index's", () => {
  const { mails: none, uidNext, discord } = merge("", {
    uidlist: null,
    files: files("a"),
    index: viewOf([mails([1, 0], [9, 0])]),
  });
  assert.deepEqual(none, []);
  assert.equal(uidNext, 10);
  assert.deepEqual(discord.unlisted, ["a"]);
  assert.deepEqual(discord.expunged, [1, 9]);
});

Deno.test("mergeMaildir: the file name says more than the index, but for what waits to be done", () => {
  const index = viewOf([mails([1, SEEN], [2, SEEN | 0x80], [3, SEEN])]);
  const { mails: merged, discord } = merge("1 :a\n2 :b\n3 :c\n", {
    files: files("a:2,F", "b:2,F", "c:2,F"),
    index,
    pending: { flags: new Set([3]), expunges: new Map() },
  });
  assert.deepEqual(merged.map(({ flags }) => flags), [flags(FLAGGED), flags(SEEN), flags(SEEN)]);
  assert.deepEqual(discord.changed.map(({ uid }) => uid), [1]);
  assert.equal(merged[0]!.modSeq, modSeq(3n), "as Dovecot will count it");
});

Deno.test("mergeMaildir: a mail that is asked to go is not shown, and told to be leaving", () => {
  const { mails: merged, discord } = merge("1 :a\n2 :b\n", {
    files: files("a", "b"),
    index: viewOf([mails([1, 0], [2, 0])]),
    pending: { flags: new Set(), expunges: new Map([[1, { bySync: false }]]) },
  });
  assert.deepEqual(merged.map(({ uid }) => uid), [2]);
  assert.deepEqual(
    discord.leaving.map(({ entry: { uid, name }, bySync }) => [uid, name, bySync]),
    [[1, "a", false]],
  );
  assert.deepEqual(discord.unlisted, []);
  assert.deepEqual(discord.expunged, []);
});

Deno.test("mergeMaildir: a mail below UIDNEXT that the index has expunged comes back as a new one", () => {
  const { mails: merged, discord } = merge("1 :a\n2 :b\n", {
    files: files("a", "b"),
    index: viewOf([mails([2, 0])]),
  });
  assert.deepEqual(merged.map(({ uid }) => uid), [2]);
  assert.deepEqual(discord.revenants.map(({ name }) => name), ["a"]);
});

Deno.test("mergeMaildir: mails in cur/ with a line have been seen, those in new/ are recent", () => {
  const lines = "1 :a\n2 :b\n3 :c\n";
  const some = files("a", "b", "new/c");
  assert.equal(merge(lines, { files: some }).firstRecentUid, 3);
  const index = viewOf([mails([1, 0])]);
  assert.equal(merge(lines, { files: some, index }).firstRecentUid, 3);
  const known = viewOf([mails([1, 0], [2, 0], [3, 0])]);
  assert.equal(merge(lines, { files: some, index: known }).firstRecentUid, 1);
});

Deno.test("mergeMaildir: letters without a name get one, and the mails that keyword", () => {
  const letters = NO_LETTERS.with(1, "Work");
  const { mails: merged, discord } = merge("1 :a\n", { files: files("a:2,Sbc"), letters });
  assert.deepEqual(merged[0]!.keywords, ["unknown-2", "Work"]);
  assert.equal(discord.letters![2], "unknown-2");
});

Deno.test("mergeMaildir: keywords without a letter stay only while all letters are taken", () => {
  const index = viewOf([mails([1, 0]), ...updateKeywords("add", new Map([["Extra", [1]]]))]);
  const full: KeywordLetters = NO_LETTERS.map((_, n) => `k${n}`);
  const some = files("a:2,a");
  const kept = merge("1 :a\n", { files: some, letters: full, index });
  assert.deepEqual(kept.mails[0]!.keywords, ["Extra", "k0"]);
  const dropped = merge("1 :a\n", { files: some, letters: full.with(25, null), index });
  assert.deepEqual(dropped.mails[0]!.keywords, ["k0"]);
});

Deno.test("mergeMaildir: MODSEQs are the index's, and the highest counts what it lacks", () => {
  const index = viewOf([mails([1, 0], [2, 0])], trackModSeqs(modSeq(2n)), [
    updateFlags([{ uid: 1, add: SEEN, remove: 0 }]),
  ], [setHeader([[HEADER_AT.nextUid, 8]])]);
  const all = merge("1 :a\n2 :b\n", { files: files("a:2,S", "b:2,"), index });
  assert.deepEqual(all.mails.map(({ modSeq }) => modSeq), [3n, 2n]);
  assert.equal(all.highestModSeq, 3n);
  assert.equal(all.uidNext, 8);
  const gone = merge("1 :a\n2 :b\n9 :c\n", { files: files("b:2,", "c:2,S"), index });
  assert.deepEqual(gone.discord.expunged, [1]);
  assert.deepEqual(gone.discord.unindexed.map(({ uid }) => uid), [9]);
  assert.equal(gone.highestModSeq, 5n, "one for the expunge, one for the new mail");
  assert.deepEqual(gone.mails.map(({ modSeq }) => modSeq), [2n, 5n]);
});

Deno.test("guidOf is the G of a line, else the base name", () => {
  const { mails: merged } = merge("1 Gsome-guid P O7 :a,S=1\n2 P x :b,S=2\n", {
    files: files("a,S=1", "b,S=2"),
  });
  assert.deepEqual(merged.map(({ entry }) => guidOf(entry)), ["some-guid", "b,S=2"]);
});
