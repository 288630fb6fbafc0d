import assert from "node:assert/strict";
import fc from "fast-check";
import { guid128Hex } from "../codec/guid.ts";
import type { StretchDigest } from "../codec/store_call.ts";
import { flags } from "../model/flags.ts";
import { guid, modSeq, uid } from "../model/ids.ts";
import type { SyncError } from "../model/error.ts";
import type { MailRecord } from "../model/mail.ts";
import type { MailboxStatus } from "../model/mailbox.ts";
import { rejectionOf } from "../os/_failure.ts";
import type { Counterpart } from "../port/store.ts";
import { BOX } from "../testing/content.ts";
import { type Chunks, fromArray, map, rechunk } from "../stream/chunks.ts";
import {
  isWorthComparing,
  recordsLike,
  recordsWithin,
  stretchesOf,
  type UidRange,
} from "./alike.ts";

/** One side of a mailbox. */
interface Box {
  readonly records: readonly MailRecord[];
  readonly status: MailboxStatus;
}

const boxOf = (records: readonly MailRecord[], tracked: boolean, highest: bigint): Box => ({
  records: tracked ? records : records.map((one) => ({ ...one, modSeq: modSeq(highest) })),
  status: {
    guid: BOX,
    uidValidity: 1,
    uidNext: (records.at(-1)?.uid ?? 0) + 1,
    messages: records.length,
    firstRecentUid: 1,
    highestModSeq: modSeq(highest),
    modSeqTracked: tracked,
  },
});

const streamOf = ({ records }: Box, size: number) => rechunk<MailRecord>(size)(fromArray(records));

const digestsOf = async (
  records: Chunks<MailRecord, SyncError>,
  status: MailboxStatus,
): Promise<readonly StretchDigest[]> => {
  const told: StretchDigest[] = [];
  for await (const chunk of stretchesOf(records, status)) told.push(...chunk);
  return told;
};

/** What is told of `there` to somebody who has `here`, and what was asked for. */
const tell = async (there: Box, here: Box, size = 700) => {
  const asked: UidRange[] = [];
  const like: Counterpart = { status: here.status, records: () => streamOf(here, size) };
  const stream = recordsLike({
    status: there.status,
    digests: () => Promise.resolve(() => digestsOf(streamOf(there, size), there.status)),
    within: (ranges) => {
      asked.push(...ranges);
      return recordsWithin(streamOf(there, size), ranges);
    },
  }, like);
  const told: MailRecord[] = [];
  for await (const chunk of stream) told.push(...chunk);
  return { told, asked };
};

const SHORT = (one: MailRecord): MailRecord => ({ ...one, guid: guid(guid128Hex(one.guid)) });

/** Mails at every `step`th UID. */
const mails = (count: number, step = 1): readonly MailRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    uid: uid(1 + i * step),
    guid: guid(`17${i}.M${i}.host`),
    flags: flags(i % 3 === 0 ? 8 : 0),
    keywords: i % 50 === 0 ? ["later"] : [],
    modSeq: modSeq(BigInt(1 + i % 40)),
  }));

Deno.test("recordsLike: nothing is asked for where all is the same", async () => {
  const there = boxOf(mails(3000), true, 40n);
  const { told, asked } = await tell(there, there);
  assert.deepEqual([told, asked], [there.records, []]);
});

Deno.test("recordsLike: of one mail that differs its stretch is asked for, and no other", async () => {
  const here = boxOf(mails(3000), true, 40n);
  const changed = here.records.map((one) => one.uid === 600 ? { ...one, flags: flags(1) } : one);
  const there = boxOf(changed, true, 41n);
  const { told, asked } = await tell(there, here);
  assert.deepEqual([told, asked], [there.records, [[513, 768]]]);
});

Deno.test("recordsLike: new mails at the end are asked for, without the others", async () => {
  const there = boxOf(mails(3010), true, 40n);
  const { told, asked } = await tell(there, boxOf(mails(3000), true, 40n));
  assert.deepEqual([told, asked], [there.records, [[2817, 3010]]]);
});

Deno.test("recordsLike: where most differs all that follows is asked for at once", async () => {
  const there = boxOf(mails(3000, 2), true, 40n);
  const { told, asked } = await tell(there, boxOf(mails(3000, 3), true, 40n));
  assert.deepEqual([told, asked.length], [there.records, 1]);
});

