import assert from "node:assert/strict";
import { mailboxName } from "../lib/model/mailbox.ts";
import { NOTHING_DONE } from "../lib/model/report.ts";
import { bytesText, Progress } from "./progress.ts";

const INBOX = mailboxName("INBOX");

Deno.test("bytesText: numbers for people", () => {
  const rows: readonly (readonly [number, string])[] = [
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1000, "1.0 kB"],
    [12_345_678, "12.3 MB"],
    [5e15, "5000.0 TB"],
  ];
  for (const [bytes, wanted] of rows) assert.equal(bytesText(bytes), wanted);
});

Deno.test("Progress: mailbox, mails, bytes, rate and time left; nothing for a short run", () => {
  let now = 0;
  const pieces: string[] = [];
  const shown = (): string => pieces.join("");
  const progress = new Progress((text) => void pieces.push(text), () => now);
  const step = (operations: number): void =>
    progress.take({
      _tag: "Progress",
      side: "right",
      name: INBOX,
      operations,
      bytes: 1000 * operations,
    });
  progress.take({ _tag: "MailboxBegun", name: INBOX, messages: 400 });
  now = 300;
  step(50);
  progress.clear();
  assert.equal(shown(), "");
  now = 1000;
  step(50);
  assert.equal(shown(), "\r\x1b[KINBOX: 100 of 400 mails, 100.0 kB, 100.0 kB/s, 0:03 left");
  now = 1050;
  step(50);
  assert.equal(shown().split("\r").length, 2, "not so soon again");
  progress.clear();
  assert.ok(shown().endsWith("\r\x1b[K"));
  progress.take({ _tag: "MailboxBegun", name: INBOX, messages: 0 });
  now = 2050;
  step(3);
  assert.match(shown(), /INBOX: 3 changes, 3\.0 kB, /);
});

Deno.test("Progress: of two mailboxes under way the one is shown in which something was done last", () => {
  let now = 0;
  const progress = new Progress(() => {}, () => now);
  const archive = mailboxName("Archive");
  const step = (name: typeof INBOX): void =>
    progress.take({ _tag: "Progress", side: "left", name, operations: 10, bytes: 0 });
  progress.take({ _tag: "MailboxBegun", name: INBOX, messages: 400 });
  step(INBOX);
  now = 1000;
  progress.take({ _tag: "MailboxBegun", name: archive, messages: 20 });
  assert.match(progress.line(now), /^INBOX: 10 of 400 mails/);
  step(archive);
  assert.match(progress.line(now), /^Archive: 10 of 20 mails/);
  step(INBOX);
  assert.match(progress.line(now), /^INBOX: 20 of 400 mails/);
  progress.take({ _tag: "MailboxDone", name: INBOX, left: NOTHING_DONE, right: NOTHING_DONE });
  progress.take({ _tag: "MailboxBegun", name: mailboxName("Sent"), messages: 5 });
  assert.match(progress.line(now), /^Sent: 0 of 5 mails/);
});
