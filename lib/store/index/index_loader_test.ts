import assert from "node:assert/strict";
import { expectedOf, mailsOf, whole } from "../../codec/_index_fixture.ts";
import { encodeGroup } from "../../codec/index_record_encode.ts";
import { DONE, REQUEST } from "../../codec/index_record.ts";
import { expungeMails } from "../../codec/index_build.ts";
import { failureOf } from "../../os/_failure.ts";
import { withDirectory } from "../../os/_other_process.ts";
import {
  appendBytes,
  BASE,
  fresh,
  mails,
  open,
  os,
  place,
  rewrite,
  summaryOf,
  VALID,
} from "./_index_home.ts";
import { createIndex } from "./index_create.ts";
import { openIndex, readIndexHeaders } from "./index_file.ts";

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

Deno.test("openIndex: files of which one is just being replaced are read again a little later", () =>
  withDirectory((home) => {
    place(home, "mdbox-rotated", ["dovecot.index"]);
    const pauses: number[] = [];
    const pause = (ms: number): void => {
      pauses.push(ms);
      if (pauses.length === 3) place(home, "mdbox-rotated", ["dovecot.index.log"]);
    };
    const file = openIndex({ ...os, pause }, home, BASE);
    assert.equal(file?.view.count, expectedOf("mdbox-rotated").mails.length);
    assert.deepEqual(pauses, [1, 2, 4]);
    file?.close();
  }));

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

Deno.test("openIndex: requests of a log that continues the snapshot's are not taken as carried out", () =>
  withDirectory((home) => {
    const file = fresh(home, [mails(1, 2)]);
    const { log, old } = { log: `${home}/${BASE}.log`, old: `${home}/${BASE}.log.2` };
    const { seq, offset, modSeq: initialModSeq } = file.view.position;
    Deno.writeFileSync(`${home}/${BASE}`, whole(file.view.encode({ seq, offset })));
    file.close();
    Deno.copyFileSync(log, old);
    Deno.truncateSync(log, 40);
    rewrite(log, { fileSeq: seq + 1, prevFileSeq: seq, prevFileOffset: offset, initialModSeq });
    appendBytes(log, encodeGroup([expungeMails(Uint32Array.of(2))], REQUEST));
    for (const remove of [false, true]) {
      // The log before is not even looked at.
      if (remove) Deno.removeSync(old);
      const again = open(home);
      assert.deepEqual([...again.view.uids], [1, 2]);
      assert.deepEqual(again.requests().map(({ record }) => record._tag), ["ExpungeGuid"]);
      again.close();
    }
  }));

for (const [name, bytes] of [["empty", []], ["no log", [1, 2, 3]]] as const) {
  Deno.test(`openIndex: a log before that is ${name} counts as gone, where it is not needed`, () =>
    withDirectory((home) => {
      place(home, "mdbox-rotated", ["dovecot.index", "dovecot.index.log"]);
      const without = open(home);
      Deno.writeFileSync(`${home}/dovecot.index.log.2`, Uint8Array.from(bytes));
      const file = open(home);
      assert.deepEqual(mailsOf(file.view), mailsOf(without.view));
      assert.deepEqual(file.changes(), without.changes());
      assert.equal(file.historyComplete, without.historyComplete);
      file.close();
      without.close();
      Deno.removeSync(`${home}/dovecot.index`);
      const error = failureOf(() => openIndex(os, home, BASE));
      assert.match(error.what, /continues log 2, which is lost/);
    }));
}

for (
  const [folder, names] of [
    ["mdbox-rotated", ROTATED],
    ["mdbox-main-index", ROTATED.slice(0, 2)],
    // With extensions that were made after the first keyword, and are told by their numbers.
    ["mdbox-log-only", ROTATED.slice(1, 2)],
    ["maildir-log-only", ROTATED.slice(1, 2)],
  ] as const
) {
  Deno.test(`readIndexHeaders, ${folder}: the headers are those of the whole index`, () =>
    withDirectory((home) => {
      place(home, folder, names);
      const file = open(home);
      const { view, path } = readIndexHeaders(os, home, BASE)!;
      const headersOf = ({ uidValidity, extensions }: typeof view) => [
        uidValidity,
        ...extensions.map(({ name, header }) => [name, header]),
      ];
      assert.deepEqual(headersOf(view), headersOf(file.view));
      assert.equal(path, file.path);
      file.close();
    }));
}
