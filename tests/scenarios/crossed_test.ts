/** Every merge that was recorded between two mdboxes, between a Maildir and an mdbox, either way round. */
import { playAll } from "./play.ts";

playAll(({ stores }) =>
  stores.a === "mdbox" && stores.b === "mdbox"
    ? [{ a: "maildir", b: "mdbox" }, { a: "mdbox", b: "maildir" }]
    : []
);
