import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { type MailboxName, mailboxName } from "../model/mailbox.ts";
import { fitName, type Naming } from "./mailbox_path.ts";
import {
  formatSubscriptions,
  NO_SUBSCRIPTIONS,
  parseSubscriptions,
  subscribedNames,
  withSubscription,
} from "./subscriptions.ts";

const MAILDIRPP: Naming = { layout: "maildir++", utf8: false };
const MDBOX: Naming = { layout: "mdbox", utf8: false };
const UTF8: Naming = { layout: "fs", utf8: true };
const bytes = (text: string) => new TextEncoder().encode(text);
const right = <A>(either: E.Either<unknown, A>): A => {
  assert.ok(E.isRight(either));
  return either.right;
};

Deno.test("withSubscription refuses a name that the file cannot hold", () => {
  assert.ok(E.isLeft(withSubscription(NO_SUBSCRIPTIONS, mailboxName("a.b"), true, MAILDIRPP)));
  const v1 = parseSubscriptions(bytes("INBOX\n"));
  assert.ok(E.isLeft(withSubscription(v1, mailboxName("a\nb"), true, UTF8)));
});

Deno.test("subscribedNames passes over lines that are no name and keeps them in the file", () => {
  const file = parseSubscriptions(bytes("V\t2\n\n~x\na\t\tb\nOK\n"));
  assert.deepEqual(subscribedNames(file, MDBOX), ["OK"]);
  const without = right(withSubscription(file, mailboxName("OK"), false, MDBOX));
  assert.deepEqual(formatSubscriptions(without), bytes("V\t2\n\n~x\na\t\tb\n"));
});

Deno.test("subscribedNames takes what is not modified UTF-7 as it stands, and any INBOX", () => {
  const v2 = parseSubscriptions(bytes("V\t2\n\na&b\nEntwürfe\tx\nInbox\tchild\nINBOX\n"));
  const names = ["a&b", "Entwürfe/x", "INBOX/child", "INBOX"];
  for (const naming of [MDBOX, MAILDIRPP]) assert.deepEqual(subscribedNames(v2, naming), names);
  const v1 = parseSubscriptions(bytes("a&b\nEntwürfe.x\ninbox.child\nInbox\na&/b\n"));
  assert.deepEqual(subscribedNames(v1, MAILDIRPP), names);
  for (const file of [v1, v2]) {
    for (const name of names) {
      const again = withSubscription(file, mailboxName(name), true, MAILDIRPP);
      assert.equal(right(again), file, `${name} is subscribed`);
      const without = right(withSubscription(file, mailboxName(name), false, MAILDIRPP));
      assert.deepEqual(subscribedNames(without, MAILDIRPP), names.filter((one) => one !== name));
    }
  }
});

Deno.test("a last line without LF does not count, and stays, whatever comes before it", () => {
  for (const head of ["", "V\t2\n\n"]) {
    const file = parseSubscriptions(bytes(`${head}INBOX\nTrash`));
    assert.deepEqual(subscribedNames(file, MDBOX), ["INBOX"]);
    const more = right(withSubscription(file, mailboxName("x"), true, MDBOX));
    assert.deepEqual(formatSubscriptions(more), bytes(`${head}INBOX\nx\nTrash`));
    const again = right(withSubscription(more, mailboxName("Trash"), true, MDBOX));
    assert.deepEqual(formatSubscriptions(again), bytes(`${head}INBOX\nx\nTrash\n`));
    assert.equal(right(withSubscription(file, mailboxName("Trash"), false, MDBOX)), file);
  }
});

Deno.test("a version 1 file stays version 1", () => {
  const file = parseSubscriptions(bytes("INBOX\nArchive.2024\r\nTrash\n"));
  assert.deepEqual(subscribedNames(file, MAILDIRPP), ["INBOX", "Archive/2024", "Trash"]);
  const more = right(withSubscription(file, mailboxName("Entwürfe/x"), true, MAILDIRPP));
  assert.deepEqual(
    formatSubscriptions(more),
    bytes("INBOX\nArchive.2024\nTrash\nEntw&APw-rfe.x\n"),
  );
});

Deno.test("parseSubscriptions reads what Dovecot wrote, and formatSubscriptions gives it back", () => {
  for (const [name, naming] of [["list-maildirpp", MAILDIRPP], ["list-mdbox", MDBOX]] as const) {
    const url = new URL(`../../tests/golden/${name}/subscriptions`, import.meta.url);
    const golden = Deno.readFileSync(url);
    const file = parseSubscriptions(golden);
    assert.deepEqual(subscribedNames(file, naming), ["Archive/2024", "Täst", "INBOX"], name);
    assert.deepEqual(formatSubscriptions(file), new Uint8Array(golden), name);
  }
});

Deno.test("withSubscription changes nothing that is so already", () => {
  const file = parseSubscriptions(bytes("V\t2\n\ninbox\n"));
  assert.equal(right(withSubscription(file, mailboxName("INBOX"), true, MDBOX)), file);
  assert.equal(right(withSubscription(file, mailboxName("x"), false, MDBOX)), file);
});

Deno.test("a subscribed name is read back, whatever it holds", () => {
  const namings = fc.constantFrom(MAILDIRPP, MDBOX, UTF8);
  fc.assert(fc.property(fc.string({ unit: "binary" }), namings, (text, naming) => {
    const name = fitName(text as MailboxName, naming);
    const file = right(withSubscription(NO_SUBSCRIPTIONS, name, true, naming));
    const again = parseSubscriptions(formatSubscriptions(file));
    assert.deepEqual(subscribedNames(again, naming), [name]);
    const none = right(withSubscription(again, name, false, naming));
    assert.deepEqual(formatSubscriptions(none), bytes("V\t2\n\n"));
  }));
});

Deno.test("parseSubscriptions takes any bytes, and reading any line never throws", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
    subscribedNames(parseSubscriptions(input), MDBOX);
  }));
});
