/**
 * Whole processes measured from outside: wall time, CPU time, and the most memory they held.
 *
 * @module
 */
import { childrenOf, peakOf } from "../tests/interop/machine.ts";

/** One measured run. */
export interface Measured {
  /** Wall time, seconds. */
  readonly seconds: number;
  /** CPU time of the process and those that it started, seconds; as far as it was seen before they ended. */
  readonly cpu: number;
  /** The most memory that one of them held at once, MiB. */
  readonly peakMiB: number;
}

/** Clock ticks a second in /proc (USER_HZ, the same on every Linux). */
const TICKS = 100;

/** User and system time of a process so far, seconds; 0 once it has ended. */
const cpuOf = (pid: number): number => {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // Behind the name, which may have spaces in it; the times are fields 14 and 15.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return 0;
  }
};

const SAMPLE_MS = 10;

/** Runs a command to its end. One that fails or says anything on stderr is no measurement: it throws. */
export const measure = async (command: Deno.Command): Promise<Measured> => {
  const begun = performance.now();
  const child = command.spawn();
  let peakMiB = 0;
  const cpu = new Map<number, number>();
  const watch = setInterval(() => {
    for (const pid of [child.pid, ...childrenOf(child.pid)]) {
      peakMiB = Math.max(peakMiB, peakOf(pid));
      cpu.set(pid, Math.max(cpu.get(pid) ?? 0, cpuOf(pid)));
    }
  }, SAMPLE_MS);
  const { code, stderr } = await child.output();
  clearInterval(watch);
  const seconds = (performance.now() - begun) / 1000;
  if (code !== 0 || stderr.length > 0) {
    throw new Error(`it ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  }
  return { seconds, cpu: [...cpu.values()].reduce((sum, one) => sum + one, 0), peakMiB };
};

/** The middle value; of an even number the lower of the two. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[(values.length - 1) >> 1]!;
