/**
 * What opening a store needs of the machine, whether it lies there or a program serves it.
 *
 * @module
 */
import type { Os } from "./os.ts";
import type { StartProgram } from "./pipe.ts";

/** A machine; nothing else of it is used. */
export interface Machine {
  /** Its files, locks, clock and randomness. */
  readonly os: Os;
  /** Starts a program that serves a store. */
  readonly start: StartProgram;
  /** What "~" stands for; null: nothing. */
  readonly home: string | null;
}
