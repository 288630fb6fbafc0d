/**
 * For tests: another process that holds a lock, or did.
 *
 * @module
 */

const CHILD = `
const { fcntl, flock, open } = Deno.dlopen("libc.so.6", {
  fcntl: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
}).symbols;
const [how, path] = Deno.args;
const fd = open(new TextEncoder().encode(path + "\\0"), 2);
const [F_SETLK, F_WRLCK, LOCK_EX, LOCK_NB] = [6, 1, 2, 4];
const whole = new Uint8Array(32);
whole[0] = F_WRLCK;
const result = how === "fcntl" ? fcntl(fd, F_SETLK, whole) : flock(fd, LOCK_EX | LOCK_NB);
console.log(result === 0 ? "held" : "refused");
await Deno.stdin.read(new Uint8Array(1));
`;

/** What became of a lock that another process was asked to take. */
export interface OtherProcess {
  /** Whether it has the lock. */
  readonly held: boolean;
  /** Ends the process, and so the lock. */
  readonly end: () => Promise<void>;
}

/** Starts a process that tries to lock a file for itself, by classic fcntl (F_SETLK, as Dovecot does) or flock. */
export const lockElsewhere = async (
  how: "fcntl" | "flock",
  path: string,
): Promise<OtherProcess> => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", CHILD, "--", how, path],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const held = new TextDecoder().decode(value).trim() === "held";
  const end = async (): Promise<void> => {
    await child.stdin.close();
    await child.status;
    await reader.cancel();
  };
  return { held, end };
};

/** The number of a process that has ended. */
export const deadPid = async (): Promise<number> => {
  const child = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" }).spawn();
  await child.status;
  return child.pid;
};

/** Gives `use` an empty directory, and removes it afterwards. */
export const withDirectory = async (use: (path: string) => void | Promise<void>): Promise<void> => {
  const path = Deno.makeTempDirSync({ prefix: "dsync-os-" });
  try {
    await use(path);
  } finally {
    Deno.removeSync(path, { recursive: true });
  }
};
