/**
 * The records of a mailbox at the other end, where somebody here has nearly the same ones: the other end tells a digest of
 * each stretch of mails, and every mail only where these differ.
 *
 * @module
 */
import type { StretchDigest } from "../codec/store_call.ts";
import { type ModSeqs, modSeqThere, STRETCH, stretchDigest } from "../codec/stretch_digest.ts";
import type { SyncError } from "../model/error.ts";
import { MAX_UID } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { MailboxStatus } from "../model/mailbox.ts";
import type { Counterpart } from "../port/store.ts";
import { type Chunks, failStream, fromArray } from "../stream/chunks.ts";
import { brokenProtocol } from "./channels.ts";

/** UIDs, both ends included. */
export type UidRange = readonly [from: number, to: number];

/** What can be asked of the mailbox at the other end. */
export interface Asked {
  /** Its numbers. */
  readonly status: MailboxStatus;
  /** Asks for the digests of its stretches; gives what waits for them when that is on its way. */
  readonly digests: () => Promise<() => Promise<readonly StretchDigest[]>>;
  /** The records in these ranges, which ascend. */
  readonly within: (ranges: readonly UidRange[]) => Chunks<MailRecord, SyncError>;
}

/** With fewer mails everything is told sooner than it is asked twice. */
const MANY = 1000;

/** Whether it is worth the while to digest the mails of a mailbox. */
export const hasMany = ({ messages }: MailboxStatus): boolean => messages >= MANY;

/** Whether it is worth the while to ask for digests. */
export const isWorthComparing = (status: MailboxStatus, like: Counterpart): boolean =>
  like.isFar !== true && hasMany(status) && hasMany(like.status);

/** So many stretches are compared, and what differs is asked for, at a time: each time all are gone through over there. */
const TOGETHER = 256;

/** A stretch that may be one at the other end, too. */
interface Guess {
  readonly count: number;
  readonly digest: string;
}

/** Records that are taken up to one UID after the other. */
class Taken {
  readonly #chunks: AsyncIterator<readonly MailRecord[]>;
  #chunk: readonly MailRecord[] = [];
  #at = 0;
  #hasEnded = false;

  constructor(records: Chunks<MailRecord, SyncError>) {
    this.#chunks = records[Symbol.asyncIterator]();
  }

  /** The first stretches, as they are if the other end has the same mails, by their last UIDs; nothing is taken yet. */
  async guesses(most: number, modSeqs: ModSeqs): Promise<ReadonlyMap<number, Guess>> {
    const first: MailRecord[] = [];
    while (first.length < most * STRETCH && !this.#hasEnded) {
      const next = await this.#chunks.next();
      if (next.done === true) this.#hasEnded = true;
      else for (const record of next.value) first.push(record);
    }
    this.#chunk = first;
    const guesses = new Map<number, Guess>();
    for (let at = 0; at < first.length; at += STRETCH) {
      const records = first.slice(at, at + STRETCH);
      const digest = stretchDigest(records, modSeqs);
      guesses.set(records.at(-1)!.uid, { count: records.length, digest });
    }
    return guesses;
  }

