import assert from "node:assert/strict";
import { join } from "node:path";
import * as E from "fp-ts/Either.js";
import { decodeAll, right } from "../codec/_dsync_wire_session.ts";
import { DONE, END_OF_LIST, type Handshake, type WireItem } from "../codec/dsync_wire_item.ts";
import {
  firstStage,
  type Flow,
  hear,
  mailboxStages,
  type Rules,
  type Stage,
  stageBehindMailbox,
  stageBehindMailboxes,
} from "./session_order.ts";

const GOLDEN = join(import.meta.dirname!, "../../tests/golden/wire");
const SESSIONS = [...Deno.readDirSync(GOLDEN)].filter(({ isDirectory }) => isDirectory)
  .map(({ name }) => name).sort();

const itemsOf = (session: string, direction: string): readonly WireItem[] =>
  right(decodeAll([Deno.readFileSync(join(GOLDEN, session, `${direction}.bin`))]), session);

/** The rules of whoever listens to a direction of a recorded session. */
const rulesOf = (master: Handshake, listener: "master" | "slave"): Rules => {
  // A master's handshake says what the slave is.
  const slave: Flow = master.backupReceive ? "in" : master.backupSend ? "out" : "both";
  const turned: Flow = slave === "in" ? "out" : slave === "out" ? "in" : "both";
  return {
    role: listener,
    flow: listener === "slave" ? slave : turned,
    attributes: true,
    requests: master.mailRequests,
    stateful: master.syncType === "s",
  };
};

/** Hears a whole direction; whether mails of a mailbox are synced is seen from what follows. */
const hearAll = (rules: Rules, items: readonly WireItem[]): Stage => {
  let stage = firstStage(rules);
  items.forEach((item, i) => {
    // A master listens for the end when it has no more mailboxes.
    if (item._tag === "Finish" && stage === "mailbox") stage = stageBehindMailboxes(rules);
    const next = hear(rules, stage, item);
    if (E.isLeft(next)) throw new Error(`item ${i}, ${item._tag}: ${next.left.what}`);
    stage = next.right;
    if (item._tag !== "MailboxNumbers") return;
    const behind = items[i + 1]?._tag;
    const skipped = behind === "MailboxNumbers" || behind === "Finish" || behind === "Done" ||
      (rules.role === "slave" && behind === "EndOfList" && i + 2 >= items.length);
    stage = stageBehindMailbox(rules, !skipped);
  });
  return stage;
};

/** Sessions that a side gave up, and one of headers without GUIDs whose order is the same. */
const FAILED: ReadonlySet<string> = new Set([
  "backup-dest-expunged",
  "backup-reverse",
  "stateful-stale",
]);

Deno.test("hear: every recorded session of a Dovecot is in order, for master and slave", () => {
  let heard = 0;
  for (const session of SESSIONS) {
    if (FAILED.has(session)) continue;
    const [, handshake, ...fromMaster] = itemsOf(session, "client-to-server");
    assert.ok(handshake?._tag === "Handshake");
    const [, , ...fromSlave] = itemsOf(session, "server-to-client");
    try {
      assert.equal(hearAll(rulesOf(handshake, "slave"), fromMaster), "closed");
      assert.equal(hearAll(rulesOf(handshake, "master"), fromSlave), "closed");
    } catch (thrown) {
      throw new Error(`${session}: ${thrown}`, { cause: thrown });
    }
    heard++;
  }
  assert.equal(heard, 40);
});

const RULES: Rules = {
  role: "slave",
  flow: "both",
  attributes: true,
  requests: true,
  stateful: false,
};

Deno.test("hear: an X means that the other end gave up, but for the end", () => {
  for (const stage of ["tree", "deletes", "mailbox", ...mailboxStages(RULES)] as const) {
    const heard = hear(RULES, stage, DONE);
    assert.ok(E.isLeft(heard) && heard.left._tag === "Io", stage);
  }
  assert.deepEqual(hear(RULES, "closed", DONE), E.right("closed"));
});

Deno.test("hear: an item out of order is Damaged, with what should have come", () => {
  const state: WireItem = {
    _tag: "MailRequest",
    guid: null,
    uid: null,
  };
  for (const stage of ["tree", "deletes", "mailbox", "changes", "mails", "state"] as const) {
    const heard = hear(RULES, stage, state);
    assert.ok(E.isLeft(heard) && heard.left._tag === "Damaged", stage);
  }
  const end = hear({ ...RULES, role: "master" }, "mailbox", END_OF_LIST);
  assert.ok(E.isLeft(end), "a slave does not end the list of mailboxes");
});

Deno.test("mailboxStages: one way, a side hears only what the other has to tell", () => {
  assert.deepEqual(mailboxStages({ ...RULES, flow: "out" }), ["requests", "state"]);
  assert.deepEqual(mailboxStages({ ...RULES, flow: "in" }), [
    "attributes",
    "changes",
    "mails",
    "state",
  ]);
  assert.deepEqual(mailboxStages({ ...RULES, requests: false, attributes: false }), [
    "changes",
    "mails",
    "state",
  ]);
});
