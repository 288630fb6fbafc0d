/**
 * Kills a scenario at every durable step it makes, and in the middle of every write, and lets a test look at what is
 * left and at what a second run makes of it.
 *
 * @module
 */
import { join } from "node:path";
import { walk } from "@std/fs/walk";
import { type DurableStep, makeOs } from "../../lib/os/os.ts";
import type { Scenario } from "./scenario.ts";

/** One way to die. */
export interface Crash {
  /** The step that was not done, or half done. */
  readonly step: DurableStep;
  /** Whether the first half of its bytes was written. */
  readonly torn: boolean;
}

/** What a test says to a crash; it throws what is wrong. */
export interface Verdict {
  /** Looks at the start and at where the work was never interrupted, before the first crash. */
  readonly whole?: (start: string, whole: string) => void | Promise<void>;
  /** Looks at what the dead process has left. */
  readonly crashed?: (home: string, crash: Crash) => void | Promise<void>;
  /** Looks at what a second run has made of it. `whole` is where the work was never interrupted. */
  readonly mended: (home: string, whole: string, crash: Crash) => void | Promise<void>;
}

/** Whether every crash is to be tried: with DSYNC_CRASH=all. Else samples do. */
export const ALL = Deno.env.get("DSYNC_CRASH") === "all";

/** How many processes at once. */
const WORKERS = Math.max(1, navigator.hardwareConcurrency);
const CHILD = new URL("child.ts", import.meta.url).pathname;

interface ChildEnd {
  readonly signal: Deno.Signal | null;
  readonly steps: readonly DurableStep[];
}

/** Runs a scenario in a process of its own. Anything but a clean end or the wanted death throws. */
const runChild = async (
  module: string,
  home: string,
  stop: number,
  torn: boolean,
): Promise<ChildEnd> => {
  const { success, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", CHILD, module, home, String(stop), torn ? "torn" : "whole"],
    stdin: "null",
  }).output();
  if (!success && (stop === 0 || signal !== "SIGKILL")) {
    throw new Error(`the scenario failed: ${new TextDecoder().decode(stderr)}`);
  }
  const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  return { signal, steps: lines.map((line) => JSON.parse(line) as DurableStep) };
};

/** Runs a scenario to its end in a process of its own and gives its durable steps. */
export const stepsOf = async (module: string, home: string): Promise<readonly DurableStep[]> =>
  (await runChild(module, home, 0, false)).steps;

/** Copies a directory with times, modes and links. */
export const copyTree = async (from: string, to: string): Promise<void> => {
  const { success, stderr } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
};

/** Makes dotlocks look 10 s old: Dovecot's rule lets a dead owner keep them for 2 s, and nobody needs to wait that long. */
const ageLocks = async (home: string): Promise<void> => {
  const then = Date.now() / 1000 - 10;
  for await (const { path } of walk(home, { exts: [".lock"], includeDirs: false })) {
    await Deno.utime(path, then, then);
  }
};

/** Takes from a list with a few hands at once, until it is empty or one fails. */
const withWorkers = async <A>(items: readonly A[], use: (item: A) => Promise<void>) => {
  const waiting = items.values();
  const hand = async (): Promise<void> => {
    for (const item of waiting) await use(item);
  };
  await Promise.all(Array.from({ length: WORKERS }, hand));
};

/**
 * Runs the scenario of a module (a file URL) once as a whole, then for each of its steps: from the same start, killed at
 * the step, then run again to its end; each write is also torn. Gives the crashes. Fails when the whole run makes fewer
 * steps than `atLeast`: a scenario that no longer does what it was made for proves nothing.
 *
 * Of a `sample` only so many crashes are tried, spread evenly, unless all are asked for; `every` takes each nth step.
 */
export const crashEverywhere = async (
  module: string,
  verdict: Verdict,
  options: { readonly atLeast: number; readonly every?: number; readonly sample?: number },
): Promise<readonly Crash[]> => {
  const { scenario } = await import(module) as { readonly scenario: Scenario };
  const root = await Deno.makeTempDir({ prefix: "dsync-crash-" });
  // A program of another user may be asked for its opinion.
  await Deno.chmod(root, 0o711);
  try {
    const [start, whole] = [join(root, "start"), join(root, "whole")];
    await Deno.mkdir(start);
    await scenario.prepare(makeOs(), start);
    await copyTree(start, whole);
    const steps = await stepsOf(module, whole);
    if (steps.length < options.atLeast) {
      throw new Error(
        `${steps.length} durable steps were seen, at least ${options.atLeast} expected`,
      );
    }
    await verdict.whole?.(start, whole);
    const all = steps
      .filter((_, i) => i % (options.every ?? 1) === 0)
      .flatMap((step): Crash[] => [
        { step, torn: false },
        ...((step.bytes ?? 0) > 1 ? [{ step, torn: true }] : []),
      ]);
    const share = Math.min(1, (ALL ? Infinity : options.sample ?? Infinity) / all.length);
    const crashes = all.filter((_, i) => Math.floor(i * share) !== Math.floor((i - 1) * share));
    await withWorkers(crashes, async (crash) => {
      const home = join(root, `${crash.step.n}${crash.torn ? "-torn" : ""}`);
      await copyTree(start, home);
      const { signal } = await runChild(module, home, crash.step.n, crash.torn);
      try {
        if (signal === null) throw new Error("the step was not reached");
        await verdict.crashed?.(home, crash);
        await ageLocks(home);
        await scenario.run(makeOs(), home);
        await verdict.mended(home, whole, crash);
      } catch (thrown) {
        const { n, kind, path } = crash.step;
        const what = `${crash.torn ? "in the middle of" : "before"} step ${n}, ${kind} ${path}`;
        throw new Error(`killed ${what}: ${thrown}`, { cause: thrown });
      }
      await Deno.remove(home, { recursive: true });
    });
    return crashes;
  } finally {
    await Deno.remove(root, { recursive: true });
  }
};
