/**
 * For tests: an mdbox store in a home of its own.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type MailboxGuid, uid } from "../../model/ids.ts";
import { mailboxName } from "../../model/mailbox.ts";
import { makeOs } from "../../os/os.ts";
import type { Fetched, Store } from "../../port/store.ts";
import { collect, fromArray } from "../../stream/chunks.ts";
import { allDone, applyTo, BOX, run } from "../../testing/content.ts";
import { saveOf } from "../../testing/mails.ts";
import { type MdboxOptions, openMdbox } from "./mdbox_store.ts";

export const os = makeOs();

/** A test with a directory of its own. */
export const inHome = (claim: string, body: (home: string) => Promise<void>): void =>
  Deno.test(claim, async () => {
    const home = await Deno.makeTempDir();
    try {
      await body(home);
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  });

/** Opens the mdbox of a home, and closes it behind `use`. */
export const opened = async <A>(
  home: string,
  use: (store: Store) => Promise<A>,
  options: Partial<MdboxOptions> = {},
): Promise<A> => {
  const store = await run(openMdbox(os, { root: `${home}/mdbox`, create: true, ...options }));
  try {
    return await use(store);
  } finally {
    await store.close();
  }
};

/** Makes a mailbox. */
export const create = (store: Store, name: string, guid: MailboxGuid) =>
  run(store.applyTree({
    _tag: "CreateMailbox",
    name: mailboxName(name),
    guid,
    uidValidity: 1_700_000_000,
  }));

/** INBOX with mails of these UIDs. */
export const fill = (home: string, uids: readonly number[], options: Partial<MdboxOptions> = {}) =>
  opened(home, async (store) => {
    await create(store, "INBOX", BOX);
    allDone(await applyTo(store, BOX, uids.map((one) => saveOf({ uid: one }))));
  }, options);

/** What a fetch from INBOX gives. */
export const fetched = (store: Store, uids: readonly number[]): Promise<readonly Fetched[]> =>
  run(store.withMailbox(BOX, (mailbox) => collect(mailbox.fetch(fromArray(uids.map(uid), 2)))));

/** "Mail", or why it is none. */
export const outcomeOf = (one: Fetched): string =>
  one._tag === "Mail" ? "Mail" : `${one.error._tag}: ${one.error.what}`;

/** Changes bytes of m.1 wherever `from` is in it; both of one length. */
export const replaceInFile = (home: string, from: string, to: string): void => {
  const path = `${home}/mdbox/storage/m.1`;
  const text = Buffer.from(Deno.readFileSync(path)).toString("latin1");
  assert(text.includes(from) && from.length === to.length);
  Deno.writeFileSync(path, Buffer.from(text.replace(from, to), "latin1"));
};
