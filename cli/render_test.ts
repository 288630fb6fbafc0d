import assert from "node:assert/strict";
import { syncError } from "../lib/model/error.ts";
import { mailboxName } from "../lib/model/mailbox.ts";
import { NOTHING_DONE, type Report } from "../lib/model/report.ts";
import { errorText } from "../lib/codec/error_text.ts";
import { eventText, lastLine } from "./render.ts";
import { digestTexts } from "./render_check.ts";
import { stepText } from "./render_plan.ts";
import { statusText } from "./status.ts";

const NAMES = { left: "maildir:~/Maildir", right: "mdbox:~/mdbox" };

const QUIET: Report = {
  mailboxes: 1,
  mails: 0,
  left: NOTHING_DONE,
  right: NOTHING_DONE,
  problems: [],
  kept: [],
};

Deno.test("lastLine: what was done on each side, in words, and what is left", () => {
  assert.equal(lastLine(QUIET, NAMES), "1 mailbox, no mail compared; nothing to do");
  const report: Report = {
    ...QUIET,
    mailboxes: 2,
    mails: 12,
    left: { ...NOTHING_DONE, updated: 1 },
    right: { ...NOTHING_DONE, saved: 3, savedBytes: 900, expunged: 2 },
    problems: [syncError("Io", "message", {}, "the disk fails")],
  };
  assert.equal(
    lastLine(report, NAMES),
    "2 mailboxes, 12 mails compared; maildir:~/Maildir: 1 mail's flags or numbers changed; " +
      "mdbox:~/mdbox: 3 mails saved (900 bytes), 2 mails expunged; 1 thing is left: run it again",
  );
});

Deno.test("errorText: the place, then what is wrong", () => {
  const where = { mailbox: mailboxName("INBOX"), uid: 7 as never, path: "/x/m.1", offset: 12 };
  assert.equal(
    errorText(syncError("Damaged", "message", where, "no header")),
    "mailbox INBOX, UID 7, /x/m.1 at byte 12: no header",
  );
});

Deno.test("names with control characters begin no line of their own, wherever they are told", () => {
  const name = mailboxName("x\u001b[2J\ndsync: all is well");
  const shown = "x\\x1b[2J\\ndsync: all is well";
  const done = { _tag: "MailboxDone", name, left: NOTHING_DONE } as const;
  const subscribe = { _tag: "Subscribe", name } as const;
  const texts = [
    eventText({ ...done, right: { ...NOTHING_DONE, expunged: 1 } }, NAMES),
    eventText({ _tag: "TreeChanged", side: "left", operation: subscribe }, NAMES),
    stepText({ _tag: "Tree", side: "left", operation: subscribe, gone: null }, NAMES),
    ...digestTexts([{ mailbox: name, left: "a", right: "a" }]),
    statusText({
      lines: [{ mailbox: name, status: null, bytes: 0, isSubscribed: false }],
      problems: [],
    }).split("\n").slice(1).join("\n"),
  ];
  for (const text of texts) assert.ok(text?.startsWith(shown) && !text.includes("\n"), text!);
});
