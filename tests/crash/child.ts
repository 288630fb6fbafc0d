/**
 * The process that dies: `child.ts MODULE HOME STOP whole|torn|halted` runs a scenario and kills itself at durable step
 * STOP, before the step or in the middle of its write, or halts before the step until it is told to go on. STOP 0 never
 * comes; then its steps are printed, one JSON line each.
 *
 * @module
 */
import { type DurableStep, makeOs } from "../../lib/os/os.ts";
import type { Scenario } from "./scenario.ts";

const [module = "", home = "", stop = "", how = ""] = Deno.args;

/** No `finally`, no exit handler, no flush: what the kernel has is what is left. */
const die = (): void => Deno.kill(Deno.pid, "SIGKILL");

const steps: DurableStep[] = [];
const os = makeOs({
  onStep: (step) => {
    steps.push(step);
    if (step.n !== Number(stop)) return undefined;
    if (how === "torn") return { keep: Math.floor((step.bytes ?? 0) / 2), then: die };
    if (how === "halted") return Deno.kill(Deno.pid, "SIGSTOP");
    return die();
  },
});

const { scenario } = await import(module) as { readonly scenario: Scenario };
await scenario.run(os, home);
for (const step of steps) console.log(JSON.stringify(step));
