import assert from "node:assert/strict";
import { syncError } from "../model/error.ts";
import { type Flags, flags, NO_FLAGS, SEEN } from "../model/flags.ts";
import { guid, modSeq, uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { Mailbox } from "../port/store.ts";
import { fromArray } from "../stream/chunks.ts";
import { run } from "../testing/content.ts";
import { type Half, surplusOf } from "./take_back.ts";

const record = (at: number, name: string, own: Flags = NO_FLAGS): MailRecord => ({
  uid: uid(at),
  guid: guid(name.repeat(32)),
  flags: own,
  keywords: [],
  modSeq: modSeq(1n),
});

/** A mailbox with these mails; `unreadable`: a UID of one that it cannot read. */
const mailbox = (records: readonly MailRecord[], unreadable: number | null = null): Mailbox =>
  ({
    records: () => fromArray(records),
    problems: unreadable === null
      ? []
      : [syncError("Damaged", "message", { uid: unreadable }, "of no use")],
  }) as unknown as Mailbox;

const half = (at: number, name: string, copyOf: MailRecord | null): Half => ({
  uid: uid(at),
  guid: guid(name.repeat(32)),
  copyOf,
});

const surplus = async (left: Mailbox, right: Mailbox, ...halves: Half[]): Promise<number[]> =>
  (await run(surplusOf({ left, right }, halves))).map((expunge) => expunge.uid as number);

Deno.test("surplusOf: a copy goes again while nobody has changed it, and its mail is where it was", async () => {
  const [copied, there] = [half(9, "a", record(2, "a")), mailbox([record(2, "a")])];
  assert.deepEqual(await surplus(mailbox([record(9, "a")]), there, copied), [9]);
  assert.deepEqual(await surplus(mailbox([record(9, "a", flags(SEEN))]), there, copied), []);
  assert.deepEqual(await surplus(mailbox([record(9, "b")]), there, copied), []);
  assert.deepEqual(await surplus(mailbox([]), there, copied), []);
  // It was on the left before: it stays, wherever it is on the right.
  assert.deepEqual(await surplus(mailbox([record(9, "a")]), there, half(9, "a", null)), []);
});

Deno.test("surplusOf: what the right side has no more goes, unless there are mails that it cannot show", async () => {
  const left = mailbox([record(9, "a")]);
  const removed = half(9, "a", null);
  assert.deepEqual(await surplus(left, mailbox([record(3, "b")]), removed), [9]);
  assert.deepEqual(await surplus(left, mailbox([record(3, "b")], 2), removed), []);
});
