/** The program as its users have it: a process, its exit status, and what it says. */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as E from "fp-ts/Either.js";
import { REPORT_LINE } from "../lib/codec/report_json.ts";
import { command, DENO_DIR, MAIN, run, tree, withHome } from "./_program.ts";

Deno.test("what is wrong is one line on stderr, with its place, a status that fits, and nothing changed", () =>
  withHome(20, async (root) => {
    await Deno.mkdir(join(root, "mixed"));
    await Deno.writeTextFile(join(root, "mixed", "file"), "x");
    await Deno.writeTextFile(join(root, "wrong.conf"), "mail_location = maildir:~/Maildir\nwhat\n");
    const rows: readonly (readonly [readonly string[], number, RegExp])[] = [
      [[], 64, /a command is missing/],
      [["copy", "mdbox:~/x"], 64, /unknown command "copy"/],
      [["mirror"], 64, /LOCATION2 is missing/],
      [["backup", "-q", "mdbox:~/x"], 64, /unknown option -q/],
      [["backup", "--fast", "mdbox:~/x"], 64, /unknown option --fast/],
      [["backup", "-1", "mdbox:~/x"], 64, /-1 goes with mirror/],
      [["mirror", "-R", "mdbox:~/x"], 64, /-R goes with backup/],
      [["mirror", "-I", "lots", "mdbox:~/x"], 64, /-I wants a size above 0.*"lots"/],
      [["mirror", "-t", "soon", "mdbox:~/x"], 64, /-t wants a time/],
      [["mirror", "-e", "soon", "mdbox:~/x"], 64, /-e wants a time/],
      [["mirror", "-O", "", "mdbox:~/x"], 64, /-O wants a flag/],
      [["mirror", "-g", "12", "mdbox:~/x"], 64, /-g wants the 32 digits/],
      [["mirror", "-l", "-1", "mdbox:~/x"], 64, /-l wants seconds/],
      [["mirror", "-T", "x", "mdbox:~/x"], 64, /-T wants seconds/],
      [["mirror", "-C", "ab", "mdbox:~/x"], 64, /-C wants one character/],
      [["mirror", "-n", "a", "-N", "mdbox:~/x"], 64, /-n and -N exclude/],
      [["mirror", "-o", "x", "mdbox:~/x"], 64, /-o wants SETTING=VALUE/],
      [["mirror", "-p", "x", "mdbox:~/x"], 64, /-p wants SETTING=VALUE/],
      [["mirror", "-p", "mail_path=~/x", "mdbox:~/x"], 64, /-p mail_path: that is what LOCATION2/],
      [["mirror", "-p", "mailbox_list_layout=fs", "eve@host"], 64, /-p goes with a folder/],
      [["mirror", "-p", "mailbox_list_layout=index", "maildir:~/x"], 1, /LAYOUT=index/],
      [["mirror", "-m"], 64, /-m wants a value/],
      [["mirror", "--bwlimit", "fast", "mdbox:~/x"], 64, /--bwlimit wants bytes/],
      [["mirror", "--iops=0", "mdbox:~/x"], 64, /--iops wants a number/],
      [["backup", "--max-delete", "few", "mdbox:~/x"], 64, /--max-delete wants a number/],
      [["backup", "--max-delete=101%", "mdbox:~/x"], 64, /--max-delete wants a number/],
      [["mirror", "--out", "p", "mdbox:~/x"], 64, /--out goes with plan or --dry-run/],
      [["plan", "status"], 64, /plan wants mirror or backup/],
      [["apply"], 64, /apply: the file of the plan is missing/],
      [["apply", "/nowhere/p"], 1, /\/nowhere\/p: the plan cannot be read/],
      [["apply", "/etc/hostname"], 1, /\/etc\/hostname: line 1 is not the head of a plan/],
      [["mirror", "--hold", "a:b", "mdbox:~/x"], 64, /a:b: a hold's path may have no colon/],
      [["restore"], 64, /restore: the hold is missing/],
      [["restore", "/nowhere"], 1, /\/nowhere: there is no hold; it is made with the first mail/],
      [["mirror", "--json=x", "mdbox:~/x"], 64, /--json takes no value/],
      [["server", "now"], 64, /server takes no words/],
      [["status", "mdbox:~/x", "y"], 64, /status takes one location/],
      [["check"], 64, /LOCATION2 is missing/],
      [["check", "-g", "00".repeat(16), "mdbox:~/x"], 64, /-g goes with mirror and backup/],
      [["check", "-1", "mdbox:~/x"], 64, /-1 goes with mirror and backup/],
      [["check", "maildir:~/Maildir"], 64, /both sides are the same mail/],
      [["check", "mdbox:~/none"], 1, /none: there is no mdbox/],
      [["mirror", "dbox:~/x"], 64, /maildir:.*mdbox:/],
      [["mirror", "maildir:"], 64, /a path is missing/],
      [["mirror", "maildir:x"], 64, /must be absolute/],
      [["mirror", "maildir:~/x:LAYOUT=index"], 1, /LAYOUT=index is not supported/],
      [["mirror", "mdbox:~/x:COLOUR=red"], 64, /COLOUR=red/],
      [["mirror", "maildir:~/Maildir"], 64, /both sides are the same mail/],
      [["mirror", `maildir:${root}/./Maildir/`], 64, /both sides are the same mail/],
      [["mirror", "mdbox:~/Maildir"], 64, /both sides are the same mail/],
      [["status", "mdbox:~/Maildir"], 1, /Maildir: what is there is no mdbox/],
      [["mirror", "mdbox:~/mixed"], 1, /mixed: what is there is no mdbox/],
      [["backup", "-R", "mdbox:~/none"], 1, /none: there is no mdbox/],
      [
        ["-o", "mail_location=maildir:~/Mialdir", "mirror", "mdbox:~/none"],
        1,
        /^dsync: maildir:~\/Mialdir: it is not there, and neither is mdbox:~\/none$/m,
      ],
      [["mirror", "-u", "nobody-else", "mdbox:~/x"], 75, /auth-userdb/],
      [["mirror", "@host"], 64, /user@host wants both/],
      [["mirror", "eve@"], 64, /host is missing/],
      [["mirror", "--", "-oProxyCommand=x@host"], 64, /-/],
      [["status", "mdbox:~/none"], 1, /none: there is no mdbox/],
      [["-o", "mdbox_rotate_size=tiny", "mirror", "mdbox:~/x"], 64, /mdbox_rotate_size=tiny/],
      [
        ["-o", "mail_attribute_dict=redis:x", "mirror", "mdbox:~/x"],
        1,
        /mail_attribute_dict=redis/,
      ],
      [["-o", "lock_method=flock", "mirror", "mdbox:~/x"], 78, /lock_method=flock/],
      [
        ["-r", "/nowhere/log", "mirror", "sh", "-c", "exec sleep 60", "x", "server"],
        1,
        /\/nowhere\/log: the log of what is said cannot be opened: No such file/,
      ],
      [["-r", "/nowhere/log", "server"], 1, /\/nowhere\/log: the log/],
    ];
    const before = await tree(root);
    for (const [words, status, wanted] of rows) {
      const { code, stdout, stderr } = await run(root, ...words);
      const title = words.join(" ");
      assert.equal(code, status, `${title}: ${stderr}`);
      assert.match(stderr, wanted, title);
      assert.match(stderr, /^dsync: [^\n]*\n$/, title);
      assert.equal(stdout, "", title);
    }
    for (const location of ["sdbox:~/sdbox", "mbox:~/mail"]) {
      await Deno.writeTextFile(join(root, "other.conf"), `mail_location = ${location}\n`);
      const other = ["-c", join(root, "other.conf")];
      const used = await run(root, ...other, "mirror", "mdbox:~/x");
      assert.equal(used.code, 78, used.stderr);
      assert.match(used.stderr, new RegExp(`^dsync: ${location}: [^\n]*\n$`));
      // Where it is not gone by it is nobody's fault.
      const named = await run(root, ...other, "check", "maildir:~/Maildir", "mdbox:~/none");
      assert.match(named.stderr, /none: there is no mdbox/);
    }
    await Deno.remove(join(root, "other.conf"));
    const wrong = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", MAIN, "-c", join(root, "wrong.conf"), "mirror", "mdbox:~/x"],
      env: { HOME: root, DENO_DIR, NO_COLOR: "1" },
    }).output();
    assert.equal(wrong.code, 78);
    assert.match(new TextDecoder().decode(wrong.stderr), /^dsync: .*wrong\.conf.*line 2.*\n$/);
    assert.deepEqual(await tree(root), before);
  }));

