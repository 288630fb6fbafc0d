/**
 * Halts a scenario at a durable step, lets a second run of it come and go, and then lets the first go on.
 *
 * @module
 */
import { join } from "node:path";
import { type DurableStep, makeOs } from "../../lib/os/os.ts";
import { copyTree, stepsOf } from "./crash.ts";
import type { Os } from "../../lib/port/os.ts";
import type { Scenario } from "./scenario.ts";

/** How a run ended. */
export interface RunEnd {
  /** What it said in the end; null: it was content. */
  readonly failure: string | null;
}

/** What became of two runs. */
export interface Together {
  /** The step that the first run was halted before. */
  readonly step: DurableStep;
  /** The run that was halted. */
  readonly first: RunEnd;
  /** The run that came while the first was halted. */
  readonly second: RunEnd;
}

const CHILD = new URL("child.ts", import.meta.url).pathname;

/** The state letter of a process in /proc: "T" is halted; null: gone. */
const stateOf = async (pid: number): Promise<string | null> => {
  try {
    return /\) (\w)/.exec(await Deno.readTextFile(`/proc/${pid}/stat`))?.[1] ?? null;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    throw thrown;
  }
};

const untilHalted = async (pid: number): Promise<void> => {
  for (let state = await stateOf(pid); state !== "T"; state = await stateOf(pid)) {
    if (state === null || state === "Z") throw new Error("the step was not reached");
    await new Promise((done) => setTimeout(done, 5));
  }
};

/** Waits for nobody: who is halted holds his locks for as long as he is. */
const impatient = (os: Os): Os => ({
  ...os,
  locks: {
    ...os.locks,
    dotlock: (path) => os.locks.dotlock(path, 500),
    record: (fd, path) => os.locks.record(fd, path, 500),
  },
});

const failureOf = async (run: Promise<void> | void): Promise<string | null> => {
  try {
    await run;
    return null;
  } catch (thrown) {
    return String(thrown);
  }
};

/**
 * Runs the scenario of a module in a process that is halted at a step, runs it meanwhile a second time, and lets the
 * first go on to its end. `judge` is told after that what both came to.
 */
export const pausedAt = async (
  module: string,
  root: string,
  start: string,
  step: DurableStep,
  judge: (home: string, ends: Together) => Promise<void>,
): Promise<void> => {
  const { scenario } = await import(module) as { readonly scenario: Scenario };
  const home = join(root, `paused-${step.n}`);
  await copyTree(start, home);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", CHILD, module, home, String(step.n), "halted"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  await untilHalted(child.pid);
  const second = { failure: await failureOf(scenario.run(impatient(makeOs()), home)) };
  child.kill("SIGCONT");
  const { success, stderr } = await child.output();
  const first = { failure: success ? null : new TextDecoder().decode(stderr) };
  await judge(home, { step, first, second });
  await Deno.remove(home, { recursive: true });
};

/** Halts the scenario of a module at `count` of its steps, spread evenly, one after the other; see {@linkcode pausedAt}. */
export const pausedEverywhere = async (
  module: string,
  count: number,
  whole: (start: string, whole: string) => Promise<void> | void,
  judge: (home: string, ends: Together) => Promise<void>,
): Promise<void> => {
  const { scenario } = await import(module) as { readonly scenario: Scenario };
  const root = await Deno.makeTempDir({ prefix: "dsync-pause-" });
  try {
    const [start, end] = [join(root, "start"), join(root, "whole")];
    await Deno.mkdir(start);
    await scenario.prepare(makeOs(), start);
    await copyTree(start, end);
    const steps = await stepsOf(module, end);
    await whole(start, end);
    for (let i = 0; i < Math.min(count, steps.length); i++) {
      const step = steps[Math.floor(i * steps.length / Math.min(count, steps.length))]!;
      await pausedAt(module, root, start, step, judge);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
};
