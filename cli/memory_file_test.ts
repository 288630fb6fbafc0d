import assert from "node:assert/strict";
import { guid, mailboxGuid, modSeq } from "../lib/model/ids.ts";
import { mailboxName } from "../lib/model/mailbox.ts";
import type { SyncMemory } from "../lib/model/memory.ts";
import { makeOs } from "../lib/os/os.ts";
import { mirror } from "../lib/run/mirror.ts";
import { memoryStore } from "../lib/store/memory/memory_store.ts";
import { emptyState, type MemoryState } from "../lib/store/memory/memory_state.ts";
import { guid128Hex } from "../lib/codec/guid.ts";
import { run } from "../lib/testing/content.ts";
import { mailOf, recordOf } from "../lib/testing/mails.ts";
import { farEnd, memoryPath, readMemory, stateDirectory, writeMemory } from "./memory_file.ts";

const ENDS = { left: "maildir:/a", right: "mdbox:/b" };
const BOXES = ["INBOX", "Archive", "Archive/2024"];

/** An account whose mailboxes have these mails each, by number: the UID is the number. */
const account = (mails: readonly number[]): MemoryState => ({
  ...emptyState(),
  subscriptions: new Set(BOXES.map(mailboxName)),
  mailboxes: BOXES.map((name) => ({
    name: mailboxName(name),
    guid: mailboxGuid(guid128Hex(guid(name))),
    uidValidity: 1,
    uidNext: Math.max(...mails) + 1,
    firstRecentUid: 1,
    highestModSeq: modSeq(1n),
    mails: mails.map((n) => {
      const spec = { uid: n, guid: `${name} ${n}`, bytes: `Subject: ${n}\n\n` };
      return { record: recordOf(spec), mail: mailOf(spec) };
    }),
    changes: [],
    historyComplete: false,
  })),
});

/** What both sides have after a mirror: `left` got mail 4 since the last one, `right` lost nothing that a log tells of. */
const mirrored = async (memory: SyncMemory): Promise<readonly (readonly [string, number])[]> => {
  const [left, right] = [account([1, 2, 3, 4]), account([1, 2, 3])];
  const { report } = await run(mirror(memoryStore(left), memoryStore(right), { memory }));
  assert.deepEqual(report.problems, []);
  for (const side of [report.left, report.right]) {
    const { mailboxesDeleted, expunged, subscriptions } = side;
    assert.deepEqual([mailboxesDeleted, expunged, subscriptions], [0, 0, 0]);
  }
  return [...left.mailboxes, ...right.mailboxes].map((box) => [box.name, box.mails.length]);
};

const WHOLE = [...BOXES, ...BOXES].map((name) => [name, 4] as const);

Deno.test("a memory that is damaged, foreign, newer, or of another day leads to no deletion", async () => {
  const os = makeOs();
  const home = await Deno.makeTempDir({ prefix: "dsync-memory-" });
  try {
    const env = (name: string): string | undefined => name === "HOME" ? home : undefined;
    const path = memoryPath(ENDS, env)!;
    const warnings: string[] = [];
    const read = (ends = ENDS): SyncMemory =>
      readMemory(os, path, ends, (error) => warnings.push(error._tag));
    const first = await run(
      mirror(memoryStore(account([1, 2, 3])), memoryStore(account([1, 2, 3]))),
    );
    writeMemory(os, path, ENDS, first.memory, (error) => assert.fail(error.what));
    const whole = Deno.readTextFileSync(path);
    assert.deepEqual(await mirrored(read()), WHOLE, "as it was written");
    for (let length = 0; length < whole.length - 1; length++) {
      Deno.writeTextFileSync(path, whole.slice(0, length));
      assert.deepEqual(await mirrored(read()), WHOLE, `${length} bytes of it`);
    }
    assert.equal(warnings.length, whole.length - 1, "each is told");
    const changed = [
      ["of a newer version", whole.replace('"version":2', '"version":3')],
      ["with UIDs of the future", whole.replaceAll('"uidNext":4', '"uidNext":4000')],
      [
        "with a moment of the future",
        whole.replaceAll(/"moment(\w+)":"[^"]*"/g, '"moment$1":"999999999"'),
      ],
      ["with nothing in it", whole.replace(/"mailboxes":.*?\},"sub/, '"mailboxes":{},"sub')],
    ] as const;
    for (const [what, text] of changed) {
      assert.notEqual(text, whole, what);
      Deno.writeTextFileSync(path, text);
      assert.deepEqual(await mirrored(read()), WHOLE, what);
    }
    Deno.writeTextFileSync(path, whole);
    const before = warnings.length;
    assert.deepEqual(await mirrored(read({ left: "maildir:/c", right: "mdbox:/b" })), WHOLE);
    assert.deepEqual(warnings.slice(before), ["Unfit"], "a file of another pair is not used");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("even a memory that nothing gives away as wrong leads to no expunge", async () => {
  const far = (n: number) => ({
    name: mailboxName("INBOX"),
    uidValidity: 1,
    uidNext: n,
    pendingLeft: [],
    pendingRight: [],
    momentLeft: "999999999",
    momentRight: "999999999",
  });
  for (const uidNext of [1, 4, 4_000_000_000]) {
    const mailboxes = new Map(
      BOXES.map((name) => [mailboxGuid(guid128Hex(guid(name))), far(uidNext)]),
    );
    assert.deepEqual(await mirrored({ mailboxes, subscriptions: null }), WHOLE);
  }
});

Deno.test("memoryPath: two machines whose mail lies at one path share no memory", () => {
  const env = (name: string): string | undefined => name === "HOME" ? "/home/eve" : undefined;
  const pathOf = (command: string): string | null =>
    memoryPath({ left: ENDS.left, right: farEnd(command, ENDS.right) }, env);
  assert.notEqual(pathOf("ssh a dsync server"), pathOf("ssh b dsync server"));
  assert.equal(pathOf("ssh a dsync server"), pathOf("ssh a dsync server"));
});

Deno.test("stateDirectory: what is empty counts as not set", () => {
  const of = (HOME?: string, XDG_STATE_HOME?: string): string | null =>
    stateDirectory((name) => ({ HOME, XDG_STATE_HOME })[name]);
  assert.equal(of("/home/eve", ""), "/home/eve/.local/state/dsync");
  assert.equal(of("/home/eve", "/state"), "/state/dsync");
  assert.equal(of("", ""), null);
  assert.equal(of("", "/state"), "/state/dsync");
});
