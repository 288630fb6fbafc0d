/**
 * What a crash test runs, again and again: in a process of its own that is killed at a step, then to its end.
 *
 * @module
 */
import type { Os } from "../../lib/port/os.ts";

/** A piece of work that can be begun anew after a crash. A module of it has it as its only export `scenario`. */
export interface Scenario {
  /** Prepares an empty directory. Its steps are not counted. */
  readonly prepare: (os: Os, home: string) => void | Promise<void>;
  /** Does the work in a prepared directory, or in one where it was interrupted. */
  readonly run: (os: Os, home: string) => void | Promise<void>;
}