  /** Those up to `last` that were not taken yet; of more than a stretch holds only the first ones, and one more. */
  async upTo(last: number): Promise<readonly MailRecord[]> {
    const taken: MailRecord[] = [];
    for (;;) {
      for (; this.#at < this.#chunk.length; this.#at++) {
        const record = this.#chunk[this.#at]!;
        if (record.uid > last) return taken;
        if (taken.length <= STRETCH) taken.push(record);
      }
      if (this.#hasEnded) return taken;
      const next = await this.#chunks.next();
      this.#hasEnded = next.done === true;
      [this.#chunk, this.#at] = [next.done === true ? [] : next.value, 0];
    }
  }

  async close(): Promise<void> {
    if (!this.#hasEnded) await this.#chunks.return?.();
  }
}

/** A stretch of the other end's mailbox, and what there is here of the same UIDs. */
interface Compared {
  readonly from: number;
  readonly last: number;
  readonly here: readonly MailRecord[];
  readonly isSame: boolean;
}

/** The ranges of the stretches that differ, those in a row as one. */
const rangesOf = (compared: readonly Compared[]): readonly UidRange[] => {
  const ranges: [number, number][] = [];
  for (const { from, last, isSame } of compared) {
    if (isSame) continue;
    const before = ranges.at(-1);
    if (before !== undefined && before[1] === from - 1) before[1] = last;
    else ranges.push([from, last]);
  }
  return ranges;
};

/** What the other end has told for one stretch, checked. */
const toldOf = (records: readonly MailRecord[], { from }: Compared): readonly MailRecord[] =>
  records.length === 0 || records.length > STRETCH || records[0]!.uid < from
    ? failStream(brokenProtocol("mails that are not of the stretch that was asked for"))
    : records;

/**
 * The records of the mailbox at the other end, those that are the same here taken from `like`. Ascending by UID; where
 * most turn out to differ all that follow are told. Memory: the digests of all stretches, and the mails of some.
 */
export const recordsLike = async function* (
  { status, digests, within }: Asked,
  like: Counterpart,
): AsyncGenerator<readonly MailRecord[]> {
  const here: ModSeqs = {
    areTracked: like.status.modSeqTracked,
    highest: status.highestModSeq,
  };
  const asThere = (record: MailRecord): MailRecord => {
    const modSeq = modSeqThere(here, record.modSeq);
    return modSeq === record.modSeq ? record : { ...record, modSeq };
  };
  const digestsThere = await digests();
  const own = new Taken(like.records());
  try {
    // While the other end tells its own.
    const guesses = await own.guesses(TOGETHER, here);
    const digestOf = (last: number, records: readonly MailRecord[]): string => {
      const guess = guesses.get(last);
      return guess?.count === records.length ? guess.digest : stretchDigest(records, here);
    };
    const told = await digestsThere();
    let last = 0;
    for (let at = 0; at < told.length; at += TOGETHER) {
      const compared: Compared[] = [];
      for (const [end, digest] of told.slice(at, at + TOGETHER)) {
        if (end <= last) failStream(brokenProtocol(`stretches that do not ascend at UID ${end}`));
        const records = await own.upTo(end);
        const isSame = records.length <= STRETCH && digestOf(end, records) === digest;
        compared.push({ from: last + 1, last: end, here: records, isSame });
        last = end;
      }
      if (2 * compared.filter(({ isSame }) => isSame).length < compared.length) {
        return yield* within([[compared[0]!.from, MAX_UID]]);
      }
      const ranges = rangesOf(compared);
      const others = new Taken(ranges.length === 0 ? fromArray([]) : within(ranges));
      try {
        for (const stretch of compared) {
          yield stretch.isSame
            ? stretch.here.map(asThere)
            : toldOf(await others.upTo(stretch.last), stretch);
        }
      } finally {
        await others.close();
      }
    }
  } finally {
    await own.close();
  }
};

/** The stretches of a mailbox with their digests, ascending, in chunks of some. */
export const stretchesOf = async function* (
  records: Chunks<MailRecord, SyncError>,
  { highestModSeq, modSeqTracked }: MailboxStatus,
): AsyncGenerator<readonly StretchDigest[]> {
  const modSeqs: ModSeqs = { areTracked: modSeqTracked, highest: highestModSeq };
  let stretch: MailRecord[] = [];
  const digested = (): StretchDigest => {
    const one: StretchDigest = [stretch.at(-1)!.uid, stretchDigest(stretch, modSeqs)];
    stretch = [];
    return one;
  };
  for await (const chunk of records) {
    const done: StretchDigest[] = [];
    for (const record of chunk) {
      stretch.push(record);
      if (stretch.length === STRETCH) done.push(digested());
    }
    if (done.length > 0) yield done;
  }
  if (stretch.length > 0) yield [digested()];
};

/** Those of some records, ascending, that lie in ranges, which ascend. */
export const recordsWithin = async function* (
  records: Chunks<MailRecord, SyncError>,
  ranges: readonly UidRange[],
): AsyncGenerator<readonly MailRecord[]> {
  let at = 0;
  for await (const chunk of records) {
    const inside = chunk.filter(({ uid }) => {
      while (at < ranges.length && ranges[at]![1] < uid) at++;
      return at < ranges.length && ranges[at]![0] <= uid;
    });
    if (inside.length > 0) yield inside;
    if (at >= ranges.length) return;
  }
};
