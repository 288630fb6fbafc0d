import assert from "node:assert/strict";
import { absolute, judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";

judged("dsync runs as the test user, who may not read the checkout", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  const { code, stderr } = await dsync.run(["no-such-command"]);
  assert.equal(code, 64, stderr);
  assert.match(stderr, /no-such-command/);
});

judged(
  "dsync runs in a folder that it may not enter, and so does what it starts",
  async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const [ours, theirs] = [
      await dovecot.account(
        "maildir:~/Maildir",
        (home) => Deno.mkdir(`${home}/Maildir/cur`, { recursive: true }),
      ),
      await dovecot.account("mdbox:~/mdbox"),
    ];
    const folder = await dovecot.machine.directory("closed");
    const words = ["-c", dovecot.config, "-o", `mail_location=${absolute(ours)}`, "mirror"];
    const server = [
      dsync.program,
      ...dsync.args(["-o", `mail_location=${absolute(theirs)}`, "server"]),
    ];
    const { code, stderr } = await dovecot.machine.run(
      "/bin/sh",
      [
        ...["-c", 'cd "$0" && chmod 0 . && exec "$@"', folder],
        ...[dsync.program, ...dsync.args([...words, ...server])],
      ],
      { home: dsync.home, env: dsync.env },
    );
    await Deno.chmod(folder, 0o700);
    assert.deepEqual([code, stderr], [0, ""]);
  },
);
