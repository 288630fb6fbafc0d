import assert from "node:assert/strict";
import { keywords } from "../../model/flags.ts";
import { INBOX } from "../../model/mailbox.ts";
import { withDirectory } from "../../os/_other_process.ts";
import { makeOs } from "../../os/os.ts";
import { allDone, applyTo, BOX, run } from "../../testing/content.ts";
import { saveOf } from "../../testing/mails.ts";
import { createIndex } from "../index/index_create.ts";
import { openIndex } from "../index/index_file.ts";
import { INDEX_BASE } from "./box.ts";
import { openMaildir } from "./maildir_store.ts";

Deno.test("apply: a mail is written with the name that it shall have, keywords included, and moved once", () =>
  withDirectory(async (home) => {
    const moved: string[] = [];
    const os = makeOs({
      onStep: ({ kind, path }) => {
        if (kind === "rename" && /:2,/.test(path)) moved.push(path.slice(home.length));
      },
    });
    const location = { root: home, layout: "maildir++", create: true } as const;
    const store = await run(openMaildir(os, location));
    await run(store.applyTree({
      _tag: "CreateMailbox",
      name: INBOX,
      guid: BOX,
      uidValidity: 7,
    }));
    const words = [["Work"], [], ["$Junk", "Work"], ["Home"], ["Work"]];
    allDone(
      await applyTo(
        store,
        BOX,
        words.map((names, i) => saveOf({ uid: i + 1, keywords: keywords(names) })),
      ),
    );
    await store.close();
    assert.deepEqual(moved.map((path) => path.replace(/[^/]*:/, "")), [
      "/cur/2,a",
      "/cur/2,",
      "/cur/2,ab",
      "/cur/2,c",
      "/cur/2,a",
    ]);
  }));

Deno.test("apply: an index that Dovecot has made without UIDVALIDITY gets it before the first mail", () =>
  withDirectory(async (home) => {
    const os = makeOs();
    for (const name of ["cur", "new", "tmp"]) Deno.mkdirSync(`${home}/${name}`);
    createIndex(os, home, INDEX_BASE, (appender) => appender.appendTail()).close();
    Deno.writeTextFileSync(`${home}/dovecot-uidlist`, `3 V77 N1 G${BOX}\n`);
    const store = await run(openMaildir(os, { root: home, layout: "maildir++", create: true }));
    allDone(await applyTo(store, BOX, [saveOf({ uid: 3, keywords: keywords(["Work"]) })]));
    await store.close();
    const index = openIndex(os, home, INDEX_BASE)!;
    assert.deepEqual([index.view.uidValidity, ...index.view.uids], [77, 3]);
    index.close();
  }));
