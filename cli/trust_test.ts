/** Seeing before, proving after, undoing: plan and apply, the brake of a mirror, hold and restore, and the ledger. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DENO_DIR, MAIN, run, tree, withHome } from "./_program.ts";

/** Removes mails of the INBOX as a mail program would that knows Maildir. */
const removeMails = async (root: string, count: number): Promise<void> => {
  const directory = join(root, "Maildir", "cur");
  const names = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name).sort();
  for (const name of names.slice(0, count)) await Deno.remove(join(directory, name));
};

/** The paths of all files below a directory. */
const filesBelow = async (directory: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = join(directory, name);
    if (isDirectory) found.push(...await filesBelow(path));
    else found.push(path);
  }
  return found;
};

Deno.test("plan, apply: nothing is touched before, and then only what was planned is done", () =>
  withHome(20, async (root) => {
    const before = await tree(join(root, "Maildir"));
    const dry = await run(root, "mirror", "--dry-run", "mdbox:~/mdbox");
    assert.deepEqual([dry.code, dry.stderr], [0, ""]);
    assert.match(dry.stdout, /^INBOX: mdbox:~\/mdbox: save UID 1, GUID \S+$/m);
    assert.match(dry.stdout, /\n[0-9]+ steps; nothing has been done\n$/);
    assert.deepEqual(await tree(join(root, "Maildir")), before);
    const file = join(root, "plan.json");
    assert.equal((await run(root, "plan", "--out", file, "mirror", "mdbox:~/mdbox")).code, 0);
    // Lines that are taken out are not done.
    const lines = (await Deno.readTextFile(file)).split("\n");
    const isSubscription = (line: string): boolean => line.includes('"Subscribe"');
    const struck = lines.filter(isSubscription).length;
    assert.ok(struck > 0);
    await Deno.writeTextFile(file, lines.filter((line) => !isSubscription(line)).join("\n"));
    const partly = await run(root, "-v", "apply", file);
    assert.equal(partly.code, 2, partly.stderr);
    assert.equal(partly.stderr.match(/this is not in the plan/g)?.length, struck);
    assert.match(partly.stdout, /^INBOX: mdbox:~\/mdbox: [0-9]+ mails saved/m);
    // Done already: nothing of it is needed any more.
    const again = await run(root, "apply", file);
    assert.equal(again.code, 2);
    assert.match(again.stderr, /([0-9]+) of \1 steps were not done:/);
    assert.equal((await run(root, "mirror", "mdbox:~/mdbox")).code, 0);
    assert.match(
      (await run(root, "mirror", "--dry-run", "mdbox:~/mdbox")).stdout,
      /^nothing to do$/m,
    );
  }));

Deno.test("plan, apply: mailboxes of a Maildir that nobody has opened yet get the identity of the plan", () =>
  withHome(20, async (root) => {
    for (const path of await filesBelow(join(root, "Maildir"))) {
      if (/\/dovecot[^/]*$/.test(path)) await Deno.remove(path);
    }
    const before = await tree(join(root, "Maildir"));
    const file = join(root, "plan.json");
    assert.equal((await run(root, "plan", "--out", file, "mirror", "mdbox:~/mdbox")).code, 0);
    assert.deepEqual(await tree(join(root, "Maildir")), before);
    const done = await run(root, "apply", file);
    assert.deepEqual([done.code, done.stderr], [0, ""]);
    const again = await run(root, "mirror", "--dry-run", "mdbox:~/mdbox");
    assert.match(again.stdout, /^nothing to do$/m);
  }));

Deno.test("apply --hold: what the plan takes away is kept first", () =>
  withHome(20, async (root) => {
    const [file, hold] = [join(root, "plan.json"), join(root, "held")];
    assert.equal((await run(root, "backup", "mdbox:~/mdbox")).code, 0);
    await removeMails(root, 2);
    assert.equal((await run(root, "plan", "--out", file, "backup", "mdbox:~/mdbox")).code, 0);
    const applied = await run(root, "apply", "--hold", hold, file);
    assert.deepEqual([applied.code, applied.stderr], [0, ""]);
    const held = await run(root, "restore", "--dry-run", hold);
    assert.match(held.stdout, /\n2 mails held\n$/);
  }));

