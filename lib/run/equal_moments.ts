/**
 * Mailboxes that need no comparison: both stores say of them what they said when they were last compared, and equal.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { SyncError } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import type { EqualMoment, MailboxMemory } from "../model/memory.ts";
import type { Side } from "../model/report.ts";
import type { Store } from "../port/store.ts";

type Stamps = ReadonlyMap<MailboxGuid, string>;

/** What two stores say of their mailboxes before any is looked at. */
export class EqualMoments {
  readonly #left: Stamps;
  readonly #right: Stamps;

  private constructor(left: Stamps, right: Stamps) {
    this.#left = left;
    this.#right = right;
  }

  /** Asks both stores, whose trees were read; where one cannot know, every mailbox is compared. */
  static async ask(left: Store, right: Store): Promise<Either<SyncError, EqualMoments>> {
    if (left.stamps === undefined || right.stamps === undefined) {
      return E.right(new EqualMoments(new Map(), new Map()));
    }
    const [l, r] = await Promise.all([left.stamps(), right.stamps()]);
    if (E.isLeft(l)) return l;
    return E.isLeft(r) ? r : E.right(new EqualMoments(l.right, r.right));
  }

  /** What to remember of a mailbox that is found equal; null where it cannot be told. */
  of(guid: MailboxGuid, messages: number): EqualMoment | null {
    const [stampLeft, stampRight] = [this.#left.get(guid), this.#right.get(guid)];
    return stampLeft === undefined || stampRight === undefined
      ? null
      : { stampLeft, stampRight, messages };
  }

  /** Whether nothing has happened on one side since a mailbox was found equal. */
  isUntouched(side: Side, guid: MailboxGuid, { equal }: MailboxMemory): boolean {
    if (equal === undefined) return false;
    return side === "left"
      ? this.#left.get(guid) === equal.stampLeft
      : this.#right.get(guid) === equal.stampRight;
  }

  /** The moment at which a mailbox was equal, if it is so still. */
  still(guid: MailboxGuid, memory: MailboxMemory | undefined): EqualMoment | null {
    const equal = memory?.equal ?? null;
    if (equal === null) return null;
    const isStill = this.isUntouched("left", guid, memory!) &&
      this.isUntouched("right", guid, memory!);
    return isStill ? equal : null;
  }
}
