/**
 * Whole processes measured from outside: wall time and the most memory they held.
 *
 * @module
 */
import { peakOf } from "../tests/interop/machine.ts";

/** One measured run. */
export interface Measured {
  /** Wall time in seconds. */
  readonly seconds: number;
  /** The most memory held at once, MiB. */
  readonly peakMiB: number;
}

/** Runs a command to its end. One that fails or says anything on stderr is no measurement: it throws. */
export const measure = async (command: Deno.Command): Promise<Measured> => {
  const begun = performance.now();
  const child = command.spawn();
  let peakMiB = 0;
  const watch = setInterval(() => {
    peakMiB = Math.max(peakMiB, peakOf(child.pid));
  }, 20);
  const { code, stderr } = await child.output();
  clearInterval(watch);
  const seconds = (performance.now() - begun) / 1000;
  if (code !== 0 || stderr.length > 0) {
    throw new Error(`it ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  }
  return { seconds, peakMiB };
};

/** The middle value; of an even number the lower of the two. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[(values.length - 1) >> 1]!;
