/**
 * Whose rights this process has, and giving them up for a user's. By FFI: Deno has no calls for it.
 *
 * @module
 */
import { type SyncError, syncError } from "../model/error.ts";
import { StreamFailure } from "../stream/chunks.ts";
import { changingLibc } from "./libc.ts";

const SYMBOLS = {
  geteuid: { parameters: [], result: "u32" },
  getpwuid: { parameters: ["u32"], result: "pointer" },
  getegid: { parameters: [], result: "u32" },
  initgroups: { parameters: ["buffer", "u32"], result: "i32" },
  setgroups: { parameters: ["usize", "buffer"], result: "i32" },
  setresgid: { parameters: ["u32", "u32", "u32"], result: "i32" },
  setresuid: { parameters: ["u32", "u32", "u32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const load = (): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] => {
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch (thrown) {
    const what = "the GNU C library (libc.so.6) could not be loaded";
    throw new StreamFailure<SyncError>(syncError("Unsupported", "run", {}, what, thrown));
  }
};

const refuse = (what: string): never => {
  throw new StreamFailure<SyncError>(syncError("Denied", "run", {}, what));
};

let root: boolean | null = null;

/** Whether this process has the rights of root. The system is asked once. */
export const isRoot = (): boolean => root ??= changingLibc().geteuid() === 0;

/** The name of a user, as the system has it (passwd, or what nsswitch.conf has in its place); null: it has none. */
export const userName = (uid: number): string | null => {
  const entry = load().getpwuid(uid);
  // The name is the first word of struct passwd.
  const name = entry === null ? null : new Deno.UnsafePointerView(entry).getPointer();
  return name === null ? null : new Deno.UnsafePointerView(name).getCString();
};

/** A user of the system. */
export interface SystemUser {
  /** For messages, and to look up further groups. */
  readonly name: string;
  /** User id. */
  readonly uid: number;
  /** Group id. */
  readonly gid: number;
}

/**
 * Becomes a user for good, with the user's groups: before any mail is touched. Nothing is done where this process is
 * that user already. Throws `StreamFailure`: `Denied` without the right to it, or where the user would be root.
 */
export const becomeUser = ({ name, uid, gid }: SystemUser): void => {
  const libc = load();
  const is = libc.geteuid();
  if (uid === 0 || gid === 0) {
    return refuse(`user ${name} has the ids ${uid} and ${gid}: mail is not touched as root`);
  }
  if (is === uid) return;
  if (is !== 0) {
    return refuse(`user ${name} has the id ${uid}, this process ${is}: only root may switch`);
  }
  const bytes = new TextEncoder().encode(`${name}\0`);
  const inGroups = libc.initgroups(bytes, gid) === 0 ||
    libc.setgroups(1n, Uint32Array.of(gid)) === 0;
  const done = inGroups && libc.setresgid(gid, gid, gid) === 0 &&
    libc.setresuid(uid, uid, uid) === 0;
  // Believed only when it is seen, and cannot be taken back.
  if (!done || libc.geteuid() !== uid || libc.getegid() !== gid || libc.setresuid(0, 0, 0) === 0) {
    return refuse(`the rights of user ${name} (${uid}, ${gid}) could not be taken on`);
  }
  root = false;
};
