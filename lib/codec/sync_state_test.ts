import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { mailboxGuid, modSeq } from "../model/ids.ts";
import type { MailboxState } from "./dsync_wire_item.ts";
import { formatSyncState, parseSyncState } from "./sync_state.ts";

const GOLDEN = join(import.meta.dirname!, "../../tests/golden/wire");

const recorded = [...Deno.readDirSync(GOLDEN)].filter(({ isDirectory }) => isDirectory)
  .flatMap(({ name }) => {
    const text = Deno.readTextFileSync(join(GOLDEN, name, "states.json"));
    const { state_in, state_out } = JSON.parse(text) as Record<string, string | undefined>;
    return [state_in, state_out].filter((state) => state !== undefined && state !== "") as string[];
  });

Deno.test("parseSyncState and formatSyncState: what a Dovecot wrote comes back byte for byte", () => {
  assert.ok(recorded.length >= 10);
  for (const text of recorded) {
    const states = parseSyncState(text);
    assert.ok(E.isRight(states), text);
    assert.ok(states.right.size > 0);
    assert.equal(formatSyncState(states.right.values()), text);
  }
});

const INVALID: readonly (readonly [string, string])[] = [
  ["no base64", "%%%"],
  ["nothing", ""],
  ["too short", "AQAA"],
  ["another version", btoa("\x02\x00\x00\x00\x00\x00\x00\x00")],
  ["a size that is no number of mailboxes", btoa("\x01\x00\x00\x00\x00\x00\x00\x00\x00")],
  ["a wrong checksum", btoa("\x01\x00\x00\x00\x00\x00\x00\x00")],
];

for (const [title, text] of INVALID) {
  Deno.test(`parseSyncState refuses ${title}`, () => {
    const states = parseSyncState(text);
    assert.ok(E.isLeft(states) && states.left._tag === "Damaged");
  });
}

Deno.test("parseSyncState: an old empty state is empty", () => {
  assert.deepEqual(parseSyncState(btoa("\x00\x00\x00\x00")), E.right(new Map()));
});

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u63 = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(modSeq);

const state: fc.Arbitrary<MailboxState> = fc.record({
  _tag: fc.constant("MailboxState" as const),
  guid: fc.stringMatching(/^[0-9a-f]{32}$/).map(mailboxGuid),
  uidValidity: u32,
  commonUid: u32,
  commonModSeq: u63,
  commonPrivateModSeq: u63,
  messages: u32,
  changedMeanwhile: fc.constant(false),
}, { noNullPrototype: true });

Deno.test("formatSyncState and parseSyncState undo each other; a changed byte is noticed", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(state, { selector: ({ guid }) => guid, maxLength: 5 }),
      fc.nat(),
      (states, where) => {
        const text = formatSyncState(states);
        const parsed = parseSyncState(text);
        assert.ok(E.isRight(parsed));
        assert.deepEqual([...parsed.right.values()], states);
        const at = where % text.length;
        const other = text[at] === "A" ? "B" : "A";
        const broken = parseSyncState(text.slice(0, at) + other + text.slice(at + 1));
        // The last digit may have bits that belong to no byte.
        if (at < text.length - 4) assert.ok(E.isLeft(broken));
      },
    ),
  );
});

Deno.test("parseSyncState takes any text", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseSyncState(text)));
});
