import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import { expectedOf, golden, mailsOf, right } from "../../codec/_index_fixture.ts";
import {
  appendMails,
  expungeMails,
  setExtensionRecords,
  setHeader,
  trackModSeqs,
  updateFlags,
  updateKeywords,
  withExactModSeqs,
} from "../../codec/index_build.ts";
import {
  decodeLogHeader,
  encodeLogHeader,
  HEADER_AT,
  type LogHeader,
} from "../../codec/index_header.ts";
import { DONE, type LogRecord, REQUEST, SYNC_DONE } from "../../codec/index_record.ts";
import { encodeGroup } from "../../codec/index_record_encode.ts";
import type { SyncError } from "../../model/error.ts";
import { modSeq } from "../../model/ids.ts";
import { failureOf, rejectionOf } from "../../os/_failure.ts";
import { lockElsewhere, withDirectory } from "../../os/_other_process.ts";
import { makeOs } from "../../os/os.ts";
import { createIndex } from "./index_create.ts";
import { type IndexFile, openIndex } from "./index_file.ts";

const os = makeOs();
const BASE = "dovecot.index";

const uids = (...list: number[]): Uint32Array => Uint32Array.from(list);
const mails = (...list: number[]): LogRecord =>
  appendMails(uids(...list), new Uint8Array(list.length));
const VALID = setHeader([[HEADER_AT.uidValidity, 77]]);

/** Copies golden files into a directory. */
const place = (home: string, folder: string, names: readonly string[]): void => {
  for (const name of names) Deno.writeFileSync(`${home}/${name}`, golden(`${folder}/${name}`));
};

const open = (home: string): IndexFile => {
  const file = openIndex(os, home, BASE);
  assert.ok(file !== null);
  return file;
};

const fresh = (home: string, ...groups: (readonly LogRecord[])[]): IndexFile =>
  createIndex(os, home, BASE, (appender) => {
    for (const group of [[VALID], ...groups]) appender.append(group, DONE);
  });

const appendBytes = (path: string, bytes: Uint8Array): void =>
  Deno.writeFileSync(path, bytes, { append: true });

const summaryOf = ({ _tag, where, what }: SyncError, home: string) =>
  [_tag, where.path?.slice(home.length + 1), what] as const;

/** Writes a log in another file's place, with other header fields. */
const rewrite = (path: string, fields: Partial<LogHeader>): void => {
  const bytes = Deno.readFileSync(path);
  bytes.set(encodeLogHeader({ ...right(decodeLogHeader(bytes)), ...fields }));
  Deno.writeFileSync(path, bytes);
};

const ROTATED = ["dovecot.index", "dovecot.index.log", "dovecot.index.log.2"];

const BROKEN: readonly (readonly [
  name: string,
  prepare: (home: string) => void,
  path: string,
  what: RegExp,
])[] = [
  [
    "an index without its log",
    (home) => place(home, "mdbox-rotated", ["dovecot.index"]),
    "dovecot.index",
    /lost its log/,
  ],
  [
    "a log whose predecessors are lost",
    (home) => place(home, "mdbox-rotated", ["dovecot.index.log"]),
    "dovecot.index.log",
    /continues log 2, which is lost/,
  ],
  [
    "a log of another index",
    (home) => {
      place(home, "mdbox-rotated", ROTATED);
      rewrite(`${home}/dovecot.index.log`, { indexId: 5 });
    },
    "dovecot.index",
    /index id \d+, but the log's 5/,
  ],
  [
    "a log that was called corrupted",
    (home) => {
      place(home, "mdbox-log-only", ["dovecot.index.log"]);
      rewrite(`${home}/dovecot.index.log`, { indexId: 0 });
    },
    "dovecot.index.log",
    /marked corrupted/,
  ],
  [
    "an index that is ahead of its log",
    (home) => {
      place(home, "mdbox-main-index", ["dovecot.index", "dovecot.index.log"]);
      Deno.truncateSync(`${home}/dovecot.index.log`, 1000);
    },
    "dovecot.index.log",
    /made at offset 2380 of a log of 1000/,
  ],
  [
    "a log before that does not end where the next one says",
    (home) => {
      place(home, "mdbox-rotated", ["dovecot.index.log", "dovecot.index.log.2"]);
      Deno.truncateSync(`${home}/dovecot.index.log.2`, 2448);
    },
    "dovecot.index.log.2",
    /it ends at \d+, not 2460/,
  ],
];

