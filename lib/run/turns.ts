/**
 * Mailboxes that are changed one after the other, though the next one is looked at before the last one is done: where a
 * store is far away, each waits for the other's answers.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";

/** With as many mails a mailbox takes so much memory that no other is worked on beside it. */
export const LARGE = 50_000;

/** A queue of those who want to change something. */
class Queue {
  #last: Promise<void> = Promise.resolve();

  /** Waits until all who came before are done; gives what ends it. */
  async come(): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    return resolve;
  }
}

/** The right to change something, of one who works beside others. */
export class Turn {
  readonly #queue: Queue;
  #end: (() => void) | null = null;
  readonly #called = Promise.withResolvers<void>();

  private constructor(queue: Queue) {
    this.#queue = queue;
  }

  /** A turn in a queue of its own: nobody else wants it. */
  static alone(): Turn {
    return new Turn(new Queue());
  }

  /** Turns that are had one after the other, in the order in which they are claimed. */
  static together(): () => Turn {
    const queue = new Queue();
    return () => new Turn(queue);
  }

  /** Kept when the next one may begin. */
  get called(): Promise<void> {
    return this.#called.promise;
  }

  /** Waits for it, unless it is had already. */
  async claim(): Promise<void> {
    this.#end ??= await this.#queue.come();
  }

  /** Lets the next one begin: to look, as it has to wait for its own turn until this one is released. */
  callNext(): void {
    this.#called.resolve();
  }

  /** Lets the next one begin and have its turn; may be claimed again. */
  release(): void {
    this.#called.resolve();
    this.#end?.();
    this.#end = null;
  }
}

/** One of many that are worked on. */
export interface Place {
  /** Its turn. */
  readonly turn: Turn;
  /** Releases the turn, and waits until all that came before are done: what is told then is told in order. */
  readonly behindOthers: () => Promise<void>;
}

/**
 * Does `work` with each, in order; ends with the first that fails, when nothing is under way any more. `ahead`: one is
 * begun when the last has called it, or released its turn, and the one before that is done; so two are under way at most.
 * A turn is released when its work is done.
 */
export const inTurns = async <A, L>(
  items: Iterable<A>,
  ahead: boolean,
  work: (item: A, place: Place) => Promise<Either<L, void>>,
): Promise<Either<L, void>> => {
  const next = Turn.together();
  let last: Promise<Either<L, void>> = Promise.resolve(E.right(undefined));
  for (const item of items) {
    const turn = next();
    const before = last;
    const behindOthers = async (): Promise<void> => {
      turn.release();
      await before;
    };
    const running = work(item, { turn, behindOthers }).finally(() => turn.release());
    // A defect of the one before is thrown on; this one is not left alone with its own.
    running.catch(() => {});
    const end = await before;
    if (E.isLeft(end)) {
      await running;
      return end;
    }
    last = running;
    const begun = await (ahead ? Promise.race([running, turn.called]) : running);
    if (begun !== undefined && E.isLeft(begun)) return begun;
  }
  return await last;
};
