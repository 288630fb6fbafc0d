import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import { DEFAULT_REMOTE_COMMAND, type Destination, parseDestination } from "./peer_command.ts";

const command = { template: DEFAULT_REMOTE_COMMAND, user: null };

const parsed = (words: readonly string[], user: string | null = null): Destination => {
  const destination = parseDestination(words, { ...command, user });
  if (E.isLeft(destination)) throw new Error(destination.left.what);
  return destination.right;
};

const argvOf = (words: readonly string[], user: string | null = null): readonly string[] => {
  const destination = parsed(words, user);
  assert.equal(destination._tag, "Program");
  return destination._tag === "Program" ? destination.argv : [];
};

const PROGRAMS: readonly (readonly [readonly string[], string | null, readonly string[]])[] = [
  [["eve@host"], null, ["ssh", "host", "dsync", "-ueve", "server"]],
  [["host"], "eve", ["ssh", "host", "dsync", "-ueve", "server"]],
  [["host"], null, ["ssh", "host", "dsync", "server"]],
  [["eve@example.org@host"], null, ["ssh", "host", "dsync", "-ueve@example.org", "server"]],
  [["remote:root@host"], "eve", ["ssh", "-lroot", "host", "dsync", "-ueve", "server"]],
  [["ssh", "-i", "key", "u@h", "dsync", "-u", "user"], null, [
    ..."ssh -i key u@h dsync -u user".split(" "),
    "server",
  ]],
  [["ssh", "h", "doveadm"], null, ["ssh", "h", "doveadm", "dsync-server"]],
  [["ssh", "h", "doveadm", "dsync-server"], null, ["ssh", "h", "doveadm", "dsync-server"]],
  [["ssh u@h dsync server"], null, ["ssh", "u@h", "dsync", "server"]],
  [["/usr/bin/peer.sh"], null, ["/usr/bin/peer.sh", "server"]],
  [["a b", "$(c)", ";d"], null, ["a b", "$(c)", ";d", "server"]],
];

for (const [words, user, argv] of PROGRAMS) {
  Deno.test(`parseDestination: ${words.join(" ")}${user === null ? "" : ` of ${user}`}`, () => {
    assert.deepEqual(argvOf(words, user), argv);
  });
}

Deno.test("parseDestination: a mail location stays one, a prefixed remote is told its user", () => {
  const location = { _tag: "Location", text: "maildir:~/Mail box:LAYOUT=fs" };
  assert.deepEqual(parsed(["maildir:~/Mail box:LAYOUT=fs"]), location);
  const prefixed = parsed(["remoteprefix:host"], "eve");
  assert.equal(prefixed._tag === "Program" && prefixed.firstLine, "eve");
});

Deno.test("parseDestination: a template of one's own, with Dovecot's variables", () => {
  const template = "rsh %{host} -l%{login} as-%{user} doveadm dsync-server -u%u";
  const destination = parseDestination(["eve@host"], { template, user: null });
  assert.ok(E.isRight(destination) && destination.right._tag === "Program");
  assert.deepEqual(destination.right.argv, [
    ..."rsh host as-eve doveadm dsync-server -ueve".split(" "),
  ]);
});

const REFUSED: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /missing/],
  [[""], /missing/],
  [["eve@"], /host is missing/],
  [["-oProxyCommand=touch${IFS}owned"], /no host can begin with "-"/],
  [["eve@-oProxyCommand=x"], /no host can begin with "-"/],
  [["-eve@host"], /no user can begin with "-"/],
  [["remote:-l@host"], /no login can begin with "-"/],
  [["eve@ho\nst"], /no host can have spaces/],
  [["tcp:host:12345"], /tcp: is not there/],
];

for (const [words, reason] of REFUSED) {
  Deno.test(`parseDestination refuses ${JSON.stringify(words)}`, () => {
    const destination = parseDestination(words, command);
    assert.ok(E.isLeft(destination));
    assert.match(destination.left.what, reason);
  });
}
