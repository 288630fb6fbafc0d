/** Namespaces with a prefix and another separator, at either end, with a real doveadm at the other. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { absolute, type Account, type Dovecot, judged } from "../dovecot.ts";
import { stageDsync } from "../dsync.ts";

/** A program that may not take more memory than this: a Dovecot 2.3 that is told another separator takes all. */
const BOUNDED = ["sh", "-c", 'ulimit -S -v 1500000; exec "$@"', "bounded"];

/** The bound is not for what it starts. */
const UNBOUNDED = ["sh", "-c", 'ulimit -S -v unlimited; exec "$@"', "unbounded"];

/** A configuration whose names have a prefix. */
const withPrefix = async (
  dovecot: Dovecot,
  prefix: string,
  separator: string,
): Promise<string> => {
  const plain = await Deno.readTextFile(dovecot.config);
  const path = join(
    dovecot.machine.root,
    `prefix-${prefix.length}-${separator.charCodeAt(0)}.conf`,
  );
  await Deno.writeTextFile(
    path,
    plain.replace("separator = /", `separator = ${separator}\n  prefix = ${prefix}`),
  );
  await dovecot.machine.own(path);
  return path;
};

/** What a user of a configuration sees: names, subscriptions, and how many mails. */
const seen = async (dovecot: Dovecot, config: string, account: Account): Promise<string> => {
  const run = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await dovecot.machine.run("/usr/bin/doveadm", [
      ...["-c", config, "-o", `mail_location=${account.location}`],
      ...words,
    ], account);
    assert.deepEqual([code, stderr], [0, ""], words.join(" "));
    return new TextDecoder().decode(stdout).split("\n").sort().join("\n").trim();
  };
  const list = await run("mailbox", "list");
  const subscribed = await run("mailbox", "list", "-s");
  return `${list}\nsubscribed: ${subscribed}\n${await run("mailbox", "status", "messages", "*")}`;
};

for (const [prefix, separator] of [["", "."], ["INBOX.", "."], ["INBOX/", "/"]] as const) {
  judged(
    `a namespace with the prefix "${prefix}" and the separator "${separator}": names come to both ends`,
    async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      const config = await withPrefix(dovecot, prefix, separator);
      const ours = await dovecot.account("maildir:~/Maildir:LAYOUT=fs");
      const theirs = await dovecot.account("mdbox:~/mdbox");
      const doveadm = (account: Account): readonly string[] => [
        ...["env", `HOME=${account.home}`, ...BOUNDED, "/usr/bin/doveadm", "-c", config],
        ...["-o", `mail_location=${absolute(account)}`],
      ];
      const act = async (account: Account, ...words: readonly string[]): Promise<void> => {
        const [program, ...rest] = [...doveadm(account), ...words];
        const { code, stderr } = await dovecot.machine.run(program!, rest, account);
        assert.deepEqual([code, stderr], [0, ""], words.join(" "));
      };
      await act(ours, "mailbox", "create", "-s", `${prefix}Work`, `${prefix}a${separator}b`);
      await act(theirs, "mailbox", "create", "-s", `${prefix}Else`);
      const us = ["-c", config, "-o", `mail_location=${absolute(ours)}`];
      const lead = async (): Promise<void> => {
        const { code, stderr } = await dsync.run([
          ...us,
          ...["mirror", ...doveadm(theirs), "dsync-server"],
        ]);
        assert.deepEqual([code, stderr], [0, ""]);
      };
      const serve = async (): Promise<void> => {
        const { code, stderr } = await dovecot.machine.run(doveadm(theirs)[0]!, [
          ...doveadm(theirs).slice(1),
          "sync",
          ...[
            ...UNBOUNDED,
            "env",
            `DENO_DIR=${dsync.cache}`,
            `HOME=${ours.home}`,
            "DENO_NO_UPDATE_CHECK=1",
          ],
          dsync.program,
          ...dsync.args([...us, "server"]),
        ], theirs);
        assert.deepEqual([code, stderr], [0, ""]);
      };
      await lead();
      const first = await seen(dovecot, config, ours);
      assert.equal(await seen(dovecot, config, theirs), first);
      for (const name of ["Work", `a${separator}b`, "Else"]) {
        assert.ok(
          first.includes(`${prefix}${name}`),
          first,
        );
      }
      // On disk there is no prefix.
      const disk = [...Deno.readDirSync(join(ours.home, "Maildir"))].map(({ name }) => name);
      assert.ok(
        disk.includes("Work") && disk.includes("Else") && !disk.includes("mail"),
        String(disk),
      );
      await act(ours, "mailbox", "rename", `${prefix}Work`, `${prefix}Jobs`);
      await act(theirs, "mailbox", "delete", `${prefix}a${separator}b`);
      await serve();
      const second = await seen(dovecot, config, ours);
      assert.equal(await seen(dovecot, config, theirs), second);
      // Subscriptions stay with their names.
      const [names] = second.split("\nsubscribed: ");
      assert.deepEqual(
        names!.split("\n").filter((name) => name !== "INBOX" && name !== `${prefix}a`),
        [`${prefix}Else`, `${prefix}Jobs`],
      );
      await lead();
      assert.equal(await seen(dovecot, config, ours), second, "again");
    },
  );
}
