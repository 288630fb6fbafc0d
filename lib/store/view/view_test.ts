import assert from "node:assert/strict";
import * as TE from "fp-ts/TaskEither.js";
import { SEEN } from "../../model/flags.ts";
import { mailboxGuid } from "../../model/ids.ts";
import { mailboxName } from "../../model/mailbox.ts";
import type { MailRecord } from "../../model/mail.ts";
import { isNothing } from "../../model/report.ts";
import { memoryPipe } from "../../peer/memory_pipe.ts";
import { remoteStore } from "../../peer/remote_store.ts";
import { serveStore } from "../../peer/store_server.ts";
import { backup } from "../../run/backup.ts";
import { compareStores } from "../../run/compare.ts";
import { dryRun } from "../../run/dry_run.ts";
import { mirror } from "../../run/mirror.ts";
import { run } from "../../run/promise.ts";
import { mailOf, type MailSpec, recordOf } from "../../testing/mails.ts";
import { emptyState, type MemoryState } from "../memory/memory_state.ts";
import { memoryStore, newMailbox } from "../memory/memory_store.ts";
import { onlyMails } from "./only_mails.ts";
import { renameMailboxes } from "./rename_mailboxes.ts";
import { tagArrivals } from "./tag_arrivals.ts";

const BOX = mailboxGuid("1".padStart(32, "0"));

const stateOf = (specs: readonly MailSpec[], uidValidity = 5): MemoryState => ({
  ...emptyState(),
  mailboxes: [{
    ...newMailbox(mailboxName("Box"), BOX, uidValidity),
    uidNext: 10,
    mails: specs.map((spec) => ({ record: recordOf(spec), mail: mailOf(spec) })),
  }],
});

const keywordsIn = (state: MemoryState): readonly string[] =>
  state.mailboxes[0]!.mails.map(({ record: { uid, keywords } }: { record: MailRecord }) =>
    [uid, ...keywords].join(":")
  );

const small = onlyMails(({ size }) => size < 10);
const SMALL = { uid: 1, bytes: "small\n" };
const LARGE = { uid: 2, bytes: "larger than that\n" };

Deno.test("onlyMails: a mailbox that holds hidden mails is neither deleted nor filled anew", async () => {
  const state = stateOf([SMALL, LARGE]);
  const store = small(memoryStore(state));
  const remove = { _tag: "DeleteMailbox", name: mailboxName("Box"), guid: BOX } as const;
  await assert.rejects(run(store.applyTree(remove)), /it holds mails that are not shown/);
  const other = stateOf([SMALL], 6);
  const { problems } = await run(backup(memoryStore(other), store));
  assert.deepEqual(problems.map(({ _tag }) => _tag), ["Unsafe"]);
  assert.deepEqual(keywordsIn(state), ["1", "2"]);
});

Deno.test("onlyMails: a copy that is filled anew keeps what the source hides, at its UID", async () => {
  const [source, copy] = [stateOf([SMALL, LARGE, { uid: 3, bytes: "s\n" }], 6), stateOf([LARGE])];
  const { right, problems } = await run(backup(small(memoryStore(source)), memoryStore(copy)));
  assert.deepEqual([right.mailboxesRebuilt, problems], [1, []]);
  assert.deepEqual(keywordsIn(copy), ["1", "2", "3"]);
});

Deno.test("onlyMails: a comparison passes over what one side hides", async () => {
  const [left, right] = [stateOf([SMALL]), stateOf([SMALL, LARGE])];
  const { findings } = await run(compareStores(memoryStore(left), small(memoryStore(right))));
  assert.deepEqual(findings, []);
  const swapped = await run(compareStores(small(memoryStore(right)), memoryStore(right)));
  assert.deepEqual(swapped.findings, []);
});

Deno.test("onlyMails: the brake counts hidden mails as there", async () => {
  const [source, copy] = [stateOf([LARGE]), stateOf([LARGE])];
  const maxDelete = { _tag: "Mails", count: 0 } as const;
  const end = await run(backup(small(memoryStore(source)), memoryStore(copy), { maxDelete }));
  assert.deepEqual([end.right.expunged, end.problems], [0, []]);
});

Deno.test("onlyMails: a part of a mailbox is not served to another end, which would take the rest for gone", async () => {
  const [here, there] = memoryPipe();
  const served = serveStore(small(memoryStore(stateOf([SMALL, LARGE]))), there)();
  const store = await run(remoteStore(here));
  await assert.rejects(run(store.withMailbox(BOX, () => TE.right(0))), /cannot be served/);
  await here.close();
  await served;
});

const notMine = { keywords: (keyword: string) => keyword.toLowerCase() !== "mine" };

Deno.test("keywords that take no part stay on each side, whatever is done", async () => {
  const left = stateOf([{ uid: 1, keywords: ["Mine", "Work"] }, { uid: 2 }]);
  const right = stateOf([{ uid: 1 }, { uid: 2, keywords: ["mine"], flags: SEEN }]);
  const sides = [memoryStore(left), memoryStore(right)] as const;
  const { report } = await run(mirror(...sides, notMine));
  assert.deepEqual(report.problems, []);
  assert.deepEqual(keywordsIn(left), ["1:Mine:Work", "2"]);
  assert.deepEqual(keywordsIn(right), ["1:Work", "2:mine"]);
  assert.deepEqual((await run(compareStores(...sides, notMine))).findings, []);
  const again = await run(backup(...sides, notMine));
  assert.ok(isNothing(again.right));
});

Deno.test("keywords that take no part stay in a copy that is filled anew, mail by mail", async () => {
  const source = stateOf([{ uid: 1, keywords: ["Work"] }, { uid: 2, keywords: ["mine"] }], 6);
  const copy = stateOf([{ uid: 1, keywords: ["mine"] }, { uid: 2 }]);
  const { right } = await run(backup(memoryStore(source), memoryStore(copy), notMine));
  assert.equal(right.mailboxesRebuilt, 1);
  assert.deepEqual(keywordsIn(copy), ["1:mine:Work", "2"]);
});

Deno.test("tagArrivals: what is saved gets the keyword, in a dry run, too, and nothing else changes", async () => {
  const [left, right] = [stateOf([{ uid: 1 }, { uid: 2 }]), stateOf([{ uid: 1 }])];
  right.mailboxes[0]!.uidNext = 2;
  const view = tagArrivals("new")(memoryStore(right));
  const sides = [memoryStore(left), view] as const;
  const options = { keywords: (keyword: string) => keyword !== "new" };
  const { steps } = await run(dryRun(...sides, (l, r) => mirror(l, r, options)));
  assert.deepEqual(steps.map(({ _tag }) => _tag), ["Mail"]);
  assert.deepEqual(keywordsIn(right), ["1"]);
  for (let n = 0; n < 2; n++) await run(mirror(...sides, options));
  assert.deepEqual([keywordsIn(left), keywordsIn(right)], [["1", "2"], ["1", "2:new"]]);
});

Deno.test("renameMailboxes: the longest name counts, children follow, INBOX and others stay", () => {
  const { fitName } = renameMailboxes({ A: "X", "A/B": "Y/Z", INBOX: "In" })(
    memoryStore(emptyState()),
  );
  const names = ["A", "A/C", "A/B", "A/B/C", "AB", "INBOX"].map((name) =>
    fitName(mailboxName(name))
  );
  assert.deepEqual(names, ["X", "X/C", "Y/Z", "Y/Z/C", "AB", "INBOX"]);
});
