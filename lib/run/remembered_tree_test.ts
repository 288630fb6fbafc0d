import assert from "node:assert/strict";
import { guid128Hex } from "../codec/guid.ts";
import type { HeldMail } from "../model/held.ts";
import { guid, mailboxGuid } from "../model/ids.ts";
import { mailboxName } from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import type { PlanStep } from "../model/plan.ts";
import { emptyState, type MemoryState } from "../store/memory/memory_state.ts";
import { memoryStore, newMailbox } from "../store/memory/memory_store.ts";
import { shadowStore } from "../store/shadow/shadow_store.ts";
import { run } from "../testing/content.ts";
import { mailOf, recordOf } from "../testing/mails.ts";
import { Approval, approved } from "./approved.ts";
import { backup } from "./backup.ts";
import { Hold, holding } from "./hold.ts";
import { recorded } from "./recorded.ts";
import { rememberedTree } from "./remembered_tree.ts";

const guidOf = (text: string) => mailboxGuid(guid128Hex(guid(text)));
const [OLD, NEW, THIRD] = [mailboxName("Old"), mailboxName("New"), mailboxName("Third")];
const OLD_GUID = guidOf("old");

/** An account with one mailbox, whose mails have these texts at UID 1, 2, … */
const account = (name: typeof OLD, ...texts: readonly string[]): MemoryState => ({
  ...emptyState(),
  mailboxes: [{
    ...newMailbox(name, OLD_GUID, 1),
    uidNext: texts.length + 1,
    mails: texts.map((text, i) => {
      const spec = { uid: i + 1, guid: text, bytes: text };
      return { record: recordOf(spec), mail: mailOf(spec) };
    }),
  }],
});

const textsIn = (state: MemoryState): readonly string[] =>
  state.mailboxes.flatMap(({ mails }) => mails.map(({ mail }) => String(mail.guid))).sort();

Deno.test("rememberedTree: names are followed through what is done to them", async () => {
  const tree = rememberedTree(memoryStore(account(OLD)));
  const named = (name: typeof OLD) => run(tree.mailboxNamed(name));
  assert.equal(await named(OLD), OLD_GUID, "the tree is read where nobody has read it");
  const steps: readonly (readonly [TreeOperation, typeof OLD, string | null])[] = [
    [{ _tag: "RenameMailbox", name: OLD, guid: OLD_GUID, newName: NEW }, NEW, "old"],
    [{ _tag: "CreateMailbox", name: OLD, guid: guidOf("next"), uidValidity: 2 }, OLD, "next"],
    [
      {
        _tag: "ReidentifyMailbox",
        name: OLD,
        guid: guidOf("next"),
        newGuid: guidOf("other"),
        newUidValidity: 3,
      },
      OLD,
      "other",
    ],
    [{ _tag: "DeleteMailbox", name: NEW, guid: OLD_GUID }, NEW, null],
    [{ _tag: "Subscribe", name: THIRD }, THIRD, null],
  ];
  for (const [operation, name, text] of steps) {
    await run(tree.applyTree(operation));
    assert.equal(await named(name), text === null ? null : guidOf(text), operation._tag);
  }
  const identity = { name: OLD, guid: guidOf("filled"), uidValidity: 4 };
  await run(
    tree.replaceMailbox(identity, () => () => Promise.resolve({ _tag: "Right", right: 0 })),
  );
  assert.equal(await named(OLD), guidOf("filled"));
});

Deno.test("holding: of a mailbox that is renamed and filled anew in one run, all is held that goes", async () => {
  const source = account(NEW, "a", "b", "the source's own");
  const copy = account(OLD, "a", "b", "the copy's own");
  const held = emptyState();
  const notes: HeldMail[] = [];
  const hold = new Hold(memoryStore(held), {
    note: (all) => notes.push(...all),
    newGuid: () => guidOf("hold"),
    now: () => 1_700_000_000_000,
  });
  const { right } = await run(backup(memoryStore(source), holding(memoryStore(copy), hold, "x")));
  assert.equal(right.mailboxesRebuilt, 1);
  assert.deepEqual(textsIn(copy), textsIn(source));
  assert.deepEqual(textsIn(held), ["the copy's own"]);
  assert.deepEqual(notes.map((note) => String(note.guid)), ["the copy's own"]);
});

Deno.test("a plan tells how many mails go behind a rename, and is not applied where more came", async () => {
  const source = account(NEW, "a", "b", "the source's own");
  for (const came of [false, true]) {
    const copy = account(OLD, "a", "b", "the copy's own");
    const steps: PlanStep[] = [];
    const rehearsal = recorded(
      shadowStore(memoryStore(copy)),
      "right",
      (step) => steps.push(step),
    );
    await run(backup(memoryStore(source), rehearsal));
    const replace = steps.find(({ _tag }) => _tag === "Replace") as { gone?: unknown };
    assert.deepEqual(replace.gone, { guid: OLD_GUID, uidNext: 4, messages: 3 });
    const spec = { uid: 4, guid: "late", bytes: "late" };
    if (came) {
      copy.mailboxes[0]!.mails.push({ record: recordOf(spec), mail: mailOf(spec) });
      copy.mailboxes[0]!.uidNext = 5;
    }
    const only = approved(memoryStore(copy), "right", new Approval(steps));
    const { problems } = await run(backup(memoryStore(source), only));
    assert.deepEqual(problems.map(({ _tag }) => _tag), came ? ["Unsafe"] : []);
    assert.equal(textsIn(copy).includes("late"), came);
  }
});
