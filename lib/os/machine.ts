/**
 * This machine, as what opens stores and peers is handed it.
 *
 * @module
 */
import type { Machine } from "../port/machine.ts";
import { makeOs, type OsOptions } from "./os.ts";
import { programs } from "./pipes.ts";

/** Settings of {@linkcode thisMachine}. */
export interface MachineOptions extends OsOptions {
  /** How long a program at the other end of a pipe may be silent, milliseconds; 600,000 where it is absent. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 600_000;

/** The machine on which this runs: 64-bit Linux with glibc. Its home is that of the environment (HOME). */
export const thisMachine = (
  { timeoutMs = TIMEOUT_MS, ...options }: MachineOptions = {},
): Machine => ({
  os: makeOs(options),
  start: programs(timeoutMs),
  home: Deno.env.get("HOME") || null,
});
