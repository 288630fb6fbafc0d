import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import { mailboxGuid } from "../model/ids.ts";
import { mailboxName } from "../model/mailbox.ts";
import type { SyncEvent } from "../model/report.ts";
import { emptyState, type MemoryState } from "../store/memory/memory_state.ts";
import { memoryStore } from "../store/memory/memory_store.ts";
import { collect, fromArray } from "../stream/chunks.ts";
import { saveOf } from "../testing/mails.ts";
import { backup } from "./backup.ts";
import { mirror } from "./mirror.ts";
import type { Pace } from "./supervised.ts";

const GUID = mailboxGuid("00112233445566778899aabbccddeeff");

/** A store with one mailbox of so many mails. */
const filled = async (count: number): Promise<MemoryState> => {
  const state = emptyState();
  const store = memoryStore(state);
  const name = mailboxName("Box");
  const made = await store.applyTree({
    _tag: "CreateMailbox",
    name,
    guid: GUID,
    uidValidity: 1_700_000_000,
  })();
  assert.ok(E.isRight(made));
  const saves = Array.from({ length: count }, (_, i) => saveOf({ uid: i + 1 }));
  const saved = await store.withMailbox(
    GUID,
    (mailbox) => collect(mailbox.apply(fromArray(saves))),
  )();
  assert.ok(E.isRight(saved));
  return state;
};

const mailsOf = (state: MemoryState): number => state.mailboxes[0]?.mails.length ?? 0;

Deno.test("a run that is stopped fails at the next batch, keeps what it has done, and the next one does the rest", async () => {
  const [from, to] = [memoryStore(await filled(5000)), emptyState()];
  const stop = new AbortController();
  const stopped = await backup(from, memoryStore(to), {
    signal: stop.signal,
    onEvent: (event) => event._tag === "Progress" ? stop.abort() : undefined,
  })();
  assert.ok(E.isLeft(stopped));
  assert.match(stopped.left.what, /^stopped/);
  assert.ok(mailsOf(to) > 0 && mailsOf(to) < 5000, `${mailsOf(to)}`);
  const whole = await backup(from, memoryStore(to))();
  assert.ok(E.isRight(whole) && whole.right.problems.length === 0);
  assert.equal(mailsOf(to), 5000);
});

Deno.test("a signal that is aborted before the run lets it begin nothing", async () => {
  const to = emptyState();
  const signal = AbortSignal.abort();
  const end = await mirror(memoryStore(await filled(1)), memoryStore(to), { signal })();
  assert.ok(E.isLeft(end));
  assert.equal(to.mailboxes.length, 0);
});

Deno.test("progress and pace: every operation and every byte is told once", async () => {
  const from = await filled(3000);
  const size = from.mailboxes[0]!.mails.reduce((sum, { mail }) => sum + mail.size, 0);
  const told = { operations: 0, bytes: 0 };
  const paced = { operations: 0, bytes: 0 };
  const count = (key: "operations" | "bytes") => (n: number): Promise<void> => {
    paced[key] += n;
    return Promise.resolve();
  };
  const pace: Pace = { operations: count("operations"), bytes: count("bytes") };
  const onEvent = (event: SyncEvent): void => {
    if (event._tag !== "Progress") return;
    told.operations += event.operations;
    told.bytes += event.bytes;
  };
  const to = emptyState();
  const end = await mirror(memoryStore(from), memoryStore(to), { pace, onEvent })();
  assert.ok(E.isRight(end));
  assert.equal(told.bytes, size);
  assert.deepEqual(told, paced);
  assert.ok(told.operations >= 3000);
});