Deno.test("-p sets the layout and the places of LOCATION2 alone, as Dovecot 2.4 has it", () =>
  withHome(20, async (root) => {
    const own = ["-p", "mailbox_list_layout=fs", "-p", "mail_index_path=~/idx"];
    const { code, stderr } = await run(root, "backup", ...own, "maildir:~/two");
    assert.deepEqual([code, stderr], [0, ""]);
    const names = async (path: string): Promise<readonly string[]> =>
      (await Array.fromAsync(Deno.readDir(join(root, path)))).map(({ name }) => name);
    assert.ok((await names("Maildir")).some((name) => name.startsWith(".") && name.length > 1));
    assert.ok((await names("two")).every((name) => !name.startsWith(".")));
    assert.ok((await names("idx")).length > 0);
    const same = await run(root, "-v", "mirror", "maildir:~/two:LAYOUT=fs:INDEX=~/idx");
    assert.match(same.stdout, /nothing to do\n.*nothing to do\n$/);
  }));

Deno.test("backup: a source without mail does not empty the other side, unless that is said", () =>
  withHome(20, async (root) => {
    for (const part of ["cur", "new", "tmp"]) {
      await Deno.mkdir(join(root, "Typo", part), { recursive: true });
    }
    const typo = ["-o", "mail_location=maildir:~/Typo", "backup"];
    assert.equal((await run(root, "backup", "mdbox:~/mdbox")).code, 0);
    const before = await tree(join(root, "mdbox"));
    const stopped = await run(root, ...typo, "mdbox:~/mdbox");
    assert.equal(stopped.code, 1);
    assert.match(stopped.stderr, /Typo has no mail, and 34 of 34 mails would be deleted here; /);
    assert.match(stopped.stderr, /^dsync: (mailbox [^,\n]*, )?mdbox:[^\n]*--max-delete[^\n]*\n$/);
    const few = await run(root, ...typo, "--max-delete=50%", "mdbox:~/mdbox");
    assert.equal(few.code, 1);
    assert.deepEqual(await tree(join(root, "mdbox")), before, "nothing was changed");
    const meant = await run(root, ...typo, "--max-delete=100%", "mdbox:~/mdbox");
    assert.deepEqual([meant.code, meant.stderr], [0, ""]);
    assert.match((await run(root, "status", "mdbox:~/mdbox")).stdout, /^INBOX .* 0 +0 /m);
  }));

