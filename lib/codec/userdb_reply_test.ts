import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import { parseUserdbReply, userdbQuestion } from "./userdb_reply.ts";

Deno.test("parseUserdbReply: what is none of our answer is passed over, failures are told", () => {
  for (const line of ["", "VERSION\t1\t2", "SPID\t77", "USER\t2\teve\tuid=1"]) {
    assert.deepEqual(parseUserdbReply(line, "eve"), E.right(null), line);
  }
  const wrong = (line: string): string => {
    const reply = parseUserdbReply(line, "eve");
    assert.ok(E.isLeft(reply), line);
    return `${reply.left._tag}: ${reply.left.what}`;
  };
  assert.equal(wrong("NOTFOUND\t1"), "Missing: there is no user eve");
  assert.equal(wrong("FAIL\t1"), "Io: the userdb lookup of eve failed");
  assert.equal(wrong("FAIL\t1\treason=no\x01tSQL"), "Io: the userdb lookup of eve failed: no\tSQL");
});

Deno.test("parseUserdbReply: ids, home, mail and other settings", () => {
  const line =
    "USER\t1\teve@example.org\tuid=1000\tgid=100\thome=/home/a\x01tb\tmail=mdbox:~/m\tflag\tx=1";
  const reply = parseUserdbReply(line, "eve");
  assert.ok(E.isRight(reply) && reply.right !== null);
  const { settings, ...rest } = reply.right;
  assert.deepEqual(rest, { user: "eve@example.org", uid: 1000, gid: 100, home: "/home/a\tb" });
  assert.deepEqual([...settings], [["flag", "yes"], ["x", "1"], ["mail_location", "mdbox:~/m"]]);
  const bare = parseUserdbReply("USER\t1\teve\tuid=x", "eve");
  assert.ok(E.isRight(bare) && bare.right !== null);
  assert.deepEqual([bare.right.uid, bare.right.home], [null, null]);
});

Deno.test("userdbQuestion: a name cannot put in another question", () => {
  assert.equal(
    userdbQuestion("eve\nUSER\t2\troot"),
    "VERSION\t1\t0\nUSER\t1\teve\x01nUSER\x01t2\x01troot\tservice=doveadm\n",
  );
});
