/** The log of a mailbox has lost its end, as after a power cut: what is missing there was not deleted by anybody. */
import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import type { SyncError } from "../../lib/model/error.ts";
import { INBOX } from "../../lib/model/mailbox.ts";
import { makeOs } from "../../lib/os/os.ts";
import { memoryPipe } from "../../lib/peer/memory_pipe.ts";
import { remoteStore } from "../../lib/peer/remote_store.ts";
import { serveStore } from "../../lib/peer/store_server.ts";
import type { Store } from "../../lib/port/store.ts";
import { backup } from "../../lib/run/backup.ts";
import { mirror } from "../../lib/run/mirror.ts";
import { openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { openMdbox } from "../../lib/store/mdbox/mdbox_store.ts";
import { emptyState } from "../../lib/store/memory/memory_state.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import { allDone, applyTo, BOX, contentOf, run } from "../../lib/testing/content.ts";
import { saveOf } from "../../lib/testing/mails.ts";
import { MERGE } from "../../lib/run/_session_request.ts";
import { byProtocol } from "../property/pipes.ts";

const os = makeOs();

const uidsIn = async (store: Store): Promise<number[]> =>
  (await contentOf(store, BOX)).records.map(({ uid }) => uid);

interface Sides {
  readonly source: Store;
  readonly log: string;
  readonly other: Store;
}

const FORMATS = {
  mdbox: {
    open: (root: string) => openMdbox(os, { root, create: true }),
    log: "mailboxes/INBOX/dbox-Mails/dovecot.index.log",
  },
  maildir: {
    open: (root: string) => openMaildir(os, { root, layout: "maildir++", create: true }),
    log: "dovecot.index.log",
  },
} as const;

/** A source with eight mails, of which the last four are lost to its log, and another side that has all of them. */
const torn = async (
  format: keyof typeof FORMATS,
  tail: (lost: Uint8Array) => Uint8Array,
  use: (sides: Sides) => Promise<void>,
): Promise<void> => {
  const home = await Deno.makeTempDir({ prefix: "dsync-torn-" });
  const { open, log } = FORMATS[format];
  const other = memoryStore(emptyState());
  try {
    let source = await run(open(`${home}/mail`));
    await run(source.applyTree({ _tag: "CreateMailbox", name: INBOX, guid: BOX, uidValidity: 7 }));
    allDone(await applyTo(source, BOX, [1, 2, 3, 4].map((uid) => saveOf({ uid }))));
    const path = `${home}/mail/${log}`;
    const { size } = Deno.statSync(path);
    allDone(await applyTo(source, BOX, [5, 6, 7, 8].map((uid) => saveOf({ uid }))));
    await run(backup(source, other));
    await source.close();
    const bytes = Deno.readFileSync(path);
    Deno.truncateSync(path, size);
    Deno.writeFileSync(path, tail(bytes.subarray(size)), { append: true });
    source = await run(open(`${home}/mail`));
    await use({ source, log: path, other });
    await source.close();
  } finally {
    await other.close();
    await Deno.remove(home, { recursive: true });
  }
};

const TAILS: Readonly<Record<string, (lost: Uint8Array) => Uint8Array>> = {
  "cut in the middle of a record": (lost) => lost.subarray(0, 21),
  "with zeros behind it": () => new Uint8Array(64),
};

const isTold = (problems: readonly SyncError[], path: string): void => {
  const [problem, ...rest] = problems;
  assert.deepEqual(rest, []);
  assert.deepEqual([problem?._tag, problem?.where.path, problem?.where.mailbox], [
    "Damaged",
    path,
    "INBOX",
  ]);
  assert.match(problem!.what, /the log ends inside a record/);
  assert.ok(problem!.where.offset! > 40);
};

/** Backs up the source as it is served to this end. */
const fromFar = async ({ source, other }: Sides) => {
  const [here, there] = memoryPipe({ piece: 4096 });
  const served = serveStore(source, there)();
  const far = await run(remoteStore(here));
  const report = await run(backup(far, other));
  await far.close();
  await here.close();
  await served;
  return report;
};

for (const [name, tail] of Object.entries(TAILS)) {
  Deno.test(`backup of an mdbox whose log is ${name}: nothing is deleted, and it is told`, () =>
    torn("mdbox", tail, async (sides) => {
      const { source, log, other } = sides;
      isTold((await run(backup(source, other))).problems, log);
      isTold((await fromFar(sides)).problems, log);
      assert.deepEqual(await uidsIn(other), [1, 2, 3, 4, 5, 6, 7, 8]);
      const fresh = memoryStore(emptyState());
      isTold((await run(backup(source, fresh))).problems, log);
      await fresh.close();
    }));

  Deno.test(`mirror with an mdbox whose log is ${name}: the other side's mails come back`, () =>
    torn("mdbox", tail, async ({ source, other }) => {
      const { report } = await run(mirror(source, other));
      assert.deepEqual(report.problems, []);
      assert.deepEqual(await uidsIn(source), [1, 2, 3, 4, 5, 6, 7, 8]);
      assert.deepEqual(await uidsIn(other), [1, 2, 3, 4, 5, 6, 7, 8]);
    }));

  Deno.test(`backup by Dovecot's protocol of an mdbox whose log is ${name}: nothing is deleted`, () =>
    torn("mdbox", tail, async ({ source, log, other }) => {
      const out = await byProtocol(source, other, { request: { ...MERGE, flow: "out" } });
      assert(E.isRight(out.master));
      isTold(out.master.right.report.problems, log);
      assert.deepEqual(out.slaves, [null]);
      await byProtocol(other, source, { request: { ...MERGE, flow: "in" } });
      assert.deepEqual(await uidsIn(other), [1, 2, 3, 4, 5, 6, 7, 8]);
    }));

  Deno.test(`backup over an mdbox whose log is ${name}: it is what the source is`, () =>
    torn("mdbox", tail, async ({ source, other }) => {
      assert.deepEqual((await run(backup(other, source))).problems, []);
      assert.deepEqual(await uidsIn(source), [1, 2, 3, 4, 5, 6, 7, 8]);
    }));

  Deno.test(`backup of a Maildir whose index log is ${name}: its files say what is there`, () =>
    torn("maildir", tail, async ({ source, log, other }) => {
      isTold((await run(backup(source, other))).problems, log);
      assert.deepEqual(await uidsIn(other), [1, 2, 3, 4, 5, 6, 7, 8]);
      const fresh = memoryStore(emptyState());
      isTold((await run(backup(source, fresh))).problems, log);
      assert.deepEqual(await uidsIn(fresh), [1, 2, 3, 4, 5, 6, 7, 8]);
      await fresh.close();
    }));
}
