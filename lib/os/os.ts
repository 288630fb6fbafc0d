/**
 * The real operating system behind `port/os.ts`.
 *
 * @module
 */
import type { Os } from "../port/os.ts";
import { decompress } from "./decompress.ts";
import { makeDisk, type StepHook } from "./disk.ts";
import { makeFiles, OpenFiles } from "./files.ts";
import { makeLocks } from "./locks.ts";
import { pause, sleep } from "./wait.ts";

export type { DurableStep, StepHook, TornWrite } from "./disk.ts";

/** The Web's limit for one call of getRandomValues. */
const RANDOM_LIMIT = 65_536;

const random = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += RANDOM_LIMIT) {
    crypto.getRandomValues(bytes.subarray(at, at + RANDOM_LIMIT));
  }
  return bytes;
};

/** gethostname(), unless the environment has Dovecot's own name for the host (src/lib/hostpid.c). */
const dovecotHostname = (): string => Deno.env.get("DOVECOT_HOSTNAME") ?? Deno.hostname();

/** Settings of {@linkcode makeOs}. */
export interface OsOptions {
  /** Is shown each durable step before it is done. */
  readonly onStep?: StepHook;
}

/** Collects garbage, where the engine lets us ask for it (--expose-gc). */
const { gc } = globalThis as { readonly gc?: () => void };

/** The operating system of this machine: 64-bit Linux with glibc. Steps are counted anew for each. */
export const makeOs = (options: OsOptions = {}): Os => {
  const openFiles = new OpenFiles();
  const files = makeFiles(openFiles);
  const host = dovecotHostname();
  return {
    files,
    disk: makeDisk(files, openFiles, options.onStep),
    locks: makeLocks(host),
    decompress,
    now: () => Date.now(),
    random,
    hostname: host,
    pid: Deno.pid,
    sleep,
    pause,
    ...(gc === undefined ? {} : { makeRoom: () => gc() }),
  };
};
