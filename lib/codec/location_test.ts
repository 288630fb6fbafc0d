import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { parseLocation } from "./location.ts";

const HOME = "/home/eve";

const refused: readonly (readonly [string, string])[] = [
  ["", "Usage"],
  ["/var/mail", "Usage"],
  ["mbox:~/mail", "Usage"],
  ["maildir:", "Usage"],
  ["maildir:mail", "Usage"],
  ["mdbox:~/mdbox:INDEX=idx", "Usage"],
  ["maildir:~/Maildir:INDX=/x", "Usage"],
  ["maildir:~/Maildir:INDEX", "Usage"],
  ["maildir:~/Maildir:UTF-8=yes", "Usage"],
  ["mdbox:~/mdbox:INBOX=/x", "Usage"],
  ["mdbox:~/mdbox:DIRNAME=mails", "Usage"],
  ["maildir:~/Maildir:SUBSCRIPTIONS=.subs", "Usage"],
  ["maildir:~/Maildir:LAYOUT=index", "Unsupported"],
  ["mdbox:~/mdbox:LAYOUT=maildir++", "Unsupported"],
  ["maildir:~/Maildir:INDEX=MEMORY", "Unsupported"],
  ["maildir:~/Maildir:INDEX=", "Unsupported"],
];

for (const [text, tag] of refused) {
  Deno.test(`parseLocation refuses "${text}" as ${tag}`, () => {
    const found = parseLocation(text, HOME);
    assert.ok(E.isLeft(found));
    assert.equal(found.left._tag, tag);
  });
}

Deno.test("parseLocation puts the home in", () => {
  assert.deepEqual(
    parseLocation(
      "maildir:~/Maildir/:INBOX=%h/in:INDEX=~/idx:CONTROL=/c:UTF-8:LAYOUT=FS:LISTINDEX=x",
      HOME,
    ),
    E.right({
      format: "maildir",
      root: "/home/eve/Maildir",
      index: "/home/eve/idx",
      control: "/c",
      utf8: true,
      layout: "fs",
      inbox: "/home/eve/in",
    }),
  );
  assert.deepEqual(
    parseLocation("mdbox:/m:ALT=~/alt:ALTNOCHECK:MAILBOXDIR=boxes", HOME),
    E.right({
      format: "mdbox",
      root: "/m",
      utf8: false,
      alt: "/home/eve/alt",
      mailboxDir: "boxes",
    }),
  );
});

Deno.test("parseLocation: a value that is empty is none", () => {
  const empty = ["CONTROL", "ALT", "MAILBOXDIR"].map((key) => `:${key}=`).join("");
  assert.deepEqual(parseLocation(`mdbox:/m${empty}`, HOME), parseLocation("mdbox:/m", HOME));
  assert.deepEqual(
    parseLocation("maildir:/m:INBOX=:CONTROL=", HOME),
    parseLocation("maildir:/m", HOME),
  );
});

Deno.test("parseLocation never throws", () => {
  fc.assert(fc.property(fc.string(), fc.constantFrom("", "maildir:", "mdbox:~:"), (text, head) => {
    parseLocation(head + text, HOME);
  }));
});
