/**
 * An account as a sync has it and as its user has it: what the user does is a wish, so index logs show it without the
 * mark of a sync, and the mailbox log has its second.
 */
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import { pipe } from "fp-ts/function.js";
import { mailboxNameHash } from "../../lib/codec/guid.ts";
import { decodeSize, RECORD_HEADER_SIZE, RECORD_SYNC } from "../../lib/codec/index_record.ts";
import type { MailboxLogRecord } from "../../lib/model/mailbox.ts";
import type { Outcome, TreeOperation } from "../../lib/model/operation.ts";
import { makeOs } from "../../lib/os/os.ts";
import type { Fd, Os } from "../../lib/port/os.ts";
import type { Mailbox, Store } from "../../lib/port/store.ts";
import { openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { openMdbox } from "../../lib/store/mdbox/mdbox_store.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import {
  emptyState,
  type MemoryState,
  type StoredMailbox,
} from "../../lib/store/memory/memory_state.ts";
import { run } from "../../lib/testing/content.ts";
import { noteChange } from "../property/histories.ts";

/** The formats that a scenario is run in; "maildir-fs" is a Maildir with LAYOUT=fs. */
export type Format = "mdbox" | "maildir" | "maildir-fs" | "memory";

/** The time of all accounts of a scenario, seconds since 1970. */
export interface Clock {
  now: number;
}

/** One account. */
export interface Account {
  /** Opens it as a sync does. */
  readonly open: () => Promise<Store>;
  /** Opens it as its user's client does. */
  readonly openAsUser: () => Promise<Store>;
  /** Where it is on the disk: a directory that holds it and nothing else, and its mail_location below that. */
  readonly place: { readonly home: string; readonly location: string } | null;
  /** Removes it. */
  readonly dispose: () => Promise<void>;
}

/** Takes the mark of a sync off the records that begin at `from`. */
const unmark = (bytes: Uint8Array, from: number): Uint8Array<ArrayBuffer> => {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  for (let at = from; at + RECORD_HEADER_SIZE <= copy.length;) {
    view.setUint32(at + 4, view.getUint32(at + 4, true) & ~RECORD_SYNC, true);
    at += decodeSize(view, at) || copy.length;
  }
  return copy;
};

const INDEX_LOG = /\/dovecot\.index\.log(\.newlock)?$/;

/** Nothing here has to outlive a loss of power. */
const withoutSync = (os: Os): Os => ({
  ...os,
  disk: {
    ...os.disk,
    sync: () => {},
    syncBeside: () => Promise.resolve(),
    syncDir: () => {},
    gather: () => ({ sync: () => Promise.resolve(), close: () => {} }),
    create: (path, pieces, options) => os.disk.create(path, pieces, { ...options, sync: false }),
  },
});

/** The system in the hands of a user's client. */
const asUser = (os: Os): Os => {
  const logs = new Set<Fd>();
  const noted = (path: string, fd: Fd): Fd => {
    if (INDEX_LOG.test(path)) logs.add(fd);
    else logs.delete(fd);
    return fd;
  };
  return {
    ...os,
    files: { ...os.files, open: (path, mode) => noted(path, os.files.open(path, mode)) },
    disk: {
      ...os.disk,
      openNew: (path, mode) => noted(path, os.disk.openNew(path, mode)),
      write: (fd, bytes, at) => os.disk.write(fd, logs.has(fd) ? unmark(bytes, 0) : bytes, at),
      create: (path, pieces, options) => {
        // The first piece is the log's header.
        const [header, ...records] = pieces;
        const isLog = INDEX_LOG.test(path) && header !== undefined;
        const written = isLog ? [header, ...records.map((piece) => unmark(piece, 0))] : pieces;
        os.disk.create(path, written, options);
      },
    },
  };
};

const onDisk = async (format: Exclude<Format, "memory">, clock: Clock): Promise<Account> => {
  const root = await Deno.makeTempDir({ prefix: "dsync-scenario-" });
  const open = (os: Os): Promise<Store> => {
    const timed: Os = { ...withoutSync(os), now: () => clock.now * 1000 };
    return run(
      format === "mdbox"
        ? openMdbox(timed, { root: `${root}/mdbox`, create: true })
        : openMaildir(timed, {
          root: `${root}/Maildir`,
          layout: format === "maildir" ? "maildir++" : "fs",
          create: true,
        }),
    );
  };
  return {
    open: () => open(makeOs()),
    openAsUser: () => open(asUser(makeOs())),
    place: {
      home: root,
      location: format === "mdbox"
        ? "mdbox:~/mdbox"
        : format === "maildir"
        ? "maildir:~/Maildir"
        : "maildir:~/Maildir:LAYOUT=fs",
    },
    dispose: () => Deno.remove(root, { recursive: true }),
  };
};

/** What a client's change of the tree writes into the mailbox log; creating writes nothing in 2.3. */
const logOf = (operation: TreeOperation, at: number): readonly MailboxLogRecord[] => {
  switch (operation._tag) {
    case "DeleteMailbox":
      return [
        { type: "DeleteMailbox", guid: operation.guid, at },
        { type: "DeleteDirectory", guid: mailboxNameHash(operation.name), at },
      ];
    case "RenameMailbox":
      return [{ type: "Rename", guid: mailboxNameHash(operation.newName), at }];
    case "DeleteDirectory":
    case "Subscribe":
    case "Unsubscribe":
      return [{ type: operation._tag, guid: mailboxNameHash(operation.name), at }];
    case "CreateMailbox":
    case "CreateDirectory":
    case "ReidentifyMailbox":
      return [];
  }
};

/** A mailbox in memory whose changes are told as a user's. */
const usersMailbox = (mailbox: Mailbox, box: StoredMailbox): Mailbox => ({
  ...mailbox,
  apply: async function* (operations) {
    const one = async function* () {
      for await (const chunk of operations) for (const operation of chunk) yield [operation];
    };
    let before = [...box.mails].map(({ record }) => record);
    for await (const outcomes of mailbox.apply(one())) {
      for (const { operation } of outcomes as readonly Outcome[]) {
        if (operation._tag !== "UpdateFlags" && operation._tag !== "Expunge") continue;
        const was = before.find(({ uid }) => uid === operation.uid)!;
        const now = box.mails.find(({ record }) => record.uid === operation.uid)?.record ?? null;
        noteChange(box, was, now);
      }
      before = [...box.mails].map(({ record }) => record);
      yield outcomes;
    }
  },
});

const inMemory = (clock: Clock): Account => {
  const state: MemoryState = emptyState();
  const store = memoryStore(state);
  const user: Store = {
    ...store,
    applyTree: (operation) =>
      pipe(
        store.applyTree(operation),
        TE.map(() => {
          state.log.push(...logOf(operation, clock.now));
        }),
      ),
    withMailbox: (guid, use) =>
      store.withMailbox(guid, (mailbox) => {
        const box = state.mailboxes.find((candidate) => candidate.guid === guid);
        return box === undefined
          ? TE.fromEither(E.left({ _tag: "Missing", scope: "mailbox", where: {}, what: guid }))
          : use(usersMailbox(mailbox, box));
      }),
  };
  return {
    open: () => Promise.resolve(store),
    openAsUser: () => Promise.resolve(user),
    place: null,
    dispose: () => Promise.resolve(),
  };
};

/** A new, empty account. */
export const newAccount = (format: Format, clock: Clock): Promise<Account> =>
  format === "memory" ? Promise.resolve(inMemory(clock)) : onDisk(format, clock);