for (const [name, prepare, path, what] of BROKEN) {
  Deno.test(`openIndex: refuses ${name}`, () =>
    withDirectory((home) => {
      prepare(home);
      const error = failureOf(() => openIndex(os, home, BASE));
      assert.equal(error._tag, "Damaged");
      assert.equal(error.where.path, `${home}/${path}`);
      assert.match(error.what, what);
    }));
}

Deno.test("openIndex: a record that makes no sense is named by file and offset", () =>
  withDirectory((home) => {
    const file = fresh(home);
    const { offset } = file.view.position;
    file.close();
    appendBytes(`${home}/${BASE}.log`, encodeGroup([mails(4, 3)], DONE));
    const error = failureOf(() => openIndex(os, home, BASE));
    assert.deepEqual(summaryOf(error, home), [
      "Damaged",
      `${BASE}.log`,
      "append of UID 3 while UIDNEXT is 5",
    ]);
    assert.equal(error.where.offset, offset);
  }));

Deno.test("openIndex: null where there is nothing", () =>
  withDirectory((home) => assert.equal(openIndex(os, home, BASE), null)));

const WHOLE = [
  ["log alone", "mdbox-log-only", ["dovecot.index.log"]],
  ["snapshot and log", "mdbox-main-index", ["dovecot.index", "dovecot.index.log"]],
  ["log that reaches back to the beginning", "mdbox-main-index", ["dovecot.index.log"]],
  ["snapshot, log and the log before", "mdbox-rotated", ROTATED],
  ["snapshot and log after a rotation", "mdbox-rotated", ["dovecot.index", "dovecot.index.log"]],
  ["both logs without snapshot", "mdbox-rotated", ["dovecot.index.log", "dovecot.index.log.2"]],
] as const;

for (const [name, folder, names] of WHOLE) {
  Deno.test(`openIndex: ${name} (${folder}) give what Dovecot says`, () =>
    withDirectory((home) => {
      place(home, folder, names);
      const file = open(home);
      const expected = expectedOf(folder);
      assert.equal(Number(file.view.highestModSeq), expected.highestmodseq);
      assert.deepEqual(
        mailsOf(file.view),
        expected.mails.map(({ guid: _, ...mail }) => ({
          uid: mail.uid,
          flags: mail.flags,
          keywords: [...mail.keywords].sort(),
          modseq: mail.modseq,
        })),
      );
      file.close();
    }));
}

Deno.test("openIndex: a snapshot older than the rotation is carried on through the log before", () =>
  withDirectory((home) => {
    place(home, "mdbox-rotated", ["dovecot.index.log", "dovecot.index.log.2"]);
    place(home, "mdbox-main-index", ["dovecot.index"]);
    const file = open(home);
    assert.equal(Number(file.view.highestModSeq), expectedOf("mdbox-rotated").highestmodseq);
    assert.equal(file.view.count, 5);
    file.close();
  }));

Deno.test("openIndex: a snapshot of the beginning of a log that starts from nothing is void", () =>
  withDirectory((home) => {
    const file = createIndex(os, home, BASE, (appender) => {
      appender.append([VALID, mails(1, 2)], DONE);
    }, { form: "snapshot" });
    assert.equal(file.view.count, 2);
    file.close();
    rewrite(`${home}/${BASE}.log`, { prevFileSeq: 0, prevFileOffset: 0 });
    const again = open(home);
    assert.equal(again.view.count, 0);
    again.close();
  }));

Deno.test("refresh: reads what was added, and nothing of a group that is not complete", () =>
  withDirectory((home) => {
    const file = fresh(home);
    const path = `${home}/${BASE}.log`;
    assert.equal(file.refresh(), false);
    const group = encodeGroup([mails(1), updateFlags([{ uid: 1, add: 8, remove: 0 }])], DONE);
    for (let cut = 1; cut < group.length; cut += 5) {
      const size = file.view.position.offset;
      appendBytes(path, group.subarray(0, cut));
      assert.equal(file.refresh(), false);
      assert.equal(file.view.count, 0);
      Deno.truncateSync(path, size);
    }
    appendBytes(path, group);
    assert.equal(file.refresh(), true);
    assert.deepEqual(mailsOf(file.view), [{ uid: 1, flags: ["\\Seen"], keywords: [], modseq: 3 }]);
    file.close();
  }));

