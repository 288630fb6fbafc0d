/**
 * A scenario of renames that take several steps: with LAYOUT=fs a parent that leaves its child behind, and with CONTROL
 * and INDEX a mailbox in three places.
 *
 * @module
 */
import type { Os } from "../../lib/port/os.ts";
import type { Store } from "../../lib/port/store.ts";
import { mailboxGuid } from "../../lib/model/ids.ts";
import { INBOX, mailboxName } from "../../lib/model/mailbox.ts";
import { openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { run } from "../../lib/testing/content.ts";
import { saveOf } from "../../lib/testing/mails.ts";
import { applyTo, CHILD_GUID, FOLDER_GUID, INBOX_GUID } from "./maildir_batches.ts";
import type { Scenario } from "./scenario.ts";

/** Of the mailbox that lies in three places. */
export const APART_GUID = mailboxGuid("0123456789abcdef0123456789abcd77");

/** The accounts of a home. */
export const ACCOUNTS = ["together", "apart"] as const;

/** Opens one of them: with all in one place, or with control and index files in others. */
export const openAccount = (
  os: Os,
  home: string,
  account: typeof ACCOUNTS[number],
): Promise<Store> =>
  run(openMaildir(os, {
    root: `${home}/${account}`,
    layout: account === "together" ? "fs" : "maildir++",
    create: true,
    ...(account === "apart" ? { control: `${home}/control`, index: `${home}/index` } : {}),
  }));

const create = async (store: Store, name: string, guid: typeof INBOX_GUID): Promise<void> => {
  const identity = { name: mailboxName(name), guid, uidValidity: 1_700_000_000 };
  await run(store.applyTree({ _tag: "CreateMailbox", ...identity }));
  await applyTo(store, guid, [
    saveOf({ uid: 4, modSeq: 9 }),
    saveOf({ uid: 9, keywords: ["Work"] }),
  ]);
};

const rename = async (store: Store, guid: typeof INBOX_GUID, to: string): Promise<void> => {
  const { nodes } = await run(store.tree);
  const node = nodes.find((one) => one._tag === "Mailbox" && one.guid === guid);
  const newName = mailboxName(to);
  if (node === undefined || node.name === newName) return;
  await run(store.applyTree({ _tag: "RenameMailbox", name: node.name, guid, newName }));
};

/** Three renames; a parent, its child, and a mailbox in three places. */
export const scenario: Scenario = {
  prepare: async (os, home) => {
    const together = await openAccount(os, home, "together");
    await create(together, INBOX, INBOX_GUID);
    await create(together, "Folder", FOLDER_GUID);
    await create(together, "Folder/Child", CHILD_GUID);
    await together.close();
    const apart = await openAccount(os, home, "apart");
    await create(apart, INBOX, INBOX_GUID);
    await create(apart, "Folder", APART_GUID);
    await apart.close();
  },
  run: async (os, home) => {
    const together = await openAccount(os, home, "together");
    await rename(together, FOLDER_GUID, "Else/Where");
    await rename(together, CHILD_GUID, "Else/Child");
    await run(together.applyTree({ _tag: "DeleteDirectory", name: mailboxName("Folder") }));
    await together.close();
    const apart = await openAccount(os, home, "apart");
    await rename(apart, APART_GUID, "Where");
    await apart.close();
  },
};
