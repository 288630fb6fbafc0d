/**
 * A dsync that is killed in the middle of its work, at any moment, and then run again.
 *
 * @module
 */
import assert from "node:assert/strict";
import { walk } from "@std/fs/walk";
import type { Random } from "../sample/random.ts";
import { absolute, type Account, type Dovecot } from "./dovecot.ts";
import type { Dsync } from "./dsync.ts";
import { withoutImplied } from "./histories.ts";
import { view } from "./view.ts";

/** What begins a run's traces, in the root of a store: see the library's lock of a run. */
const RUN_LOCK = "dsync.lock";

/** Whole seconds are compared, so one more. */
const YOUNG_MS = 3500;

const rootOf = (account: Account): string => {
  const [, path = ""] = /^[a-z]+:([^:]*)/.exec(absolute(account)) ?? [];
  return path;
};

const exists = async (path: string): Promise<boolean> => {
  try {
    await Deno.lstat(path);
    return true;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw thrown;
  }
};

/**
 * Waits until a dead owner's dovecot-uidlist.lock is so old that Dovecot asks whether its owner lives: for the first 2 s
 * it believes every lock, whoever made it, and its quick syncs (STATUS) do not wait but fail.
 */
const outlastLocks = async ({ home }: Account): Promise<void> => {
  let age = Infinity;
  for await (const { path } of walk(home, { exts: [".lock"], includeDirs: false })) {
    const { mtime } = await Deno.stat(path);
    if (path.endsWith("/dovecot-uidlist.lock") && mtime !== null) {
      age = Math.min(age, Date.now() - mtime.getTime());
    }
  }
  if (age < YOUNG_MS) await new Promise((go) => setTimeout(go, YOUNG_MS - age));
};

/** Runs dsync twice for each time that it is asked: the first run dies by SIGKILL, unless it is quicker. */
export class MortalDsync implements Pick<Dsync, "sync"> {
  /** How often it was killed. */
  kills = 0;
  /** How often something was left of it. */
  traces = 0;
  /** How long a run takes, about, in milliseconds. */
  #duration = 1500;

  /** For one Dsync. */
  constructor(
    readonly dovecot: Dovecot,
    readonly dsync: Dsync,
    readonly chance: Random,
  ) {}

  /** Kills a run, has Dovecot look at what is left, and runs it again to its end, which is given. */
  async sync(
    command: "mirror" | "backup",
    from: Account,
    to: Account,
    ...more: string[]
  ): ReturnType<Dsync["sync"]> {
    const args = ["-o", `mail_location=${absolute(from)}`, ...more, command, absolute(to)];
    // The first third is the start of the program.
    const life = this.#duration / 3 + this.chance.int(Math.ceil(this.#duration * 2 / 3));
    const child = this.dsync.command(args, this.dsync.home).spawn();
    const timer = setTimeout(() => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended in this very moment.
      }
    }, life);
    const { signal } = await child.output();
    clearTimeout(timer);
    if (signal === "SIGKILL") this.kills++;
    for (const account of [from, to]) {
      const isLeft = await exists(`${rootOf(account)}/${RUN_LOCK}`);
      if (isLeft) this.traces++;
      if (isLeft) await outlastLocks(account);
      const seen = isLeft ? await view(this.dovecot, account) : null;
      const complaints = seen === null ? [] : withoutImplied(seen);
      assert.deepEqual(complaints, [], `after ${life} ms, ${absolute(account)}`);
    }
    const begun = performance.now();
    const end = await this.dsync.sync(command, from, to, ...more);
    // A run that has to wait until a dead owner's lock counts as dead takes longer.
    this.#duration = Math.min(performance.now() - begun, 2 * this.#duration);
    for (const account of [from, to]) {
      assert.equal(await exists(`${rootOf(account)}/${RUN_LOCK}`), false, absolute(account));
    }
    return end;
  }
}