Deno.test("check: names every difference, gives digests, and changes nothing", () =>
  withHome(20, async (root) => {
    const pair = ["maildir:~/Maildir", "mdbox:~/mdbox"];
    assert.equal((await run(root, "backup", "mdbox:~/mdbox")).code, 0);
    const before = await tree(root);
    const same = await run(root, "check", "--bytes", ...pair);
    assert.deepEqual([same.code, same.stderr], [0, ""]);
    assert.match(same.stdout, /^INBOX +[0-9a-f]{64} {2}the same$/m);
    assert.match(same.stdout, /mailboxes, 34 mails, [0-9]+ bytes compared: equal\n$/);
    assert.deepEqual(await tree(root), before);
    // Behind a pipe, and with the first side of the configuration.
    const program = [Deno.execPath(), "run", "-A", MAIN, "-o", "mail_location=mdbox:~/mdbox"];
    const there = await run(root, "check", ...program);
    assert.deepEqual([there.code, there.stderr], [0, ""]);
    assert.match(there.stdout, /34 mails compared: equal\n$/);
    const found = async (path: string, name: RegExp): Promise<string> => {
      for await (const entry of Deno.readDir(join(root, path))) {
        if (name.test(entry.name)) return join(root, path, entry.name);
      }
      throw new Error(`${path} has none`);
    };
    // One byte of one mail, no index and no size says so.
    const mail = await found("Maildir/cur", /:2,/);
    const { mtime, atime } = await Deno.stat(mail);
    const bytes = await Deno.readFile(mail);
    bytes[bytes.length - 2]! ^= 1;
    await Deno.writeFile(mail, bytes);
    await Deno.utime(mail, atime!, mtime!);
    const quick = await run(root, "check", ...pair);
    assert.equal(quick.code, 0, quick.stdout + quick.stderr);
    const exact = await run(root, "check", "--bytes", ...pair);
    assert.equal(exact.code, 2);
    assert.match(exact.stdout, /^INBOX, UID [0-9]+, bytes: [0-9]+ bytes, SHA-256 .* \| /m);
    assert.match(exact.stdout, /compared: 1 difference\n$/);
    const json = await run(root, "--json", "check", "--bytes", ...pair);
    const lines = json.stdout.trimEnd().split("\n").map((line) =>
      REPORT_LINE.decode(JSON.parse(line))
    );
    const events = lines.map((line) => E.isRight(line) ? line.right.event : "none");
    assert.deepEqual([...new Set(events)], ["difference", "digest", "compared"]);
    const others = await run(root, "check", "-x", "INBOX", "--bytes", ...pair);
    assert.equal(others.code, 0, others.stdout);
  }));