Deno.test("refresh: a rotation is followed, a deleted mailbox is Missing", () =>
  withDirectory((home) => {
    const file = fresh(home, [mails(1)]);
    const path = `${home}/${BASE}.log`;
    const { offset, seq, modSeq: highest } = file.view.position;
    const next: LogHeader = {
      ...right(decodeLogHeader(Deno.readFileSync(path))),
      fileSeq: seq + 1,
      prevFileSeq: seq,
      prevFileOffset: offset,
      initialModSeq: highest,
    };
    Deno.renameSync(path, `${path}.2`);
    Deno.writeFileSync(path, encodeLogHeader(next));
    appendBytes(path, encodeGroup([mails(2)], DONE));
    assert.equal(file.refresh(), true);
    assert.deepEqual([...file.view.uids], [1, 2]);
    assert.equal(file.view.position.seq, seq + 1);
    assert.equal(file.history().filter(({ record }) => record._tag === "Append").length, 2);
    Deno.removeSync(path);
    assert.equal(failureOf(() => file.refresh())._tag, "Missing");
    file.close();
  }));

Deno.test("withLock: waits for another process, and gives up in time", () =>
  withDirectory(async (home) => {
    const file = fresh(home);
    const other = await lockElsewhere("fcntl", `${home}/${BASE}.log`);
    assert.ok(other.held);
    const busy = await rejectionOf(() => file.withLock(() => {}, 60));
    assert.deepEqual([busy._tag, busy.where.path], ["Busy", `${home}/${BASE}.log`]);
    const done = file.withLock((writer) => writer.append([mails(1)], SYNC_DONE));
    await other.end();
    await done;
    assert.equal(file.view.count, 1);
    file.close();
  }));

Deno.test("withLock: the view is up to date inside, and what is appended is in it", () =>
  withDirectory(async (home) => {
    const [one, two] = [fresh(home), open(home)];
    await one.withLock((writer) => {
      writer.append([mails(1, 2), ...updateKeywords("add", new Map([["Work", [2]]]))], SYNC_DONE);
      writer.sync();
    });
    await two.withLock((writer) => {
      assert.deepEqual([...writer.view.uids], [1, 2]);
      writer.append([expungeMails(uids(1))], SYNC_DONE);
    });
    one.refresh();
    assert.deepEqual(mailsOf(one.view), mailsOf(two.view));
    const whole = open(home);
    assert.deepEqual(mailsOf(whole.view), mailsOf(two.view));
    assert.deepEqual(one.changes(), [
      { _tag: "Expunged", uid: 1, guid: null, modSeq: modSeq(4n), bySync: true },
    ]);
    for (const file of [one, two, whole]) file.close();
  }));

Deno.test("withLock: two users of one process take turns", () =>
  withDirectory(async (home) => {
    const [one, two] = [fresh(home), open(home)];
    const turns: string[] = [];
    const take = (file: IndexFile, name: string) =>
      file.withLock(async (writer) => {
        turns.push(name);
        await os.sleep(15);
        writer.append([mails(writer.view.uidNext)], DONE);
        turns.push(name);
      });
    await Promise.all([take(one, "a"), take(two, "b"), take(one, "a")]);
    assert.equal(turns.length, 6);
    for (let i = 0; i < 6; i += 2) assert.equal(turns[i], turns[i + 1]);
    one.refresh();
    assert.deepEqual([...one.view.uids], [1, 2, 3]);
    one.close();
    two.close();
  }));

const TAILS = [
  ["stray bytes", Uint8Array.of(1, 2, 3, 4, 5)],
  ["zeros", new Uint8Array(64)],
  ["0xff bytes", new Uint8Array(9).fill(0xff)],
  ["half a record", encodeGroup([mails(9)], DONE).subarray(0, 11)],
  ["half a group", encodeGroup([mails(9), VALID], DONE).subarray(0, 28)],
] as const;

for (const [name, tail] of TAILS) {
  Deno.test(`withLock: ${name} behind the last record are cut off, and nothing before`, () =>
    withDirectory(async (home) => {
      const file = fresh(home, [mails(1)]);
      const path = `${home}/${BASE}.log`;
      const whole = Deno.readFileSync(path);
      appendBytes(path, tail);
      file.refresh();
      assert.equal(Deno.statSync(path).size, whole.length + tail.length);
      await file.withLock(() => {});
      assert.deepEqual(Deno.readFileSync(path), whole);
      file.close();
    }));
}

Deno.test("append: what the view refuses is not written, and the view is right again", () =>
  withDirectory(async (home) => {
    const file = fresh(home, [mails(5)]);
    const path = `${home}/${BASE}.log`;
    const before = Deno.readFileSync(path);
    const error = await rejectionOf(() =>
      file.withLock((writer) => writer.append([mails(6), mails(3)], SYNC_DONE))
    );
    assert.deepEqual(summaryOf(error, home).slice(0, 2), ["Damaged", `${BASE}.log`]);
    assert.deepEqual(Deno.readFileSync(path), before);
    assert.deepEqual([...file.view.uids], [5]);
    await file.withLock((writer) => writer.append([mails(6)], SYNC_DONE));
    assert.deepEqual([...file.view.uids], [5, 6]);
    file.close();
  }));

