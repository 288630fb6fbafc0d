/**
 * The port behind which the other end of a dsync session sits: a Dovecot, or another dsync, at the end of a pipe.
 *
 * @module
 */
import type { Handshake, WireItem } from "../codec/dsync_wire_item.ts";

/** The other end, when both have said hello. */
export interface Peer {
  /** Who it is, for messages. */
  readonly name: string;
  /** The minor version that it speaks. */
  readonly minor: number;
  /** Whether it is a dsync of ours, which as a master waits for all of a slave's tree. */
  readonly isOurs: boolean;
  /** What it said of itself; from a master: how to sync. */
  readonly handshake: Handshake;
  /**
   * Sends items in order. Waits while the other end is slow; so whoever sends must not be the one who listens, or both
   * ends may wait for each other. Fails with a stream failure (`Io`) when the other end is gone.
   */
  readonly send: (items: readonly WireItem[]) => Promise<void>;
  /**
   * The next item. Fails with a stream failure: `Io` where the other end is gone or silent for too long, `Damaged` where
   * what it says breaks the form, with the byte offset.
   */
  readonly receive: () => Promise<WireItem>;
}