Deno.test("--json: every line is one of the schema, the report the last", () =>
  withHome(50, async (root) => {
    const { code, stdout, stderr } = await run(root, "--json", "mirror", "mdbox:~/mdbox");
    assert.deepEqual([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n").map((line) => REPORT_LINE.decode(JSON.parse(line)));
    const events = lines.map((line) => E.isRight(line) ? line.right.event : "none");
    assert.ok(!events.includes("none"), stdout);
    assert.equal(events.at(-1), "report");
    for (const event of ["tree", "begin", "progress", "done"]) {
      assert.ok(events.includes(event as never));
    }
    const failed = await run(root, "--json", "mirror", "maildir:~/none/x:LAYOUT=index");
    const last = REPORT_LINE.decode(JSON.parse(failed.stdout));
    assert.ok(E.isRight(last) && last.right.event === "failed" && last.right.exit === failed.code);
  }));

Deno.test("standard output that takes no more: told in one line, and what is at work goes on", () =>
  withHome(20, async (root) => {
    const full = async (...words: readonly string[]) => {
      const [program, args] = [Deno.execPath(), ["run", "-A", MAIN]];
      const { code, stderr } = await new Deno.Command("sh", {
        args: ["-c", 'exec "$0" "$@" >/dev/full', program, ...args, ...words],
        env: { HOME: root, DENO_DIR, NO_COLOR: "1" },
      }).output();
      return { code, stderr: new TextDecoder().decode(stderr) };
    };
    const config = ["-c", join(root, "dovecot.conf")];
    const pair = ["maildir:~/Maildir", "mdbox:~/mdbox"];
    const rows = [
      [...config, "-v", "mirror", "mdbox:~/mdbox"],
      [...config, "--json", "mirror", "mdbox:~/mdbox"],
      ["check", ...pair],
      ["status", pair[0]!],
      ["--help"],
    ];
    for (const words of rows) {
      const { code, stderr } = await full(...words);
      const lost = "dsync: standard output: No space left on device; what is left of it is lost\n";
      assert.deepEqual([code, stderr], [1, lost], words.join(" "));
    }
    const { code, stdout } = await run(root, "check", ...pair);
    assert.equal(code, 0, stdout);
  }));

Deno.test("Ctrl-C: stops within a second, says what is left, and the next run does the rest", () =>
  withHome(1500, async (root) => {
    const child = command(root, ["--bwlimit", "100k", "backup", "mdbox:~/mdbox"]).spawn();
    const mails = join(root, "mdbox", "storage", "m.1");
    for (const end = Date.now() + 30_000; Date.now() < end;) {
      if (await Deno.stat(mails).then(({ size }) => size > 0, () => false)) break;
      await new Promise((go) => setTimeout(go, 10));
    }
    const asked = performance.now();
    child.kill("SIGINT");
    const { code, stderr } = await child.output();
    assert.ok(performance.now() - asked < 2000, `${performance.now() - asked} ms`);
    assert.equal(code, 130);
    assert.match(new TextDecoder().decode(stderr), /stopped; what was done stays/);
    const rest = await run(root, "backup", "mdbox:~/mdbox");
    assert.deepEqual([rest.code, rest.stderr], [0, ""]);
    const again = await run(root, "-v", "mirror", "mdbox:~/mdbox");
    assert.deepEqual([again.code, again.stderr], [0, ""]);
    assert.match(again.stdout, /maildir:\S+: nothing to do\nmdbox:\S+: nothing to do\n$/);
  }));

Deno.test("status: every mailbox with its numbers, for people and as JSON", () =>
  withHome(40, async (root) => {
    const text = await run(root, "status");
    assert.deepEqual([text.code, text.stderr], [0, ""]);
    assert.match(text.stdout, /^mailbox +mails +bytes +UIDVALIDITY +UIDNEXT +HIGHESTMODSEQ\n/);
    assert.match(text.stdout, /^INBOX.* +\d+ +\d+ +\d+ +\d+ +\d+$/m);
    const json = await run(root, "status", "--json", "maildir:~/Maildir");
    const lines = json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.equal(lines.length, text.stdout.trimEnd().split("\n").length - 1);
    const inbox = lines.find(({ mailbox }) => mailbox === "INBOX");
    assert.ok(
      inbox.selectable && inbox.mails > 0 && inbox.bytes > 0 && inbox.uidNext > inbox.mails,
    );
  }));

Deno.test("status: a Maildir that nobody has opened yet is only read", () =>
  withHome(0, async (root) => {
    for (const part of ["cur", "new", "tmp"]) {
      await Deno.mkdir(join(root, "Fresh", part), { recursive: true });
    }
    await Deno.writeTextFile(
      join(root, "Fresh", "new", "1700000000.M1P1.host"),
      "Subject: x\n\nx\n",
    );
    const before = await tree(root);
    const { code, stdout } = await run(root, "status", "maildir:~/Fresh");
    assert.equal(code, 0);
    assert.match(stdout, /^INBOX +1 +\d+ +\d+ +2 /m);
    assert.deepEqual(await tree(root), before);
  }));

Deno.test("--help names every option, --version the version", () =>
  withHome(1, async (root) => {
    const help = await run(root, "--help");
    assert.equal(help.code, 0);
    for (const letter of "1DfNPRvaCcegIlmnorstTuxO") {
      assert.match(help.stdout, new RegExp(` -${letter}\\b`));
    }
    for (const word of ["json", "bwlimit", "iops", "version"]) {
      assert.ok(help.stdout.includes(`--${word}`));
    }
    assert.match((await run(root, "--version")).stdout, /^dsync \d+\.\d+\.\d+\n$/);
  }));

Deno.test("%u: the user's name also where the environment has none; a variable that nothing stands for is refused", () =>
  withHome(1, async (root) => {
    const bare = async (
      env: Record<string, string>,
      location: string,
      ...words: readonly string[]
    ) => {
      const settings = ["-c", "/dev/null", "-o", `mail_location=maildir:${location}`];
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", MAIN, ...settings, "status", ...words],
        clearEnv: true,
        env: { DENO_DIR, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...env },
      }).output();
      return { code, stderr: new TextDecoder().decode(stderr) };
    };
    const { stdout } = await new Deno.Command("id", { args: ["-un"] }).output();
    const me = new TextDecoder().decode(stdout).trim();
    const named = await bare({ HOME: root }, `${root}/vmail/%u/Maildir`);
    const missing = `dsync: ${root}/vmail/${me}/Maildir: there is no Maildir\n`;
    assert.deepEqual([named.code, named.stderr], [1, missing]);
    const homeless = await bare({}, "%h/Maildir");
    assert.equal(homeless.code, 78);
    assert.match(homeless.stderr, /^dsync: [^\n]*%h\/Maildir: .* HOME is not set\n$/);
    const elsewhere = await bare({}, "%h/Maildir", `maildir:${root}/Maildir`);
    assert.deepEqual([elsewhere.code, elsewhere.stderr], [0, ""]);
  }));