Deno.test("recordsLike: sides that track no MODSEQs are the same, though their highest differ", async () => {
  const there = boxOf(mails(3000), false, 50n);
  const { told, asked } = await tell(there, boxOf(mails(3000), false, 60n));
  assert.deepEqual([told, asked], [there.records, []]);
});

/** Edits: at which place of the list what happens. */
const edits = fc.array(
  fc.tuple(
    fc.nat(2999),
    fc.constantFrom("gone", "flags", "keyword", "guid", "modseq", "moved"),
    fc.nat(3),
  ),
  { maxLength: 12 },
);

const edited = (
  records: readonly MailRecord[],
  list: readonly (readonly [number, string, number])[],
): readonly MailRecord[] => {
  const all = new Map(records.map((one, i) => [i, one]));
  for (const [at, what, n] of list) {
    const one = all.get(at);
    if (one === undefined) continue;
    if (what === "gone") { for (let i = 0; i <= 100 * n; i++) all.delete(at + i); }
    else if (what === "flags") all.set(at, { ...one, flags: flags(n) });
    else if (what === "keyword") all.set(at, { ...one, keywords: [`k${n}`] });
    else if (what === "guid") all.set(at, { ...one, guid: guid(`other${n}`) });
    else if (what === "modseq") all.set(at, { ...one, modSeq: modSeq(BigInt(40 + n)) });
    else all.set(at, { ...one, uid: uid(one.uid + 1) });
  }
  return [...all.values()];
};

Deno.test("recordsLike: gives what is there, whatever is here", async () => {
  await fc.assert(
    fc.asyncProperty(
      edits,
      edits,
      fc.record({ here: fc.boolean(), there: fc.boolean() }),
      fc.record({ here: fc.boolean(), there: fc.boolean() }),
      fc.constantFrom([40n, 40n], [43n, 40n], [40n, 43n]),
      fc.constantFrom(100, 256, 1024),
      async (mine, theirs, tracked, short, [highest, highestThere], size) => {
        const all = mails(3000, 2);
        const [a, b] = [edited(all, mine), edited(all, theirs)];
        const here = boxOf(short.here ? a.map(SHORT) : a, tracked.here, highest!);
        const there = boxOf(short.there ? b.map(SHORT) : b, tracked.there, highestThere!);
        const { told } = await tell(there, here, size);
        assert.deepEqual(told.map(SHORT), there.records.map(SHORT));
      },
    ),
    { numRuns: 150 },
  );
});

const drained = async (
  digests: readonly StretchDigest[],
  within: readonly MailRecord[],
): Promise<void> => {
  const { status, records } = boxOf(mails(600), true, 40n);
  const like = { status, records: () => fromArray(records) };
  const asked = {
    status,
    digests: () => Promise.resolve(() => Promise.resolve(digests)),
    within: () => fromArray(within),
  };
  for await (const _ of recordsLike(asked, like)) { /* to the end */ }
};

/** Three stretches of which the second is said to be another. */
const OTHER = async (): Promise<readonly StretchDigest[]> => {
  const { status, records } = boxOf(mails(600), true, 40n);
  const told = await digestsOf(fromArray(records), status);
  return told.map((one, i) => i === 1 ? [one[0], "another"] : one);
};

for (
  const [name, digests, within, wanted] of [
    [
      "stretches that do not ascend",
      async () => (await OTHER()).toReversed(),
      [],
      /stretches that do not ascend at UID 512/,
    ],
    ["a stretch without mails", OTHER, [], /not of the stretch/],
    ["mails before it", OTHER, mails(300), /not of the stretch/],
    [
      "more mails than a stretch has",
      OTHER,
      mails(600).slice(256, 512).flatMap((one) => [one, one]),
      /not of the stretch/,
    ],
  ] as const
) {
  Deno.test(`recordsLike: ${name}: the other end breaks the protocol`, async () => {
    const error = await rejectionOf(async () => await drained(await digests(), within));
    assert.match(error.what, wanted);
  });
}

Deno.test("isWorthComparing: with few mails on a side, or one that is far away, it is not", () => {
  const [few, many] = [boxOf(mails(999), true, 1n), boxOf(mails(1000), true, 1n)].map(
    ({ status }): Counterpart => ({
      status,
      records: () => map((one: MailRecord) => one)(fromArray([])),
    }),
  );
  assert.equal(isWorthComparing(many!.status, many!), true);
  assert.equal(isWorthComparing(few!.status, many!), false);
  assert.equal(isWorthComparing(many!.status, few!), false);
  assert.equal(isWorthComparing(many!.status, { ...many!, isFar: true }), false);
});