Deno.test("mirror --max-delete: stops before anything is changed where more mails would go", () =>
  withHome(20, async (root) => {
    assert.equal((await run(root, "mirror", "mdbox:~/mdbox")).code, 0);
    await removeMails(root, 3);
    const before = await tree(join(root, "mdbox"));
    const stopped = await run(root, "mirror", "--max-delete", "2", "mdbox:~/mdbox");
    assert.equal(stopped.code, 1);
    assert.match(stopped.stderr, /mdbox: 3 of 34 mails would be deleted here; none was deleted/);
    assert.deepEqual(await tree(join(root, "mdbox")), before);
    const meant = await run(root, "mirror", "--max-delete", "3", "mdbox:~/mdbox");
    assert.deepEqual([meant.code, meant.stderr], [0, ""]);
  }));

Deno.test("--hold, restore, log: what goes is kept, told with its reason, and comes back", () =>
  withHome(20, async (root) => {
    assert.equal((await run(root, "mirror", "mdbox:~/mdbox")).code, 0);
    await removeMails(root, 2);
    const hold = join(root, "hold");
    const held = await run(root, "-v", "--hold", hold, "mirror", "mdbox:~/mdbox");
    assert.deepEqual([held.code, held.stderr], [0, ""]);
    assert.match(
      held.stdout,
      /^INBOX: mdbox:~\/mdbox: UID [0-9]+ was expunged, as .*the other side/m,
    );
    const log = await run(root, "log", "-m", "INBOX");
    assert.equal(log.stdout.trimEnd().split("\n").length, 2);
    assert.match(log.stdout, /^\S+Z INBOX: mdbox:~\/mdbox: UID [0-9]+ was expunged, as /);
    assert.equal((await run(root, "log", "-m", "Nowhere")).stdout, "");
    const [first] = (await run(root, "--json", "restore", "--dry-run", hold)).stdout.split("\n");
    const { guid } = JSON.parse(first!) as { guid: string };
    const one = await run(root, "restore", hold, guid);
    assert.deepEqual([one.code, one.stdout], [0, "1 mail put back\n"]);
    const twice = await run(root, "restore", hold, guid);
    assert.equal(twice.code, 2);
    assert.match(twice.stderr, /no mail .* is held there/);
    assert.equal((await run(root, "restore", hold)).stdout, "1 mail put back\n");
    assert.equal((await run(root, "mirror", "mdbox:~/mdbox")).code, 0);
    const same = await run(root, "check", "--bytes", "mdbox:~/mdbox");
    assert.match(same.stdout, /34 mails, [0-9]+ bytes compared: equal\n$/);
  }));

Deno.test("restore: a mail by the GUID that log tells, where its Maildir names it by its file", () =>
  withHome(1, async (root) => {
    const cur = join(root, "Maildir", "cur");
    const save = (n: number): Promise<void> =>
      Deno.writeTextFile(join(cur, `160000000${n}.M1P1.mua.host:2,`), `Subject: ${n}\n\n${n}\n`);
    await Promise.all([1, 2].map(save));
    // mdbox knows only the short form of such a GUID.
    assert.equal((await run(root, "mirror", "mdbox:~/mdbox")).code, 0);
    await Deno.remove(join(cur, "1600000001.M1P1.mua.host:2,"));
    const hold = join(root, "held");
    assert.equal((await run(root, "--hold", hold, "mirror", "mdbox:~/mdbox")).code, 0);
    const told = (await run(root, "log", "--json")).stdout.trimEnd().split("\n").at(-1)!;
    const { guid } = JSON.parse(told);
    const back = await run(root, "restore", hold, guid);
    assert.deepEqual([back.code, back.stdout, back.stderr], [0, "1 mail put back\n", ""]);
  }));

