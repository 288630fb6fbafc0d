/** -u: users of a real Dovecot auth process, each with ids, a home and settings of their own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { hasDovecot } from "./dovecot.ts";

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;

interface User {
  readonly name: string;
  readonly uid: number;
  readonly extra: string;
}

const USERS: readonly User[] = [
  { name: "eve", uid: 61_001, extra: "" },
  { name: "adam@example.org", uid: 61_002, extra: "userdb_mail=mdbox:~/mdbox" },
];

/** A root directory that other users may enter, with homes and a configuration. */
const prepare = async (): Promise<string> => {
  const root = await Deno.makeTempDir({ prefix: "dsync-users-" });
  await Deno.chmod(root, 0o755);
  await Deno.mkdir(join(root, "home"));
  for (const { name, uid } of USERS) {
    const home = join(root, "home", name);
    await Deno.mkdir(home, { mode: 0o700 });
    await Deno.chown(home, uid, uid);
  }
  const entry = ({ name, uid, extra }: User): string =>
    `${name}:{PLAIN}x:${uid}:${uid}::${join(root, "home", name)}::${extra}\n`;
  await Deno.writeTextFile(
    join(root, "users"),
    `${USERS.map(entry).join("")}root:{PLAIN}x:0:0::${root}/home/eve::\n`,
  );
  await Deno.writeTextFile(
    join(root, "dovecot.conf"),
    `base_dir = ${root}/run
state_dir = ${root}/state
log_path = ${root}/log
protocols =
ssl = no
first_valid_uid = 1
mail_location = maildir:~/Maildir
passdb {
  driver = passwd-file
  args = ${root}/users
}
userdb {
  driver = passwd-file
  args = ${root}/users
}
`,
  );
  return root;
};

const run = async (root: string, user: string, ...words: readonly string[]) => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, "-c", join(root, "dovecot.conf"), "-u", user, ...words],
    env: { HOME: "/root", XDG_STATE_HOME: join(root, "roots-state"), NO_COLOR: "1" },
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
};

/** Everything below a directory that is not the user's. */
const foreign = async (path: string, uid: number): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    const inner = join(path, name);
    const info = await Deno.lstat(inner);
    if (info.uid !== uid || info.gid !== uid) found.push(`${inner}: ${info.uid} ${info.gid}`);
    if (isDirectory) found.push(...await foreign(inner, uid));
  }
  return found;
};

const until = async (is: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 10_000; !(await is());) {
    assert.ok(Date.now() < end, "Dovecot's auth process did not start");
    await new Promise((go) => setTimeout(go, 20));
  }
};

const exists = async (path: string): Promise<boolean> =>
  await Deno.lstat(path).then(() => true, () => false);

const maildirOf = async (home: string, uid: number): Promise<void> => {
  const make = async (path: string): Promise<void> => {
    await Deno.mkdir(path, { mode: 0o700 });
    await Deno.chown(path, uid, uid);
  };
  await make(join(home, "Maildir"));
  for (const one of ["cur", "new", "tmp"]) await make(join(home, "Maildir", one));
  const mail = join(home, "Maildir", "cur", "1700000000.M1P1.host:2,S");
  await Deno.writeTextFile(mail, "Subject: x\n\nbody\n", { mode: 0o600 });
  await Deno.chown(mail, uid, uid);
};

Deno.test({
  name: "-u: the mail of Dovecot's users, with their rights",
  ignore: !hasDovecot || Deno.uid() !== 0,
  fn: async () => {
    const root = await prepare();
    const dovecot = new Deno.Command("/usr/sbin/dovecot", {
      args: ["-F", "-c", join(root, "dovecot.conf")],
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      await until(() => exists(join(root, "run", "auth-userdb")));
      const [eve, adam] = USERS.map(({ name }) => join(root, "home", name));
      await maildirOf(eve!, 61_001);
      const first = await run(root, "eve", "backup", "mdbox:~/copy");
      assert.deepEqual(first, { code: 0, stderr: "" });
      assert.ok(await exists(join(eve!, "copy", "storage", "m.1")));
      assert.deepEqual(await foreign(eve!, 61_001), []);
      // What is remembered between runs is the user's, too, and in the user's home.
      const merged = await run(root, "eve", "mirror", "mdbox:~/copy");
      assert.deepEqual(merged, { code: 0, stderr: "" });
      assert.ok(await exists(join(eve!, ".local", "state", "dsync")));
      assert.equal(await exists(join(root, "roots-state")), false);
      assert.deepEqual(await foreign(eve!, 61_001), []);

      // The userdb's mail location counts, and %n and %d are the user's.
      await maildirOf(adam!, 61_002);
      const back = await run(root, "adam@example.org", "backup", "-R", "maildir:~/Maildir");
      assert.deepEqual(back, { code: 0, stderr: "" });
      assert.ok(await exists(join(adam!, "mdbox", "storage", "m.1")));
      const named = await run(root, "adam@example.org", "backup", `maildir:${adam}/%d-%n`);
      assert.deepEqual(named, { code: 0, stderr: "" });
      assert.ok(await exists(join(adam!, "example.org-adam", "cur")));
      assert.deepEqual(await foreign(adam!, 61_002), []);

      // Nobody reaches another one's mail.
      const other = await run(root, "eve", "backup", `maildir:${adam}/stolen`);
      assert.equal(other.code, 1);
      assert.match(other.stderr, /denied/i);
      const missing = await run(root, "nobody", "mirror", "maildir:~/x");
      assert.ok(missing.code !== 0);
      assert.match(missing.stderr, /there is no user nobody/);
      const rooted = await run(root, "root", "mirror", "maildir:~/x");
      assert.ok(rooted.code !== 0);
      assert.match(rooted.stderr, /no user root|not touched as root/);
    } finally {
      dovecot.kill("SIGTERM");
      await dovecot.status;
      await Deno.remove(root, { recursive: true });
    }
    const gone = await run("/nonexistent", "eve", "mirror", "maildir:~/x");
    assert.match(gone.stderr, /nonexistent\/dovecot.conf/);
  },
});
