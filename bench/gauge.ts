/**
 * The ways to look at a run: with warm caches, with cold ones, and once more to count its fsyncs.
 *
 * @module
 */
import { join } from "node:path";
import type { Machine } from "../tests/interop/machine.ts";
import { FOR_BENCH, missing } from "../tests/interop/present.ts";
import type { CommandLine } from "./commands.ts";
import { measure, type Measured } from "./measure.ts";

/** Runs a command and tells what it took. */
export type Gauge = (line: CommandLine) => Promise<Measured>;

const DROP_CACHES = "/proc/sys/vm/drop_caches";
/** Frees pages, directory entries and inodes. */
const EVERYTHING = "3";

/** What earlier runs have left to write is written before the clock starts. */
const flush = async (): Promise<void> => {
  await new Deno.Command("sync").output();
};

/** Empties the caches, where {@linkcode whyNotCold} has nothing against it: the system forgets, too, what was removed. */
export const dropCaches = async (): Promise<void> => {
  await flush();
  await Deno.writeTextFile(DROP_CACHES, EVERYTHING);
};

/** With what is in the caches from before. */
export const warm = (machine: Machine): Gauge => async (line) => {
  await flush();
  return await measure(machine, line);
};

/** With nothing in the caches, neither of the mail nor of the program. */
export const cold = (machine: Machine): Gauge => async (line) => {
  await dropCaches();
  return await measure(machine, line);
};

/** The type of the file system that a directory is on: "ext4". */
export const fileSystemOf = async (directory: string): Promise<string> => {
  const { stdout } = await new Deno.Command("df", { args: ["--output=fstype", directory] })
    .output();
  return new TextDecoder().decode(stdout).trim().split("\n").at(-1)!;
};

/** Why no run in a directory can have cold caches; null when it can. */
export const whyNotCold = async (directory: string): Promise<string | null> => {
  if (await fileSystemOf(directory) === "tmpfs") {
    return `${directory} is a tmpfs, which is never cold (--in DIR names a directory on a disk)`;
  }
  try {
    await Deno.writeTextFile(DROP_CACHES, EVERYTHING);
    return null;
  } catch (error) {
    return `${DROP_CACHES} may not be written: ${(error as Error).message}`;
  }
};

const STRACE = "/usr/bin/strace";
/** The calls that wait for a disk. */
const WAITING = "fsync,fdatasync,syncfs,sync,sync_file_range,msync";

/** Whether there is an strace to count with. */
export const canCount = (): boolean => !missing(FOR_BENCH).includes("strace");

/** Calls in a summary of `strace -c`, which is empty when there were none. */
export const callsOf = (summary: string): number => {
  // % time, seconds, usecs/call, calls, perhaps errors, syscall
  const total = /^100\.00\s+\S+\s+\S+\s+(\d+)\s.*total$/m.exec(summary);
  return Number(total?.[1] ?? 0);
};

/** A gauge that counts calls that wait for a disk, and the sums it has counted, one a run. */
export const counting = (
  machine: Machine,
): { readonly gauge: Gauge; readonly syncs: readonly number[] } => {
  const syncs: number[] = [];
  const summary = join(machine.root, "strace");
  const strace = [STRACE, "-f", "--seccomp-bpf", "-c", "-o", summary, "-e", `trace=${WAITING}`];
  const gauge: Gauge = async (line) => {
    const measured = await measure(machine, line, strace);
    syncs.push(callsOf(await Deno.readTextFile(summary)));
    await Deno.remove(summary);
    return measured;
  };
  return { gauge, syncs };
};
