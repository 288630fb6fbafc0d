/**
 * Where the program keeps what a mirror remembers: one small file for each pair of locations.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import * as E from "fp-ts/Either.js";
import { formatHex } from "../lib/codec/guid.ts";
import { type Ends, formatSyncMemory, parseSyncMemory } from "../lib/codec/sync_memory.ts";
import type { SyncError } from "../lib/model/error.ts";
import { NO_MEMORY, type SyncMemory } from "../lib/model/memory.ts";
import { StreamFailure } from "../lib/stream/chunks.ts";
import type { Os } from "../lib/port/os.ts";

const LIMIT = 64 * 1024 * 1024;

/** The directory of all that is kept from run to run; null where there is no home to keep it in. */
export const stateDirectory = (env: (name: string) => string | undefined): string | null => {
  // What is empty counts as not set, as the XDG base directories have it.
  const home = env("HOME") || null;
  const state = env("XDG_STATE_HOME") || (home === null ? null : `${home}/.local/state`);
  return state === null || !state.startsWith("/") ? null : `${state}/dsync`;
};

/** A store behind a pipe as an end of a memory: the mail of two machines may lie at one path. */
export const farEnd = (command: string, location: string): string => `${command} ${location}`;

/** The file of a pair, the same whichever side is left; null where there is no home to keep it in. */
export const memoryPath = (
  ends: Ends,
  env: (name: string) => string | undefined,
): string | null => {
  const state = stateDirectory(env);
  const pair = [ends.left, ends.right].sort().join("\n");
  const name = formatHex(sha256(new TextEncoder().encode(pair))).slice(0, 32);
  return state === null ? null : `${state}/${name}.json`;
};

/** Reads a memory; a file that cannot be used is told to `warn` and counts as none. */
export const readMemory = (
  os: Os,
  path: string,
  ends: Ends,
  warn: (error: SyncError) => void,
): SyncMemory => {
  const text = attempt(() => os.files.readFile(path, LIMIT), warn);
  if (text === null) return NO_MEMORY;
  const parsed = parseSyncMemory(new TextDecoder().decode(text), ends);
  if (E.isRight(parsed)) return parsed.right;
  warn({ ...parsed.left, where: { path } });
  return NO_MEMORY;
};

/** Writes a memory, durably, when it differs from what is there; a failure is told to `warn`. */
export const writeMemory = (
  os: Os,
  path: string,
  ends: Ends,
  memory: SyncMemory,
  warn: (error: SyncError) => void,
): void => {
  const text = formatSyncMemory(memory, ends);
  const directory = path.slice(0, path.lastIndexOf("/"));
  attempt(() => {
    const there = os.files.readFile(path, LIMIT);
    if (there !== null && new TextDecoder().decode(there) === text) return null;
    os.disk.mkdir(directory);
    replaceFile(os, directory, path, new TextEncoder().encode(text));
    return null;
  }, warn);
};

/**
 * Puts new content in place. A draft that a killed run has left is used again; while a living one writes it, its
 * memory is as good as ours.
 */
const replaceFile = (os: Os, directory: string, path: string, bytes: Uint8Array): void => {
  const draft = `${path}.new`;
  const fd = os.files.stat(draft) === null ? os.disk.openNew(draft) : os.files.open(draft, "r+");
  try {
    const held = os.locks.tryFlock(fd, draft);
    if (held === null || os.files.stat(draft)?.ino !== os.files.fstat(fd).ino) return;
    os.disk.truncate(fd, 0);
    os.disk.write(fd, bytes, 0);
    os.disk.sync(fd);
    os.disk.rename(draft, path);
    os.disk.syncDir(directory);
  } finally {
    os.files.close(fd);
  }
};

const attempt = <A>(action: () => A | null, warn: (error: SyncError) => void): A | null => {
  try {
    return action();
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    warn(thrown.error as SyncError);
    return null;
  }
};
