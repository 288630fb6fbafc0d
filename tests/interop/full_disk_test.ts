/** Places that cannot be read, written, or hold no more: one clear line, a status that fits, and nothing lost. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { compareViews } from "./compare.ts";
import { absolute, type Account, type Dovecot, judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import { writtenMaildir } from "./stores.ts";
import { view } from "./view.ts";

const mount = async (...args: readonly string[]): Promise<boolean> => {
  try {
    return (await new Deno.Command("mount", { args: [...args], stderr: "null" }).output()).success;
  } catch {
    return false;
  }
};

/** A small file system in an account's home; null where nobody may mount one. */
const smallDisk = async (dovecot: Dovecot, account: Account, kilobytes: number) => {
  const path = join(account.home, "disk");
  await Deno.mkdir(path);
  if (!(await mount("-t", "tmpfs", "-o", `size=${kilobytes}k`, "none", path))) return null;
  await dovecot.machine.own(path);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await new Deno.Command("umount", { args: [path] }).output();
    },
  };
};

const ONE_LINE = /^dsync: [^\n]+\n$/;

judged("a disk that is full, or may not be written to", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  const account = await writtenMaildir(dovecot, "maildir:~/Maildir", { seed: 5, mails: 400 });
  await using disk = await smallDisk(dovecot, account, 120);
  if (disk === null) return console.warn("left out: no file system can be mounted here");
  for (const format of ["mdbox", "maildir"]) {
    const before = await view(dovecot, account);
    const words = [
      ...["-o", `mail_location=${absolute(account)}`],
      ...["backup", `${format}:${disk.path}/${format}`],
    ];
    const full = await dsync.run(words);
    assert.equal(full.code, 1, `${format}: ${full.stderr}`);
    assert.match(full.stderr, /no space left/i, `${format}: ${full.stderr}`);
    assert.doesNotMatch(full.stderr, /at file:|defect/, format);
    // With room enough the next run ends as if nothing had been.
    assert.ok(await mount("-o", "remount,size=20000k", disk.path));
    const rest = await dsync.run(words);
    assert.deepEqual([rest.code, rest.stderr], [0, ""], format);
    const location = `${format}:${disk.path}/${format}`;
    const strict = { modSeq: "ignore", identity: true } as const;
    const copy = await view(dovecot, { ...account, location });
    assert.deepEqual(compareViews(before, copy, strict), [], format);
    assert.ok(await mount("-o", "remount,ro", disk.path));
    await using imap = await dovecot.imap(account);
    await imap.append("INBOX", new TextEncoder().encode("Subject: more\r\n\r\nbody\r\n"));
    const denied = await dsync.run(words);
    assert.equal(denied.code, 1, denied.stderr);
    assert.match(denied.stderr, /read-only/i, format);
    assert.match(denied.stderr, ONE_LINE, format);
    await imap.select("INBOX");
    await imap.ok("UID STORE * +FLAGS (\\Deleted)");
    await imap.ok("EXPUNGE");
    assert.ok(await mount("-o", "remount,rw", disk.path));
    await Deno.remove(join(disk.path, format), { recursive: true });
    assert.ok(await mount("-o", "remount,size=120k", disk.path));
  }
});

judged("a store that may not be read", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  const account = await writtenMaildir(dovecot, "maildir:~/Maildir", { seed: 5, mails: 10 });
  await Deno.chmod(join(account.home, "Maildir"), 0);
  const { code, stderr } = await dsync.run([
    ...["-o", `mail_location=${absolute(account)}`],
    ...["backup", `mdbox:${account.home}/mdbox`],
  ]);
  await Deno.chmod(join(account.home, "Maildir"), 0o700);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /denied/i);
  assert.match(stderr, ONE_LINE);
});
