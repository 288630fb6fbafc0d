import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import { mailboxGuid } from "../model/ids.ts";
import { mailboxName } from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import { emptyState } from "../store/memory/memory_state.ts";
import { memoryStore } from "../store/memory/memory_store.ts";
import * as TE from "fp-ts/TaskEither.js";
import { prefixed } from "./prefixed.ts";

const guid = (n: number) => mailboxGuid(String(n).padStart(32, "0"));

const create = (name: string, n: number): TreeOperation => ({
  _tag: "CreateMailbox",
  name: mailboxName(name),
  guid: guid(n),
  uidValidity: 1,
});

Deno.test("prefixed: names have the prefix outside and none inside; INBOX is INBOX", async () => {
  const state = emptyState();
  const store = prefixed(memoryStore(state), "INBOX/");
  for (const [name, n] of [["INBOX", 1], ["INBOX/Work", 2], ["INBOX/a/b", 3]] as const) {
    assert.ok(E.isRight(await store.applyTree(create(name, n))()), name);
  }
  await store.applyTree({ _tag: "Subscribe", name: mailboxName("INBOX/Work") })();
  await store.applyTree({
    _tag: "RenameMailbox",
    name: mailboxName("INBOX/a/b"),
    guid: guid(3),
    newName: mailboxName("INBOX/c"),
  })();
  assert.deepEqual(state.mailboxes.map(({ name }) => name as string).sort(), [
    "INBOX",
    "Work",
    "c",
  ]);
  assert.deepEqual([...state.subscriptions], ["Work"]);
  const tree = await store.tree();
  assert.ok(E.isRight(tree));
  const names = tree.right.nodes.filter(({ _tag }) => _tag === "Mailbox").map(({ name }) => name);
  assert.deepEqual(names.sort(), ["INBOX", "INBOX/Work", "INBOX/c"]);
  assert.deepEqual(tree.right.subscriptions, ["INBOX/Work"]);
  const opened = await store.withMailbox(guid(2), ({ name }) => TE.right(name))();
  assert.deepEqual(opened, E.right("INBOX/Work"));
});

Deno.test("prefixed: what is outside of the namespace is refused, its own parents are there", async () => {
  const state = emptyState();
  const store = prefixed(memoryStore(state), "mail/mine/");
  const other = await store.applyTree(create("Work", 1))();
  assert.ok(E.isLeft(other) && other.left._tag === "Unfit" && /mail\/mine/.test(other.left.what));
  const parent = await store.applyTree({ _tag: "CreateDirectory", name: mailboxName("mail") })();
  assert.ok(E.isRight(parent));
  assert.deepEqual([state.mailboxes, [...state.directories]], [[], []]);
});
