/**
 * Whole processes measured from outside: wall time, CPU time, memory, and the bytes they wrote.
 *
 * @module
 */
import { childrenOf, type Machine, peakOf } from "../tests/interop/machine.ts";
import type { CommandLine } from "./commands.ts";

/** One measured run. What it started and waited for counts as a part of it. */
export interface Measured {
  /** Wall time, seconds. */
  readonly seconds: number;
  /** CPU time, seconds. */
  readonly cpu: number;
  /** The most memory that one process held at once, MB (10^6 bytes). */
  readonly peakMB: number;
  /** What was handed to write(2) and its kin, pipes included, MB. */
  readonly writtenMB: number;
  /** What went to a disk, or is on its way there, MB; 0 on a tmpfs. */
  readonly toDiskMB: number;
}

/** Clock ticks a second in /proc (USER_HZ, the same on every Linux). */
const TICKS = 100;
const MIB_IN_MB = 1.048576;

/** What this process has waited for so far, by the kernel's count: a child's share is added when it is reaped. */
const reaped = () => {
  const stat = Deno.readTextFileSync("/proc/self/stat");
  // Behind the name, which may have spaces in it; the times of children are fields 16 and 17.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const io = Deno.readTextFileSync("/proc/self/io");
  const count = (name: string): number =>
    Number(new RegExp(`^${name}: ([0-9]+)$`, "m").exec(io)?.[1] ?? 0) / 1e6;
  return {
    cpu: (Number(fields[13]) + Number(fields[14])) / TICKS,
    writtenMB: count("wchar"),
    // What was removed before it was written out never went to the disk.
    toDiskMB: count("write_bytes") - count("cancelled_write_bytes"),
  };
};

const SAMPLE_MS = 10;

/** doveadm says this where a disk made it wait. */
const WAITED = /^doveadm.*: Warning: Time jumped forwards .*\n/gm;

/** Runs a command to its end, below `wrapper` if given. One that fails or says anything on stderr throws. */
export const measure = async (
  machine: Machine,
  { program, args, home, env = {} }: CommandLine,
  wrapper: readonly string[] = [],
): Promise<Measured> => {
  const [first, ...rest] = [...wrapper, program, ...args];
  const before = reaped();
  const begun = performance.now();
  const child = machine.command(first!, rest, { home, env }).spawn();
  let peakMiB = 0;
  const watch = setInterval(() => {
    for (const pid of [child.pid, ...childrenOf(child.pid)]) {
      peakMiB = Math.max(peakMiB, peakOf(pid));
    }
  }, SAMPLE_MS);
  const { code, stderr } = await child.output();
  clearInterval(watch);
  const seconds = (performance.now() - begun) / 1000;
  const after = reaped();
  const said = new TextDecoder().decode(stderr).replaceAll(WAITED, "");
  if (code !== 0 || said !== "") throw new Error(`${program} ended with ${code}: ${said}`);
  return {
    seconds,
    cpu: after.cpu - before.cpu,
    peakMB: peakMiB * MIB_IN_MB,
    writtenMB: after.writtenMB - before.writtenMB,
    toDiskMB: Math.max(0, after.toDiskMB - before.toDiskMB),
  };
};

/** The middle value; of an even number the mean of the two. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1]!, sorted[sorted.length >> 1]!];
  return (low + high) / 2;
};
