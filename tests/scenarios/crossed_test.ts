/**
 * Every merge that was recorded between two mdboxes, between a Maildir and an mdbox, either way round; and where names
 * change, with a Maildir whose mailboxes lie inside each other.
 */
import { playAll } from "./play.ts";

playAll(({ stores, area }) =>
  stores.a !== "mdbox" || stores.b !== "mdbox" ? [] : [
    { a: "maildir", b: "mdbox" },
    { a: "mdbox", b: "maildir" },
    ...(area === "tree" ? [{ a: "mdbox", b: "maildir-fs" } as const] : []),
  ]
);
