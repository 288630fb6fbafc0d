/**
 * The pure stages on two sides of twenty thousand mails each, in chunks as they come and in the worst ones.
 *
 * @module
 */
import { FLAGGED, type Flags } from "../../lib/model/flags.ts";
import { modSeq } from "../../lib/model/ids.ts";
import type { MailRecord } from "../../lib/model/mail.ts";
import type { Stage } from "../../lib/stream/chunks.ts";
import { CHUNK, drain, fromArray, map, rechunk } from "../../lib/stream/chunks.ts";
import { diff } from "../../lib/sync/diff.ts";
import { mergeMailbox, type MergeSide } from "../../lib/sync/merge_mailbox.ts";
import { planBackup } from "../../lib/sync/plan_backup.ts";
import { MAILS, RECORDS, right, STATUS } from "./_inputs.ts";

const CHANGED = RECORDS.map((record, i): MailRecord =>
  i % 100 === 0
    ? { ...record, flags: (record.flags | FLAGGED) as Flags, modSeq: modSeq(BigInt(MAILS)) }
    : record
);

/** Nothing of it is the same object, as when it comes from another store. */
const COPY = RECORDS.map((record): MailRecord => ({ ...record }));

// Deno awaits async functions only, and no others that give a promise.
const compare = (size: number, other: readonly MailRecord[]) => async (): Promise<void> => {
  right(await drain(diff(fromArray(RECORDS, size), fromArray(other, size)))());
};
Deno.bench(`diff: ${MAILS} equal mails`, { group: "diff" }, compare(CHUNK, COPY));
Deno.bench(`diff: ${MAILS} mails, 1 % differ`, { group: "diff" }, compare(CHUNK, CHANGED));
Deno.bench(`diff: ${MAILS} equal mails, one a chunk`, { group: "diff" }, compare(1, COPY));

const plan = planBackup({ source: STATUS, destination: STATUS, unreadable: new Set() });
Deno.bench(`plan of a backup: ${MAILS} mails, 1 % differ`, { group: "plan" }, async () => {
  right(await drain(plan(diff(fromArray(CHANGED), fromArray(RECORDS))))());
});

const side = (records: readonly MailRecord[]): MergeSide => ({
  status: { ...STATUS, messages: records.length },
  records,
  changes: [],
  complete: true,
  pending: new Set(),
  saves: new Set(),
  unreadable: new Set(),
});
const merge = (name: string, left: MergeSide, right: MergeSide): void =>
  Deno.bench(name, { group: "plan" }, () => void mergeMailbox(left, right, "master"));
merge(`plan of a mirror: ${MAILS} equal mails`, side(RECORDS), side(COPY));
merge(`plan of a mirror: ${MAILS} mails, 1 % differ`, side(RECORDS), side(CHANGED));
merge(`plan of a mirror: ${MAILS} mails, the other side is empty`, side(RECORDS), {
  ...side([]),
  status: { ...STATUS, messages: 0, uidNext: 1 },
});

/** Four stages that do as good as nothing: what is left is the cost of the stream. */
const pass: Stage<MailRecord, MailRecord> = map((record) => record);
const through = (size: number, last: Stage<MailRecord, MailRecord>) => async (): Promise<void> => {
  right(await drain(last(pass(pass(pass(fromArray(RECORDS, size))))))());
};
for (const size of [CHUNK, 64, 1]) {
  const name = `four stages: ${MAILS} mails, ${size} a chunk`;
  Deno.bench(name, { group: "chunking" }, through(size, pass));
}
Deno.bench(
  `four stages: ${MAILS} mails, 1 a chunk made into ${CHUNK}`,
  { group: "chunking" },
  through(1, rechunk(CHUNK)),
);
