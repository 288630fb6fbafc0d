/**
 * How long it takes until the program runs.
 *
 * @module
 */
import { join } from "node:path";
import { dsyncRun } from "./commands.ts";
import type { Bench, Way } from "./job.ts";
import { WAY } from "./names.ts";

/** The version is told, beside what Deno takes for nothing at all. */
export const startUp = ({ dovecot, dsync, source }: Bench): readonly Way[] => {
  const { home } = source;
  const empty = join(dovecot.machine.root, "empty.ts");
  Deno.writeTextFileSync(empty, "");
  return [
    { name: WAY.version, run: (gauge) => gauge(dsyncRun(dsync, ["--version"], home)) },
    {
      name: WAY.emptyProgram,
      run: (gauge) =>
        gauge({
          program: dsync.program,
          args: ["run", "--no-config", empty],
          home,
          env: dsync.env,
        }),
    },
  ];
};