/** The permissions of each kind of run, as the README gives them. */
const permissionsOf = (kind: string): readonly string[] => {
  const readme = Deno.readTextFileSync(new URL("../README.md", import.meta.url));
  const [, flags] = new RegExp(`^\\| ${kind} +\\| \`([^\`]+)\``, "m").exec(readme) ?? [];
  assert.ok(flags !== undefined, `the README tells those of "${kind}"`);
  return flags.split(" ");
};

/** Below /dev, where tests may put their files, Deno lets nobody in who has not every permission. */
const NO_DEVICE = "/tmp";

Deno.test("the permissions that the README gives are enough for each kind of run", () =>
  withHome(30, async (root) => {
    await Deno.remove(join(root, "dovecot.conf"));
    const env = { HOME: root, TMPDIR: root, DENO_DIR, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
    const withFlags = (
      kind: string,
      words: readonly string[],
    ) => ["run", "--no-prompt", ...permissionsOf(kind), MAIN, ...words];
    const plain = async (kind: string, ...words: readonly string[]): Promise<void> => {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: withFlags(kind, words),
        env,
      }).output();
      assert.deepEqual([code, new TextDecoder().decode(stderr)], [0, ""], kind);
    };
    const from = ["-o", "mail_location=maildir:~/Maildir"];
    await plain("between two folders", ...from, "backup", "mdbox:~/mdbox");
    await plain("between two folders", ...from, "status");
    await plain("`doctor`", ...from, "doctor", "mdbox:~/mdbox");
    await plain("`bench`", ...from, "bench");
    await plain("with Dovecot's configuration", ...from, "mirror", "mdbox:~/mdbox");
    const there = ["-o", `mail_location=mdbox:${root}/other`, "server"];
    const server = [Deno.execPath(), ...withFlags("at the far end of a pipe", there)];
    const flags = permissionsOf("with another machine");
    assert.ok(flags.includes("--allow-run=ssh"));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt"],
        // Here the far end is started without ssh.
        ...flags.map((flag) => flag === "--allow-run=ssh" ? "--allow-run" : flag),
        ...[MAIN, ...from, "mirror", ...server],
      ],
      env,
    }).output();
    assert.deepEqual([code, new TextDecoder().decode(stderr)], [0, ""]);
  }, NO_DEVICE));
