/** The program over a real ssh: both ends ours, and one end a Dovecot, in either role. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { compareViews } from "../compare.ts";
import { absolute, type Account, Dovecot } from "../dovecot.ts";
import { type Dsync, stageDsync } from "../dsync.ts";
import type { Ended } from "../machine.ts";
import { FOR_SSH, missing, whyNoDovecot } from "../present.ts";
import { goldenAccount } from "../stores.ts";
import { view } from "../view.ts";
import { HOST, startSshd } from "./sshd.ts";

/** A script that runs a command line with what follows it: what is installed under a name at the other end. */
const script = async (dovecot: Dovecot, name: string, words: readonly string[]) => {
  const path = join(dovecot.machine.root, name);
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  await Deno.writeTextFile(path, `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
  await Deno.chmod(path, 0o755);
  await dovecot.machine.own(path);
  return path;
};

/** `dsync` at the other end, with the account's location as its setting. */
const installDsync = (dovecot: Dovecot, dsync: Dsync, account: Account): Promise<string> =>
  script(dovecot, "dsync-there", [
    "env",
    `DENO_DIR=${dsync.cache}`,
    dsync.program,
    ...dsync.args(["-o", `mail_location=${absolute(account)}`]),
  ]);

/** `doveadm` at the other end, likewise. */
const installDoveadm = (dovecot: Dovecot, account: Account): Promise<string> =>
  script(dovecot, "doveadm-there", [
    "env",
    `HOME=${account.home}`,
    "/usr/bin/doveadm",
    "-c",
    dovecot.config,
    "-o",
    `mail_location=${absolute(account)}`,
  ]);

type Run = (
  dovecot: Dovecot,
  dsync: Dsync,
  ssh: readonly string[],
  left: Account,
  right: Account,
) => Promise<Ended>;

const RUNS: Readonly<Record<string, Run>> = {
  "both ends ours, by user@host": async (dovecot, dsync, ssh, left, right) => {
    const there = await installDsync(dovecot, dsync, right);
    return await dsync.run([
      ...["-o", `mail_location=${absolute(left)}`],
      ...["-o", `dsync_remote_cmd=${ssh.join(" ")} %{host} ${there} -u%u server`],
      ...["mirror", `${dovecot.machine.user.name}@${HOST}`],
    ]);
  },
  "a Dovecot there": async (dovecot, dsync, ssh, left, right) => {
    const there = await installDoveadm(dovecot, right);
    return await dsync.run([
      ...["-o", `mail_location=${absolute(left)}`, "mirror"],
      ...[...ssh, HOST, there, "dsync-server"],
    ]);
  },
  "a Dovecot here": async (dovecot, dsync, ssh, left, right) => {
    const there = await installDsync(dovecot, dsync, right);
    // doveadm adds its "dsync-server" to the words.
    return await dovecot.doveadm(left, ["sync", ...ssh, HOST, there]);
  },
};

for (const [what, run] of Object.entries(RUNS)) {
  Deno.test({
    name: `mirror over ssh: ${what}`,
    ignore: whyNoDovecot() !== null || missing(FOR_SSH).length > 0,
    fn: async () => {
      await using dovecot = await Dovecot.start();
      const dsync = await stageDsync(dovecot);
      await using sshd = await startSshd(dovecot.machine);
      const left = await goldenAccount(dovecot, "maildir");
      const right = await dovecot.account("mdbox:~/mdbox");
      for (const round of ["first", "second"]) {
        const { code, stderr } = await run(dovecot, dsync, sshd.ssh, left, right);
        assert.equal(code, 0, `${round}: ${stderr}`);
        assert.equal(stderr, "", round);
      }
      const [one, two] = [await view(dovecot, left), await view(dovecot, right)];
      assert.deepEqual(compareViews(one, two, { modSeq: "not lower", saved: false }), []);
    },
  });
}
