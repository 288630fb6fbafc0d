/**
 * A whole Dovecot, as root: auth process, IMAP logins, users with ids, homes and settings of their own.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ImapSession } from "./imap.ts";
import { hasDovecot } from "./dovecot.ts";

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;

/** Why there can be none here; null: there can. */
export const whyNoServer = (): string | null =>
  !hasDovecot ? "no Dovecot" : Deno.uid() !== 0 ? "only root can run it" : null;

/** A user of the server. */
export interface ServerUser {
  /** Login name. */
  readonly name: string;
  /** User and group id. */
  readonly uid: number;
  /** Extra fields of the userdb, such as `userdb_mail=...`. */
  readonly extra: string;
}

/** How a process ended. */
export interface Said {
  /** Exit status. */
  readonly code: number;
  /** Standard output. */
  readonly stdout: string;
  /** Standard error. */
  readonly stderr: string;
}

const PASSWORD = "secret";

const exists = async (path: string): Promise<boolean> =>
  await Deno.lstat(path).then(() => true, () => false);

const freePort = (): number => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
};

/** One that runs. */
export class MailServer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  private constructor(readonly root: string, readonly port: number, child: Deno.ChildProcess) {
    this.#child = child;
  }

  /** Starts a server whose users' mail is in `~/Maildir` unless they say otherwise. */
  static async start(users: readonly ServerUser[], settings = ""): Promise<MailServer> {
    const root = await Deno.makeTempDir({ prefix: "dsync-server-" });
    await Deno.chmod(root, 0o755);
    await Deno.mkdir(join(root, "home"));
    for (const { name, uid } of users) {
      const home = join(root, "home", name);
      await Deno.mkdir(home, { mode: 0o700 });
      await Deno.chown(home, uid, uid);
    }
    const port = freePort();
    await Deno.writeTextFile(
      join(root, "dovecot.conf"),
      `base_dir = ${root}/run
state_dir = ${root}/state
log_path = ${root}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_cache_size = 1M
first_valid_uid = 1
mail_location = maildir:~/Maildir
service imap-login {
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
passdb {
  driver = passwd-file
  args = ${root}/users
}
userdb {
  driver = passwd-file
  args = ${root}/users
}
${settings}
`,
    );
    const child = new Deno.Command("/usr/sbin/dovecot", {
      args: ["-F", "-c", join(root, "dovecot.conf")],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const server = new MailServer(root, port, child);
    await server.setUsers(users);
    for (const end = Date.now() + 10_000; !(await exists(join(root, "run", "auth-userdb")));) {
      assert.ok(Date.now() < end, "Dovecot did not start");
      await new Promise((go) => setTimeout(go, 20));
    }
    return server;
  }

  /** Writes the passwd-file anew. */
  async setUsers(users: readonly ServerUser[]): Promise<void> {
    const entry = ({ name, uid, extra }: ServerUser): string =>
      `${name}:{PLAIN}${PASSWORD}:${uid}:${uid}::${this.home(name)}::${extra}\n`;
    const path = join(this.root, "users");
    await Deno.writeTextFile(`${path}.new`, users.map(entry).join(""));
    await Deno.rename(`${path}.new`, path);
    // The auth process looks at the file once a second.
    await new Promise((go) => setTimeout(go, 1100));
  }

  /** A user's home. */
  home(name: string): string {
    return join(this.root, "home", name);
  }

  /** Logs in over the network. */
  login(user: string): Promise<ImapSession> {
    const script = `exec 3<>/dev/tcp/127.0.0.1/${this.port}; cat <&3 & cat >&3 2>/dev/null; wait`;
    return ImapSession.start(
      new Deno.Command("bash", {
        args: ["-c", script],
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }),
      { user, password: PASSWORD },
    );
  }

  async #run(program: string, args: readonly string[]): Promise<Said> {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      env: { HOME: "/root", XDG_STATE_HOME: join(this.root, "roots-state"), NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  }

  /** Runs dsync as root with the server's configuration. */
  dsync(...words: readonly string[]): Promise<Said> {
    return this.#run(Deno.execPath(), [
      "run",
      "-A",
      MAIN,
      "-c",
      join(this.root, "dovecot.conf"),
      ...words,
    ]);
  }

  /** Runs doveadm as root; a failure throws. */
  async doveadm(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#run("/usr/bin/doveadm", [
      "-c",
      join(this.root, "dovecot.conf"),
      ...words,
    ]);
    assert.equal(code, 0, `doveadm ${words.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** Everything below a user's home that is not the user's. */
  async foreign({ name, uid }: ServerUser): Promise<readonly string[]> {
    const look = async (path: string): Promise<readonly string[]> => {
      const found: string[] = [];
      for await (const { name: one, isDirectory } of Deno.readDir(path)) {
        const inner = join(path, one);
        const info = await Deno.lstat(inner);
        if (info.uid !== uid || info.gid !== uid) found.push(`${inner}: ${info.uid} ${info.gid}`);
        if (isDirectory) found.push(...await look(inner));
      }
      return found;
    };
    return await look(this.home(name));
  }

  /** Stops it and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await Deno.remove(this.root, { recursive: true });
  }
}
