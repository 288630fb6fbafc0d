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
const PARTS: readonly string[] = ["deno.json", "deno.lock", "mod.ts", "lib", "cli"];

const must = async (program: string, ...args: string[]): Promise<void> => {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) {
    throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
};

/** Sees to it that the packages are in the cache: once for all tests of a file. */
let cached: Promise<void> | null = null;
const cachePackages = (): Promise<void> =>
  cached ??= must(Deno.execPath(), "cache", "-q", join(CHECKOUT, "cli", "main.ts"));

const denoDir = async (): Promise<string> => {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return (JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string }).denoDir;
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
    /** Options of Deno for this program. */
    readonly denoOptions: readonly string[],
    /** What else is in its environment. */
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  /**
   * Copies the program, its cached packages and the Deno that runs us into the machine's directory: all of them may
   * lie below a home that the test user may not enter.
   */
  static async stage(machine: Machine): Promise<Dsync> {
    const [checkout, cache] = [join(machine.root, "dsync"), join(machine.root, "deno-dir")];
    await Deno.mkdir(checkout);
    for (const part of PARTS) await must("cp", "-r", join(CHECKOUT, part), checkout);
    await cachePackages();
    await Deno.mkdir(cache);
    // The packages alone: other parts of the cache change while others work on this machine.
    await must("cp", "-rL", join(await denoDir(), "npm"), cache);
    const options = ["--cached-only", "--config", join(checkout, "deno.json")];
    return await Dsync.#ready(machine, checkout, cache, join("cli", "main.ts"), options, {});
  }

  /** Builds the program into the machine's directory, as one folder that needs nothing else. */
  static async build(machine: Machine): Promise<Dsync> {
    const [dist, cache] = [join(machine.root, "dsync"), join(machine.root, "deno-dir")];
    await Deno.mkdir(cache);
    await build(join(CHECKOUT, "cli", "main.ts"), dist);
    const options = ENGINE_OPTIONS;
    return await Dsync.#ready(machine, dist, cache, "main.js", options, ENGINE_ENVIRONMENT);
  }

  static async #ready(
    machine: Machine,
    folder: string,
    cache: string,
    main: string,
    options: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<Dsync> {
    const program = join(machine.root, "deno");
    await must("cp", "-L", "--reflink=auto", Deno.execPath(), program);
    for (const path of [folder, cache, program]) await machine.own(path);
    const home = await machine.directory("dsync-home");
    return new Dsync(machine, program, join(folder, main), cache, home, options, environment);
  }

  /** A command line that runs dsync with these arguments. */
  args(args: readonly string[]): string[] {
    return ["run", "-A", ...this.denoOptions, this.main, ...args];
  }

  /** The environment that it needs. */
  get env(): Record<string, string> {
    const own = { DENO_DIR: this.cache, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
    return { ...own, ...this.environment };
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

/** The same, built. */
export const buildDsync = (dovecot: Dovecot): Promise<Dsync> => Dsync.build(dovecot.machine);

/** Starts dsync beside a Dovecot. */
export const stageDsync = (dovecot: Dovecot): Promise<Dsync> => Dsync.stage(dovecot.machine);