Deno.test("bench: times copies, leaves nothing behind, and tells nothing of the mail", () =>
  withHome(20, async (root) => {
    const before = await tree(root);
    const { code, stdout, stderr } = await run(root, "bench");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^maildir: 13 mailboxes, 34 mails, [0-9.]+ MB$/m);
    assert.equal(stdout.match(/ s +[0-9]+ mails\/s +[0-9.]+ MB\/s$/gm)?.length, 5);
    assert.doesNotMatch(stdout, /INBOX|Entwürfe|example/);
    const told = JSON.parse((await run(root, "--json", "bench", "maildir:~/Maildir")).stdout);
    assert.deepEqual([told.mails, told.steps.length], [34, 5]);
    assert.deepEqual(await tree(root), before);
  }));

Deno.test("bench: stopped by a signal it leaves no copy of the mail; without a place for them it says so", () =>
  withHome(2000, async (root) => {
    const tmp = join(root, "tmp");
    const bench = (TMPDIR: string, stdout: "null" | "piped" = "null"): Deno.ChildProcess =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", MAIN, "bench", "maildir:~/Maildir"],
        env: { HOME: root, DENO_DIR, NO_COLOR: "1", TMPDIR },
        stdout,
        stderr: "piped",
      }).spawn();
    await Deno.mkdir(tmp);
    const child = bench(tmp);
    while ((await filesBelow(tmp)).length < 5) await new Promise((go) => setTimeout(go, 10));
    child.kill("SIGTERM");
    assert.equal((await child.output()).code, 130);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(tmp)), []);
    // Its report is told, and the copies are being removed.
    const ending = bench(tmp, "piped");
    const reader = ending.stdout.getReader();
    await reader.read();
    try {
      ending.kill("SIGTERM");
    } catch {
      // It has ended already, and then there is nothing to be seen.
    }
    await Promise.all([ending.status, reader.cancel(), ending.stderr.cancel()]);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(tmp)), []);
    const { code, stderr } = await bench(join(root, "none")).output();
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stderr), /none: no folder for the copies can be made/);
  }));

Deno.test("plan of a part: what a filter leaves out is no difference, and applying it ends with 0", () =>
  withHome(20, async (root) => {
    const part = ["mirror", "-t", "2023-01-01", "mdbox:~/part"];
    const file = join(root, "plan.json");
    assert.equal((await run(root, "plan", "--out", file, ...part)).code, 0);
    const applied = await run(root, "apply", file);
    assert.deepEqual([applied.code, applied.stderr], [0, ""]);
    const again = await run(root, ...part);
    assert.deepEqual([again.code, again.stderr], [0, ""]);
  }));

Deno.test("mirror -v: keywords that differ only in case are no difference, as without -v", () =>
  withHome(1, async (root) => {
    await run(root, "mirror", "maildir:~/copy");
    for (const [box, name] of [["Maildir", "Work"], ["copy", "work"]] as const) {
      const cur = join(root, box, "cur");
      const file = [...Deno.readDirSync(cur)].map((entry) => entry.name).sort()[0]!;
      await Deno.writeTextFile(join(root, box, "dovecot-keywords"), `0 ${name}\n`);
      await Deno.rename(join(cur, file), join(cur, `${file.replace(/:2,.*$/, "")}:2,Sa`));
    }
    for (const words of [["mirror"], ["mirror", "-v"], ["mirror", "-v"]]) {
      const { code, stderr } = await run(root, ...words, "maildir:~/copy");
      assert.deepEqual([code, stderr], [0, ""], words.join(" "));
    }
    const checked = await run(root, "check", "maildir:~/copy");
    assert.equal(checked.code, 2);
    assert.match(checked.stdout, /keywords: Work \| work/);
  }));
