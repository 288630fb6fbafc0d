/**
 * A mailbox in the head of somebody who changes it: what it must hold, and what was done to it.
 *
 * @module
 */
import type { Wishes } from "../property/happened.ts";

/** What somebody did to the mails of a mailbox. */
export interface Doings {
  /** By UID: the last real change of each flag. */
  readonly wishes: ReadonlyMap<number, Wishes>;
  /** GUIDs, in their 128-bit form, of mails that were expunged or moved away. */
  readonly expunged: ReadonlySet<string>;
}

/** A mailbox as somebody knows it who changes it. */
export class KnownBox {
  /** The UIDs of its mails, in the order in which they came. */
  readonly uids: number[] = [];
  readonly #flags = new Map<number, Set<string>>();
  readonly #wishes = new Map<number, { set: Set<string>; cleared: Set<string> }>();
  /** Grows with what is expunged or moved away: GUIDs in their 128-bit form. */
  readonly expunged = new Set<string>();

  /** `guid`: null: it was not there in the morning. */
  constructor(readonly guid: string | null) {}

  /** Notes a mail. */
  add(uid: number, flags: Iterable<string>): void {
    this.uids.push(uid);
    this.#flags.set(uid, new Set(flags));
  }

  /** The flags of a mail, in lower case. */
  flagsOf(uid: number): ReadonlySet<string> {
    return this.#flags.get(uid) ?? new Set();
  }

  /** Notes that a flag was set or cleared. */
  change(uid: number, flag: string, isSet: boolean): void {
    const flags = this.#flags.get(uid);
    if (flags === undefined || flags.has(flag) === isSet) return;
    const wishes = this.#wishes.get(uid) ?? { set: new Set(), cleared: new Set() };
    this.#wishes.set(uid, wishes);
    const [to, from] = isSet ? [wishes.set, wishes.cleared] : [wishes.cleared, wishes.set];
    to.add(flag);
    from.delete(flag);
    if (isSet) flags.add(flag);
    else flags.delete(flag);
  }

  /** Notes that mails are gone. */
  drop(uids: readonly number[]): void {
    const kept = this.uids.filter((uid) => !uids.includes(uid));
    this.uids.splice(0, this.uids.length, ...kept);
    for (const uid of uids) {
      this.#flags.delete(uid);
      this.#wishes.delete(uid);
    }
  }

  /** What was done to it. */
  get doings(): Doings {
    return { wishes: this.#wishes, expunged: this.expunged };
  }
}
