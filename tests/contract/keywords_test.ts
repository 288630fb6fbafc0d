/** Names that are no keywords to an IMAP client: no pipe brings them into a store, and between folders they are kept. */
import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import { keywords } from "../../lib/model/flags.ts";
import { mailboxGuid, modSeq } from "../../lib/model/ids.ts";
import { INBOX } from "../../lib/model/mailbox.ts";
import { makeOs } from "../../lib/os/os.ts";
import type { Store } from "../../lib/port/store.ts";
import { mirror } from "../../lib/run/mirror.ts";
import { openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { openMdbox } from "../../lib/store/mdbox/mdbox_store.ts";
import type { MemoryState } from "../../lib/store/memory/memory_state.ts";
import { emptyState } from "../../lib/store/memory/memory_state.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import { run } from "../../lib/testing/content.ts";
import { mailOf, recordOf } from "../../lib/testing/mails.ts";
import { byProtocol, overPipe } from "../property/pipes.ts";

const EVIL = ["x) [ALERT]", "50%", "Ärger"];
const INJECTED = "x)\r\n* BYE injected";

/** An account whose mails have these keywords. */
const accountOf = (...mails: readonly (readonly string[])[]): MemoryState => ({
  ...emptyState(),
  mailboxes: [{
    name: INBOX,
    guid: mailboxGuid("b".repeat(32)),
    uidValidity: 7,
    uidNext: mails.length + 1,
    firstRecentUid: 1,
    highestModSeq: modSeq(1n),
    mails: mails.map((names, i) => {
      const spec = { uid: i + 1, keywords: names };
      return { record: recordOf(spec), mail: mailOf(spec) };
    }),
    changes: [],
    historyComplete: true,
  }],
});

const keywordsOf = (state: MemoryState): readonly (readonly string[])[] =>
  state.mailboxes.flatMap(({ mails }) => mails.map(({ record }) => record.keywords));

/** What a store on disk has, as another one that is made equal to it. */
const keywordsIn = async (store: Store): Promise<readonly (readonly string[])[]> => {
  const copy = emptyState();
  await run(mirror(store, memoryStore(copy)));
  return keywordsOf(copy);
};

const PIPES: Readonly<Record<string, (near: Store, far: Store) => Promise<void>>> = {
  "our pipe": async (near, far) => {
    const { mirror: end, server } = await overPipe(near, far);
    assert.ok(E.isRight(end) && E.isRight(server), JSON.stringify([end, server]));
    assert.deepEqual(end.right.report.problems, []);
  },
  "Dovecot's protocol": async (near, far) => {
    const { master, slaves } = await byProtocol(near, far);
    assert.ok(E.isRight(master), JSON.stringify(master));
    assert.deepEqual(slaves.filter((one) => one !== null), []);
    assert.deepEqual(master.right.report.problems, []);
  },
};

for (const [way, go] of Object.entries(PIPES)) {
  Deno.test(`names that are no keywords stay where they are: ${way}`, async () => {
    // One mail on both sides with one on either, one on the far side alone, and one that is new to each.
    const near = accountOf([...EVIL, "Here"], []);
    const far = accountOf(EVIL.slice(1), EVIL, [...EVIL, "New"]);
    for (let n = 0; n < 2; n++) {
      await go(memoryStore(near), memoryStore(far));
      assert.deepEqual(keywordsOf(near), [
        keywords([...EVIL, "Here"]),
        [],
        ["New"],
      ], `run ${n}`);
      assert.deepEqual(keywordsOf(far), [
        keywords([...EVIL.slice(1), "Here"]),
        keywords(EVIL),
        keywords([...EVIL, "New"]),
      ], `run ${n}`);
    }
  });
}

const STORES: Readonly<Record<string, (root: string) => Promise<Store>>> = {
  Maildir: (root) => run(openMaildir(makeOs(), { root, layout: "maildir++", create: true })),
  mdbox: (root) => run(openMdbox(makeOs(), { root, create: true })),
};

for (const [kind, open] of Object.entries(STORES)) {
  Deno.test(`${kind}: what another program calls a keyword is told to no client`, async () => {
    const root = await Deno.makeTempDir({ prefix: "dsync-keywords-" });
    try {
      const store = await open(`${root}/mail`);
      await PIPES["our pipe"]!(store, memoryStore(accountOf([INJECTED, "Work"], EVIL)));
      assert.deepEqual(await keywordsIn(store), [["Work"], []]);
      await store.close();
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });

  Deno.test(`${kind}: between folders every name is carried over`, async () => {
    const root = await Deno.makeTempDir({ prefix: "dsync-keywords-" });
    try {
      const store = await open(`${root}/mail`);
      await run(mirror(memoryStore(accountOf([...EVIL, "Work"])), store));
      assert.deepEqual(await keywordsIn(store), [keywords([...EVIL, "Work"])]);
      await store.close();
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });
}
