/**
 * The port for bytes to and from another program.
 *
 * @module
 */

/** A pair of streams. Reading must go on while something is written, or both ends may wait for each other. */
export interface Pipe {
  /**
   * What comes in, until the other end closes. Read by one reader. Fails with a stream failure: `Io`, when nothing moved
   * in either direction for too long.
   */
  readonly incoming: AsyncIterable<Uint8Array>;
  /**
   * Writes bytes, those of one call together; waits while the other end is slow. Fails with a stream failure, `Io`, when it
   * is gone.
   */
  readonly send: (bytes: Uint8Array) => Promise<void>;
  /** Says that no more will come, and lets go; twice is fine. */
  readonly close: () => Promise<void>;
}

/** A program that was started. */
export interface Started {
  /** Its standard input and output. */
  readonly pipe: Pipe;
  /**
   * Closes the pipe and waits for its end; one that does not end within `graceMs` (half a minute where that is not given)
   * is ended. Gives its exit status, or null where a signal ended it.
   */
  readonly end: (graceMs?: number) => Promise<number | null>;
}

/** Starts a program: never through a shell. `onLine` is told each line of its standard error. */
export type StartProgram = (
  argv: readonly string[],
  onLine: (line: string) => void,
) => Started;
