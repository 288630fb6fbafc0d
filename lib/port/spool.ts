/**
 * Where bytes wait that cannot be used yet and shall not fill the memory.
 *
 * @module
 */

/** A piece of a spool. */
export interface Spooled {
  /** Where it begins, in bytes. */
  readonly at: number;
  /** How many bytes it has. */
  readonly size: number;
}

/** A file without a name: it is gone when it is closed, and when the process ends. */
export interface Spool {
  /** Puts bytes at its end. */
  readonly append: (bytes: Uint8Array) => Spooled;
  /** Reads a piece back, in parts of at most 256 KiB; as often as wanted. */
  readonly read: (piece: Spooled) => AsyncIterable<Uint8Array>;
  /** Lets go of the file; twice is fine. */
  readonly close: () => void;
}

/** Makes a spool; the file is made by the first append. */
export type MakeSpool = () => Spool;
