/**
 * Runs dsync itself as the test user, from a copy that this user can read.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, ENGINE_ENVIRONMENT, ENGINE_OPTIONS } from "../../cli/build.ts";
import { absolute, type Account, type Dovecot } from "./dovecot.ts";
import { childrenOf, type Ended, type Machine, peakOf } from "./machine.ts";

const CHECKOUT = fileURLToPath(new URL("../../", import.meta.url));

const must = async (program: string, ...args: string[]): Promise<void> => {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) {
    throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
};

/** The program as one folder that needs no package: it starts in half the time. Built once for all tests of a file. */
let built: Promise<string> | null = null;
const buildProgram = async (): Promise<string> => {
  const folder = await Deno.makeTempDir({ prefix: "dsync-built-" });
  addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  await build(join(CHECKOUT, "cli", "main.ts"), folder);
  return folder;
};

/** dsync on a machine, ready to run. */
export class Dsync {
  private constructor(
    readonly machine: Machine,
    readonly program: string,
    readonly main: string,
    readonly cache: string,
    /** HOME of the runs: what a mirror remembers goes there. */
    readonly home: string,
  ) {}

  /**
   * Copies the built program and the Deno that runs us into the machine's directory: they may lie below a home that the
   * test user may not enter.
   */
  static async stage(machine: Machine): Promise<Dsync> {
    const [folder, cache] = [join(machine.root, "dsync"), join(machine.root, "deno-dir")];
    await Deno.mkdir(cache);
    await must("cp", "-r", await (built ??= buildProgram()), folder);
    const program = join(machine.root, "deno");
    await must("cp", "-L", "--reflink=auto", Deno.execPath(), program);
    for (const path of [folder, cache, program]) await machine.own(path);
    const home = await machine.directory("dsync-home");
    return new Dsync(machine, program, join(folder, "main.js"), cache, home);
  }

  /** A command line that runs dsync with these arguments. */
  args(args: readonly string[]): string[] {
    return ["run", "-A", ...ENGINE_OPTIONS, this.main, ...args];
  }

  /** The environment that it needs. */
  get env(): Record<string, string> {
    const own = { DENO_DIR: this.cache, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
    return { ...own, ...ENGINE_ENVIRONMENT };
  }

  /** A process of dsync with these arguments, not yet started. */
  command(args: readonly string[], home: string): Deno.Command {
    return this.machine.command(this.program, this.args(args), { home, env: this.env });
  }

  /** Runs dsync to its end. */
  run(args: readonly string[]): Promise<Ended> {
    const { home } = this;
    return this.machine.run(this.program, this.args(args), { home, env: this.env });
  }

  /** Runs dsync to its end and watches how much memory it, or a process that it starts, holds at most. */
  async measured(
    args: readonly string[],
  ): Promise<Ended & { readonly peakMiB: number }> {
    const { home } = this;
    const child = this.machine.command(this.program, this.args(args), { home, env: this.env })
      .spawn();
    let peakMiB = 0;
    const watch = setInterval(() => {
      peakMiB = Math.max(peakMiB, ...[child.pid, ...childrenOf(child.pid)].map(peakOf));
    }, 50);
    const { code, stdout, stderr } = await child.output();
    clearInterval(watch);
    return { code, stdout, stderr: new TextDecoder().decode(stderr), peakMiB };
  }

  /** `dsync -o mail_location=FROM COMMAND TO`; both accounts by their absolute locations. */
  sync(
    command: "mirror" | "backup",
    from: Account,
    to: Account,
    ...more: string[]
  ): Promise<Ended> {
    const args = ["-o", `mail_location=${absolute(from)}`, ...more, command, absolute(to)];
    return this.run(args);
  }
}

/** Puts dsync beside a Dovecot. */
export const stageDsync = (dovecot: Dovecot): Promise<Dsync> => Dsync.stage(dovecot.machine);
