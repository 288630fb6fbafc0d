import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import { syncError } from "../model/error.ts";
import { mailboxGuid } from "../model/ids.ts";
import { INBOX } from "../model/mailbox.ts";
import type { Store } from "../port/store.ts";
import { emptyState } from "../store/memory/memory_state.ts";
import { memoryStore, newMailbox } from "../store/memory/memory_store.ts";
import { withBoth, withMade } from "./with_both.ts";

const GUID = mailboxGuid("1".repeat(32));
const OTHER = syncError("Io", "mailbox", {}, "gone wrong");

/** A store that notes what becomes of its mailbox. */
const noting = (side: string, notes: string[], fails = false): Store => {
  const store = memoryStore({ ...emptyState(), mailboxes: [newMailbox(INBOX, GUID, 7)] });
  return {
    ...store,
    withMailbox: (guid, use) => async () => {
      notes.push(`${side} begins`);
      await Promise.resolve();
      if (fails) return E.left({ ...OTHER, what: side });
      const end = await store.withMailbox(guid, use)();
      notes.push(`${side} ends ${end._tag}`);
      return end;
    },
  };
};

const tried = async (
  left: boolean,
  right: boolean,
  use: () => Promise<E.Either<typeof OTHER, string>>,
): Promise<readonly [unknown, readonly string[]]> => {
  const notes: string[] = [];
  const stores = { left: noting("left", notes, !left), right: noting("right", notes, !right) };
  const end = await withBoth(stores, GUID, (both) => {
    notes.push(`used ${both.left.status.guid === both.right.status.guid}`);
    return use;
  })().catch((thrown) => `thrown ${thrown.message}`);
  return [typeof end === "string" || E.isRight(end) ? end : end.left.what, notes];
};

Deno.test("withBoth: both are opened before either is used, and the left one is let go of last", async () => {
  assert.deepEqual(await tried(true, true, TE.right("done")), [E.right("done"), [
    "right begins",
    "left begins",
    "used true",
    "right ends Right",
    "left ends Right",
  ]]);
});

Deno.test("withBoth: what fails in use fails in both, so that both let go of it as of a failure", async () => {
  assert.deepEqual(await tried(true, true, TE.left(OTHER)), ["gone wrong", [
    "right begins",
    "left begins",
    "used true",
    "right ends Left",
    "left ends Left",
  ]]);
});

Deno.test("withBoth: where one cannot be opened the other is let go of unused", async () => {
  const use = TE.right("done");
  assert.deepEqual(await tried(false, true, use), [
    "left",
    ["right begins", "left begins", "right ends Left"],
  ]);
  assert.deepEqual(await tried(true, false, use), [
    "right",
    ["right begins", "left begins", "left ends Left"],
  ]);
  assert.deepEqual(await tried(false, false, use), ["left", ["right begins", "left begins"]]);
});

Deno.test("withBoth: a defect is thrown on, when the other is let go of", async () => {
  const defect = () => Promise.reject(new Error("defect"));
  const [end, notes] = await tried(true, true, defect);
  assert.equal(end, "thrown defect");
  assert.equal(notes.at(-1), "right ends Left");
});

/** Makes the mailbox on the side that lacks it, with the given end. */
const made = async (
  lacking: "left" | "right",
  make: E.Either<typeof OTHER, boolean>,
): Promise<readonly [unknown, readonly string[]]> => {
  const notes: string[] = [];
  const stores = { left: noting("left", notes), right: noting("right", notes) };
  const end = await withMade(stores, GUID, {
    side: lacking,
    make: (other) => {
      notes.push(`made like ${other.status.uidValidity}`);
      return Promise.resolve(make);
    },
  }, () => {
    notes.push("used");
    return TE.right("done");
  })();
  return [E.isRight(end) ? end.right : end.left.what, notes];
};

Deno.test("withMade: it is made while it is open on the other side, and then used on both", async () => {
  for (const [lacking, other] of [["left", "right"], ["right", "left"]] as const) {
    assert.deepEqual(await made(lacking, E.right(true)), ["done", [
      ...[`${other} begins`, "made like 7", `${lacking} begins`, "used"],
      ...[`${lacking} ends Right`, `${other} ends Right`],
    ]]);
  }
});

Deno.test("withMade: what could not be made is not used", async () => {
  assert.deepEqual(await made("left", E.right(false)), [
    null,
    ["right begins", "made like 7", "right ends Right"],
  ]);
  assert.deepEqual(await made("left", E.left(OTHER)), [
    "gone wrong",
    ["right begins", "made like 7", "right ends Left"],
  ]);
});
