import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import type { Command, SyncCommand } from "./command.ts";
import { parseCommandLine } from "./command_line.ts";

const NOW = 1_800_000_000;

const parsed = (line: string): Command => {
  const command = parseCommandLine(line.split(" ").map((word) => word === "''" ? "" : word), NOW);
  if (E.isLeft(command)) throw new Error(command.left.what);
  return command.right;
};

const syncOf = (line: string): SyncCommand => {
  const command = parsed(line);
  if (command._tag !== "Sync") throw new Error(`${line} is ${command._tag}`);
  return command;
};

Deno.test("parseCommandLine: the commands of the manual", () => {
  const mirror = syncOf(
    "-o mail_location=maildir:~/Maildir -u user mirror ssh -i key u@h dsync -u v",
  );
  assert.equal(mirror.verb, "mirror");
  assert.equal(mirror.user, "user");
  assert.equal(mirror.settings.get("mail_location"), "maildir:~/Maildir");
  assert.deepEqual(mirror.destination, ["ssh", "-i", "key", "u@h", "dsync", "-u", "v"]);
  assert.deepEqual([syncOf("sync x").verb, syncOf("backup x").verb], ["mirror", "backup"]);
  assert.equal(parsed("-v server")._tag, "Server");
  assert.equal(parsed("dsync-server -T 5")._tag, "Server");
});

Deno.test("parseCommandLine: options stand on either side of the command word; the last counts", () => {
  const command = syncOf("-v -mA backup -R -mB -xC -x D/* -T 30 -l7 -C ~ -N mdbox:/x");
  assert.deepEqual(command.names, { only: "B", onlyGuid: null, excluded: ["C", "D/*"] });
  assert.equal(command.reverse && command.verbose && command.allNamespaces, true);
  assert.deepEqual([command.timeoutMs, command.lockTimeout], [30_000, 7]);
  assert.equal(command.settings.get("dsync_alt_char"), "~");
  assert.deepEqual(command.destination, ["mdbox:/x"]);
  assert.equal(syncOf("mirror x").timeoutMs, 600_000);
  assert.equal(syncOf("mirror -l 0 x").lockTimeout, null);
});

Deno.test("parseCommandLine: -p sets what LOCATION2 is read with, and nothing else", () => {
  const { settings, destinationSettings } = syncOf(
    "mirror -p mailbox_list_layout=fs -p mail_index_path=/i -o a=b maildir:/x",
  );
  assert.deepEqual([...settings], [["a", "b"]]);
  assert.deepEqual([...destinationSettings], [
    ["mailbox_list_layout", "fs"],
    ["mail_index_path", "/i"],
  ]);
});

Deno.test("parseCommandLine: check has one side or both", () => {
  const both = parsed("check --bytes -x D maildir:/a mdbox:/b");
  assert.ok(both._tag === "Check" && both.bytes);
  assert.deepEqual([both.first, both.destination], ["maildir:/a", ["mdbox:/b"]]);
  const program = parsed("check maildir:/a ssh host dsync");
  assert.ok(program._tag === "Check" && !program.bytes);
  assert.deepEqual([program.first, program.destination], ["maildir:/a", ["ssh", "host", "dsync"]]);
  const second = parsed("-o mail_location=mdbox:/b check eve@host");
  assert.ok(second._tag === "Check");
  assert.deepEqual([second.first, second.destination], [null, ["eve@host"]]);
});

Deno.test("parseCommandLine: -m '' and -g '' leave mails out, -s '' asks for a state", () => {
  assert.equal(syncOf("mirror -m '' x").mails, false);
  assert.equal(syncOf("mirror -g '' x").mails, false);
  assert.deepEqual(syncOf("mirror -m '' x").names.only, null);
  assert.deepEqual(syncOf("mirror -m caf\ufffd x").names.only, "caf\ufffd");
  assert.equal(syncOf("mirror -s '' x").state, "");
  assert.equal(syncOf("mirror x").state, null);
  assert.equal(
    syncOf("mirror -g 38e7933386f0096b2574000083ecc375 x").names.onlyGuid,
    "38e7933386f0096b2574000083ecc375",
  );
});

