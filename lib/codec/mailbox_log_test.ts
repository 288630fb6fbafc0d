import assert from "node:assert/strict";
import fc from "fast-check";
import { guid128Hex, mailboxNameHash } from "./guid.ts";
import {
  decodeMailboxLog,
  encodeMailboxLogRecord,
  MAILBOX_LOG_RECORD_SIZE,
  type WritableLogRecord,
} from "./mailbox_log.ts";

const golden = (name: string): Uint8Array =>
  Deno.readFileSync(new URL(`../../tests/golden/${name}/dovecot.mailbox.log`, import.meta.url));

Deno.test("decodeMailboxLog passes over unknown types and leaves a cut record", () => {
  const bytes = golden("list-maildirpp").slice(0, 2 * MAILBOX_LOG_RECORD_SIZE + 5);
  bytes[0] = 77;
  const records = decodeMailboxLog(bytes);
  assert.deepEqual(records.map(({ type }) => type), ["Subscribe"]);
});

Deno.test("decodeMailboxLog reads what Dovecot wrote", () => {
  const records = decodeMailboxLog(golden("list-maildirpp"));
  assert.deepEqual(records.map(({ type }) => type), [
    "Subscribe",
    "Subscribe",
    "Subscribe",
    "Subscribe",
    "Unsubscribe",
    "Rename",
    "DeleteMailbox",
    "DeleteDirectory",
  ]);
  assert.equal(records[0]!.guid, mailboxNameHash("Archive"));
  assert.equal(records[6]!.guid, "f5244624dd4e046b9b30000083ecc375");
  assert.ok(records.every(({ at }) => at === 0x6b044edd));
});

Deno.test("encodeMailboxLogRecord gives Dovecot's bytes back", () => {
  const bytes = golden("list-mdbox");
  const again = decodeMailboxLog(bytes).map((one) =>
    encodeMailboxLogRecord(one as WritableLogRecord)
  );
  assert.deepEqual(new Uint8Array(again.flatMap((one) => [...one])), new Uint8Array(bytes));
});

Deno.test("decodeMailboxLog reads type 6, which a later Dovecot writes", () => {
  const bytes = new Uint8Array(MAILBOX_LOG_RECORD_SIZE);
  bytes[0] = 6;
  assert.equal(decodeMailboxLog(bytes)[0]!.type, "CreateDirectory");
});

Deno.test("encodeMailboxLogRecord and decodeMailboxLog undo each other", () => {
  const type = fc.constantFrom<WritableLogRecord["type"]>(
    "DeleteMailbox",
    "DeleteDirectory",
    "Rename",
    "Subscribe",
    "Unsubscribe",
  );
  const record = fc.record({
    type,
    guid: fc.string().map(guid128Hex),
    at: fc.integer({ min: 0, max: 0xffffffff }),
  });
  fc.assert(fc.property(record, (one) => {
    assert.deepEqual(decodeMailboxLog(encodeMailboxLogRecord(one)), [{ ...one }]);
  }));
});

Deno.test("decodeMailboxLog takes any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    assert.ok(decodeMailboxLog(bytes).length * MAILBOX_LOG_RECORD_SIZE <= bytes.length);
  }));
});
