/**
 * The day, the machine and the versions: what a number is worth without them is nothing.
 *
 * @module
 */
import { fileSystemOf } from "./gauge.ts";

const firstLine = async (program: string, ...args: readonly string[]): Promise<string> => {
  try {
    const { stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
    const [line = ""] = new TextDecoder().decode(stdout.length > 0 ? stdout : stderr).split("\n");
    return line;
  } catch {
    return "none";
  }
};

/** An idle machine has less; what is measured on another is worth less. */
const IDLE_LOAD = 0.5;

const loadWords = (): string => {
  const [load] = Deno.loadavg();
  return `load ${load!.toFixed(2)}${
    load! > IDLE_LOAD ? " (not idle: other work took its share)" : ""
  }`;
};

/** Lines for the head of a page; the load is that of before the bench. */
export const headLines = async (directory: string): Promise<readonly string[]> => {
  const cpu = /model name\s*: (.*)/.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? "unknown";
  const memory = Deno.systemMemoryInfo().total / 1e9;
  return [
    new Date().toISOString().slice(0, 10),
    `${navigator.hardwareConcurrency} cores, ${cpu}, ${
      memory.toFixed(0)
    } GB, Linux ${Deno.osRelease()}, ${loadWords()}`,
    `mail in ${directory} (${await fileSystemOf(directory)})`,
    `dsync ${await firstLine(
      "git",
      "-C",
      import.meta.dirname!,
      "describe",
      "--always",
      "--dirty",
    )}, built by deno task build`,
    `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
    `Dovecot ${await firstLine("/usr/sbin/dovecot", "--version")}`,
    await firstLine("mbsync", "--version"),
  ];
};
