/**
 * The MODSEQs that a sync wants mails to have, until the index can be given them.
 *
 * An index that keeps modseqs already can only raise them. One that does not is given them all at once, at the end, with
 * the extension that keeps them: then they can be any, as low as the source has them.
 *
 * @module
 */
import { raiseModSeqs, trackModSeqs, withExactModSeqs } from "../../codec/index_build.ts";
import type { LogRecord } from "../../codec/index_record.ts";
import type { ModSeq } from "../../model/ids.ts";
import type { IndexAppender } from "../index/index_file.ts";

/** MODSEQs that are wanted in one mailbox. */
export class WantedModSeqs {
  readonly #wanted = new Map<number, bigint>();

  /** Wants a mail to have at least this MODSEQ. */
  want(uid: number, modSeq: ModSeq): void {
    const known = this.#wanted.get(uid) ?? 0n;
    if (modSeq > known) this.#wanted.set(uid, modSeq);
  }

  /** Whether anything is wanted that the index was not given yet. */
  get isPending(): boolean {
    return this.#wanted.size > 0;
  }

  /**
   * The group `before` with what makes the modseqs as wanted, if it is time: always in an index that keeps modseqs, in
   * others when nothing more is to come (`end`). `highest`: what HIGHESTMODSEQ shall be at least, or null. The group
   * is written at once, by the same writer.
   */
  complete(
    { view, position }: Pick<IndexAppender, "view" | "position">,
    before: readonly LogRecord[],
    end: boolean,
    highest: ModSeq | null,
  ): readonly LogRecord[] {
    if (!view.modSeqTracked && !end) return before;
    const uids = Uint32Array.from(this.#wanted.keys()).sort();
    const modSeqs = BigUint64Array.from(uids, (uid) => this.#wanted.get(uid)!);
    const most = modSeqs.reduce((max, one) => one > max ? one : max, 0n);
    const raises = uids.length > 0 ? [raiseModSeqs(uids, modSeqs)] : [];
    const above = (than: bigint) =>
      highest !== null && highest > than
        ? [raiseModSeqs(Uint32Array.of(0), BigUint64Array.of(highest))]
        : [];
    this.#wanted.clear();
    if (!view.modSeqTracked && view.position.modSeq === 0n) {
      if (uids.length > 0) {
        return [...withExactModSeqs(position, before, uids, modSeqs), ...above(most)];
      }
      return highest !== null && highest > view.highestModSeq
        ? [...before, ...trackModSeqs(highest), ...above(0n)]
        : before;
    }
    // Counted, but not kept: every mail has the highest, from which it goes on.
    const begins = !view.modSeqTracked && uids.length > 0;
    return [
      ...before,
      ...(begins ? trackModSeqs(view.highestModSeq) : []),
      ...raises,
      ...above(view.highestModSeq),
    ];
  }
}