Deno.test("append: a write that falls short leaves the file as it was", () =>
  withDirectory(async (home) => {
    fresh(home).close();
    const path = `${home}/${BASE}.log`;
    const before = Deno.readFileSync(path);
    const full = makeOs({ onStep: (step) => step.kind === "write" ? { keep: 20 } : undefined });
    const file = openIndex(full, home, BASE)!;
    const error = await rejectionOf(() =>
      file.withLock((writer) => writer.append([mails(1), VALID], SYNC_DONE))
    );
    assert.deepEqual([error._tag, error.where.path], ["Io", path]);
    assert.deepEqual(Deno.readFileSync(path), before);
    assert.equal(file.view.count, 0);
    file.close();
  }));

Deno.test("requests: what is asked for behind the tail, until the tail says it was done", () =>
  withDirectory(async (home) => {
    const file = fresh(home, [mails(1, 2)]);
    await file.withLock((writer) => {
      writer.append([expungeMails(uids(2))], REQUEST);
      assert.equal(writer.view.count, 2);
    });
    assert.deepEqual(file.requests().map(({ record }) => record._tag), ["ExpungeGuid"]);
    await file.withLock((writer) => {
      writer.append([expungeMails(uids(2))], DONE);
      writer.appendTail();
    });
    assert.deepEqual(file.requests(), []);
    assert.equal(file.view.tailOffset, file.view.position.offset);
    assert.equal(file.view.tailOffset, Deno.statSync(file.path).size);
    file.close();
  }));

Deno.test("createIndex: refuses where an index is, or is being made", () =>
  withDirectory((home) => {
    fresh(home).close();
    assert.equal(failureOf(() => fresh(home))._tag, "Changed");
    Deno.removeSync(`${home}/${BASE}.log`);
    Deno.writeFileSync(`${home}/${BASE}.log.newlock`, new Uint8Array(0));
    assert.equal(failureOf(() => fresh(home))._tag, "Changed");
    Deno.utimeSync(`${home}/${BASE}.log.newlock`, 0, os.now() / 1000 - 200);
    fresh(home).close();
    assert.deepEqual([...Deno.readDirSync(home)].map(({ name }) => name), [`${BASE}.log`]);
  }));

Deno.test("createIndex: log and snapshot give the same mails, with exactly the modseqs wanted", () =>
  withDirectory((home) => {
    const some = uids(1, 5, 6);
    const guid = { name: "guid", headerSize: 0, recordSize: 16, recordAlign: 1 };
    const wanted = BigUint64Array.of(7n, 123456789012n, 2n);
    const make = (name: string, form: "log" | "snapshot"): IndexFile => {
      Deno.mkdirSync(`${home}/${name}`);
      return createIndex(os, `${home}/${name}`, BASE, (appender) => {
        appender.append([VALID], DONE);
        const records = [
          appendMails(some, Uint8Array.of(8, 0, 1)),
          ...setExtensionRecords(guid, some, new Uint8Array(48).fill(7)),
          ...updateKeywords("add", new Map([["Work", [1, 6]], ["$Junk", [6]]])),
        ];
        appender.append(withExactModSeqs(appender.position, records, some, wanted), SYNC_DONE);
      }, { form });
    };
    const [log, snapshot] = [make("a", "log"), make("b", "snapshot")];
    assert.deepEqual(mailsOf(log.view).map(({ modseq }) => modseq), [7, 123456789012, 2]);
    assert.deepEqual(mailsOf(snapshot.view), mailsOf(log.view));
    assert.equal(snapshot.view.highestModSeq, log.view.highestModSeq);
    assert.equal(snapshot.view.uidNext, 7);
    log.close();
    snapshot.close();
  }));

Deno.test("trackModSeqs: mails have the highest modseq until something changes them", () =>
  withDirectory(async (home) => {
    const file = fresh(home, [mails(1, 2)]);
    assert.equal(file.view.modSeqTracked, false);
    await file.withLock((writer) => {
      writer.append(trackModSeqs(writer.view.highestModSeq), SYNC_DONE);
      writer.append([updateFlags([{ uid: 2, add: 2, remove: 0 }])], SYNC_DONE);
    });
    assert.equal(file.view.modSeqTracked, true);
    assert.deepEqual(mailsOf(file.view).map(({ modseq }) => modseq), [2, 3]);
    assert.ok(E.isRight(decodeLogHeader(Deno.readFileSync(file.path))));
    file.close();
  }));