Deno.test("parseCommandLine: times, sizes and flags of new mails", () => {
  const { filter } = syncOf("mirror -t 2weeks -e 1700000000 -I 10M -O -\\Seen x");
  assert.deepEqual(filter, {
    since: NOW - 14 * 86_400,
    until: 1_700_000_000,
    maxSize: 10 * 1024 ** 2,
    flag: "-\\Seen",
  });
  const day = syncOf("mirror -t 2024-02-29 x").filter.since!;
  assert.equal(new Date(day * 1000).getDate(), 29);
  assert.equal(syncOf("mirror -I 2kb x").filter.maxSize, 2048);
  const { since, until } = syncOf("mirror -t 0 -e 0 x").filter;
  assert.deepEqual([since, until], [null, null]);
});

Deno.test("parseCommandLine: what apply is given counts above its plan; what it is not given does not", () => {
  const given = parsed("apply --hold /h -T 5 --iops 3 -u eve /p");
  assert.ok(given._tag === "Apply");
  assert.deepEqual(given.over, {
    hold: "/h",
    timeoutMs: 5000,
    operationsPerSecond: 3,
    user: "eve",
  });
  const bare = parsed("apply /p");
  assert.ok(bare._tag === "Apply");
  assert.deepEqual(bare.over, {});
});

Deno.test("parseCommandLine: what a Dovecot gives its other end is taken", () => {
  assert.equal(parsed("-v -u eve dsync-server -U -r /raw -T 30")._tag, "Server");
  assert.equal(syncOf("-U -P -a All -N mirror x").purge, true);
});

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ["", /unknown command ""|command is missing/],
  ["dance x", /unknown command "dance"/],
  ["constructor", /unknown command "constructor"/],
  ["toString -v", /unknown command "toString"/],
  ["mirror", /LOCATION2 is missing/],
  ["-q mirror x", /unknown option -q/],
  ["mirror -R x", /-R goes with backup or -1/],
  ["backup -1 x", /-1 goes with mirror/],
  ["mirror -t yesterday x", /-t wants a time/],
  ["mirror -t 2024-02-30 x", /-t wants a time/],
  ["mirror -I 0 x", /-I wants a size/],
  ["mirror -T 0 x", /-T wants seconds/],
  ["mirror -g INBOX x", /-g wants the 32 digits/],
  ["mirror -C __ x", /-C wants one character/],
  ["mirror -n a -N x", /-n and -N exclude each other/],
  ["-o mail_location mirror x", /-o wants SETTING=VALUE/],
  ["server word", /server takes no words/],
  ["mirror --hold= x", /--hold wants a path, found ""/],
  ["plan --out= mirror x", /--out wants a path, found ""/],
  ["mirror -r '' x", /-r wants a path/],
  ["mirror -c '' x", /-c wants a path/],
  ["-u '' mirror x", /-u wants a name/],
  ["restore ''", /the hold is missing/],
  ["mirror mdbox:~/x -v", /"-v" stands behind mdbox:~\/x: options stand before LOCATION2/],
  ["check maildir:/a mdbox:/b --bytes", /"--bytes" stands behind mdbox:\/b/],
  ["mirror maildir:/caf\ufffd", /word 2 of the command line is no UTF-8/],
  ["apply --dry-run p", /--dry-run goes with mirror, backup and restore, not with apply/],
  ["apply --max-delete 1 p", /--max-delete goes with mirror and backup, not with apply/],
  ["status -m INBOX", /-m goes with .*, not with status/],
  ["check --hold /h mdbox:/x", /--hold goes with mirror, backup and apply, not with check/],
  ["mirror --bytes mdbox:/x", /--bytes goes with check, not with mirror/],
  ["plan --bytes mirror mdbox:/x", /--bytes goes with check, not with mirror/],
  ["plan mirror --bytes mdbox:/x", /--bytes goes with check, not with mirror/],
  ["--iops 5 restore /h", /--iops goes with mirror, backup and apply, not with restore/],
  ["-u eve log", /-u goes with .*, not with log/],
  ["doctor -x A mdbox:/x", /-x goes with .*, not with doctor/],
  ["server -R", /-R goes with mirror and backup, not with server/],
];

for (const [line, reason] of REFUSED) {
  Deno.test(`parseCommandLine refuses "${line}"`, () => {
    const words = line.split(" ").map((word) => word === "''" ? "" : word);
    const command = parseCommandLine(words, NOW);
    assert.ok(E.isLeft(command));
    assert.match(command.left.what, reason);
  });
}

Deno.test("parseCommandLine: -h asks for help as --help does, wherever it stands", () => {
  for (const line of ["-h", "mirror -h", "plan -h", "plan mirror -h", "plan mirror --help"]) {
    assert.equal(parsed(line)._tag, "Help", line);
  }
});
