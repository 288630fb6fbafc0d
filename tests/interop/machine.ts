/**
 * The unprivileged user and the temporary directory that Dovecot and dsync run with, and how processes are started.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { userInfo } from "node:os";
import { join } from "node:path";

/** Who mail belongs to in these tests. */
export interface TestUser {
  /** Login name. */
  readonly name: string;
  /** User id; null: whoever runs the tests. */
  readonly ids: { readonly uid: number; readonly gid: number } | null;
}

const NAME = "dsynctest";

const id = async (option: string): Promise<number | null> => {
  const { success, stdout } = await new Deno.Command("id", {
    args: [option, NAME],
    stderr: "null",
  }).output();
  return success ? Number(new TextDecoder().decode(stdout)) : null;
};

/** The user: as root a system user made for it (Dovecot serves no mail as root), otherwise oneself. */
export const testUser = async (): Promise<TestUser> => {
  if (Deno.uid() !== 0) return { name: userInfo().username, ids: null };
  if (await id("-u") === null) {
    await new Deno.Command("useradd", {
      // sshd runs commands through the user's shell, in the user's home.
      args: ["--system", "--user-group", "--shell", "/bin/sh", "--home-dir", "/", NAME],
      stderr: "null",
    }).output();
  }
  const [uid, gid] = [await id("-u"), await id("-g")];
  if (uid === null || gid === null) throw new Error(`the user ${NAME} could not be made`);
  return { name: NAME, ids: { uid, gid } };
};

/** How a process ended and what it said. */
export interface Ended {
  /** Exit code; 128 + n after signal n. */
  readonly code: number;
  /** Standard output. */
  readonly stdout: Uint8Array;
  /** Standard error, as text. */
  readonly stderr: string;
}

/** A temporary directory of the test user, and processes run as that user in it. */
export class Machine implements AsyncDisposable {
  private constructor(readonly user: TestUser, readonly root: string) {}

  /** Makes the directory. It goes away when the machine is disposed of. */
  static async start(): Promise<Machine> {
    const user = await testUser();
    const root = await Deno.makeTempDir({ prefix: "dsync-interop-" });
    if (user.ids !== null) await Deno.chown(root, user.ids.uid, user.ids.gid);
    return new Machine(user, root);
  }

  /** A process as the test user: nothing of our environment but what is given. */
  command(
    program: string,
    args: readonly string[],
    options: {
      readonly home: string;
      readonly env?: Record<string, string>;
      readonly stdin?: "piped" | "null";
    },
  ): Deno.Command {
    return new Deno.Command(program, {
      args: [...args],
      cwd: this.root,
      clearEnv: true,
      env: {
        PATH: "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
        LANG: "C.UTF-8",
        TMPDIR: this.root,
        HOME: options.home,
        USER: this.user.name,
        LOGNAME: this.user.name,
        ...options.env,
      },
      stdin: options.stdin ?? "null",
      stdout: "piped",
      stderr: "piped",
      ...this.user.ids,
    });
  }

  /** Runs a process to its end. */
  async run(
    program: string,
    args: readonly string[],
    options: {
      readonly home: string;
      readonly env?: Record<string, string>;
      readonly input?: Uint8Array;
    },
  ): Promise<Ended> {
    const child = this.command(program, args, {
      ...options,
      stdin: options.input === undefined ? "null" : "piped",
    }).spawn();
    if (options.input !== undefined) {
      const writer = child.stdin.getWriter();
      await writer.write(options.input);
      await writer.close();
    }
    const { code, stdout, stderr } = await child.output();
    return { code, stdout, stderr: Buffer.from(stderr).toString() };
  }

  /** A new empty directory of the test user. */
  async directory(prefix: string): Promise<string> {
    const path = await Deno.makeTempDir({ dir: this.root, prefix: `${prefix}-` });
    await this.own(path);
    return path;
  }

  /** Gives a tree to the test user. */
  async own(path: string): Promise<void> {
    if (this.user.ids === null) return;
    const { uid, gid } = this.user.ids;
    const { success, stderr } = await new Deno.Command("chown", {
      args: ["-R", `${uid}:${gid}`, path],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }

  /** Copies a tree with times, modes, links and owners; gives the copy's path. */
  async copy(path: string, prefix: string): Promise<string> {
    const to = join(await this.directory(prefix), "home");
    const { success, stderr } = await new Deno.Command("cp", { args: ["-a", path, to] }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return to;
  }

  /** Removes the directory with all that is in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true }).catch(() => {});
  }
}

/** The processes that a process has started and that still run. */
export const childrenOf = (pid: number): readonly number[] => {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ")
      .filter((text) => text !== "").map(Number);
  } catch {
    return [];
  }
};

/** VmHWM of a process in MiB; 0 once it has ended. */
export const peakOf = (pid: number): number => {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
};
