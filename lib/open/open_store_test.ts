import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ErrorTag } from "../model/error.ts";
import { type OpenStore, openStore, type StorePlace } from "./open_store.ts";
import { thisMachine } from "../os/machine.ts";
import { memoryPipe } from "../peer/memory_pipe.ts";
import type { Machine } from "../port/machine.ts";
import { backup } from "../run/backup.ts";
import { compareStores } from "../run/compare.ts";
import { run, SyncFailure } from "../run/promise.ts";
import { emptyState } from "../store/memory/memory_state.ts";
import { memoryStore, newMailbox } from "../store/memory/memory_store.ts";
import { INBOX } from "../model/mailbox.ts";
import { mailboxGuid } from "../model/ids.ts";
import { mailOf, recordOf } from "../testing/mails.ts";

const PROGRAM = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const served = (location: string): readonly string[] => [
  Deno.execPath(),
  ...["run", "-A", PROGRAM, "-o", `mail_location=${location}`, "server"],
];

/** A source with one mail. */
const source = () =>
  memoryStore({
    ...emptyState(),
    mailboxes: [{
      ...newMailbox(INBOX, mailboxGuid("1".repeat(32)), 7),
      uidNext: 2,
      mails: [{ record: recordOf({ uid: 1 }), mail: mailOf({ uid: 1 }) }],
    }],
  });

const inDirectory = async (use: (root: string) => Promise<void>): Promise<void> => {
  const root = await Deno.makeTempDir({ prefix: "dsync-open-" });
  try {
    await use(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
};

Deno.test("openStore: a location, a parsed one, and a program that serves one are the same store", () =>
  inDirectory(async (root) => {
    const machine = { ...thisMachine(), home: root };
    const places: readonly StorePlace[] = [
      "maildir:~/Maildir",
      { format: "maildir", root: `${root}/Maildir`, layout: "maildir++", utf8: false },
      served(`maildir:${root}/Maildir`),
      served(`maildir:${root}/Maildir`).join(" "),
    ];
    for (const place of places) {
      await using store: OpenStore = await run(openStore(machine, place, { create: true }));
      assert.equal(store.caps.format, "maildir");
      const { problems } = await run(backup(source(), store));
      assert.deepEqual(problems, []);
      assert.deepEqual((await run(compareStores(source(), store))).findings, []);
    }
  }));

Deno.test("openStore: a host is reached by the remote command, and its lines are told", async () => {
  const said: string[] = [];
  const started: string[][] = [];
  const machine: Machine = {
    ...thisMachine(),
    start: (argv, onLine) => {
      started.push([...argv]);
      onLine("no such host");
      const [pipe, there] = memoryPipe();
      void there.close();
      return { pipe, end: () => Promise.resolve(255) };
    },
  };
  const options = {
    remoteCommand: "rsh %{host} dsync -u%u",
    onLine: (line: string) => said.push(line),
  };
  await assert.rejects(
    run(openStore(machine, "eve@example.org", options)),
    /example\.org: .*ended with exit status 255/,
  );
  assert.deepEqual([started, said], [
    [["rsh", "example.org", "dsync", "-ueve"]],
    ["no such host"],
  ]);
});

Deno.test("openStore: a program that says nothing is ended by the signal", async () => {
  const stop = new AbortController();
  const machine: Machine = {
    ...thisMachine(),
    start: () => {
      const [pipe, there] = memoryPipe();
      return { pipe, end: () => there.close().then(() => 0) };
    },
  };
  const opening = run(openStore(machine, "example.org", { signal: stop.signal }));
  stop.abort();
  await assert.rejects(opening, /stopped/);
  await assert.rejects(run(openStore(machine, "example.org", { signal: stop.signal })), /stopped/);
});

const REFUSED: Readonly<Record<string, readonly [StorePlace, ErrorTag]>> = {
  "no place at all": ["", "Usage"],
  "a format that is not there": ["sdbox:/mail", "Usage"],
  "a home that is not there": ["maildir:~/Maildir", "Usage"],
  "a folder that is not there": ["mdbox:/nonexistent/mdbox", "Missing"],
  "a protocol that is not there": ["tcp:host", "Unsupported"],
  "a program that is not there": [["/nonexistent/program"], "Missing"],
};

for (const [name, [place, tag]] of Object.entries(REFUSED)) {
  Deno.test(`openStore: ${name} is ${tag}`, async () => {
    const machine = { ...thisMachine(), home: null };
    await assert.rejects(run(openStore(machine, place)), (thrown) => {
      assert.ok(thrown instanceof SyncFailure);
      assert.equal(thrown.error._tag, tag);
      return true;
    });
  });
}
