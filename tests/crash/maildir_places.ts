/**
 * A scenario of mailboxes of a Maildir that come and go: INBOX and a folder are replaced, one is renamed, one deleted,
 * one made, and a name is subscribed.
 *
 * @module
 */
import { type MailboxGuid, mailboxGuid } from "../../lib/model/ids.ts";
import { INBOX, type MailboxName, mailboxName } from "../../lib/model/mailbox.ts";
import { collect, fromArray } from "../../lib/stream/chunks.ts";
import { run } from "../../lib/testing/content.ts";
import { saveOf } from "../../lib/testing/mails.ts";
import { CHILD_GUID, FOLDER_GUID, prepareMailboxes, withMaildir } from "./maildir_batches.ts";
import type { Scenario } from "./scenario.ts";

const NEW_INBOX = mailboxGuid("00000000000000000000000000000abc");
const NEW_FOLDER = mailboxGuid("00000000000000000000000000000def");
const MADE = mailboxGuid("00000000000000000000000000000123");

/** The scenario for one layout. */
export const placesScenario = (layout: "maildir++" | "fs"): Scenario => ({
  prepare: (os, home) => prepareMailboxes(os, home, layout),
  run: (os, home) =>
    withMaildir(os, home, layout, async (store) => {
      const { nodes } = await run(store.tree);
      const has = (guid: MailboxGuid) =>
        nodes.some((node) => node._tag === "Mailbox" && node.guid === guid);
      const replace = async (name: MailboxName, guid: MailboxGuid): Promise<void> => {
        if (has(guid)) return;
        const identity = { name, guid, uidValidity: 1_800_000_000 };
        await run(store.replaceMailbox(identity, (mailbox) =>
          collect(mailbox.apply(fromArray([
            saveOf({ uid: 2, keywords: ["New"] }),
            saveOf({ uid: 7, modSeq: 5 }),
          ])))));
      };
      await replace(INBOX, NEW_INBOX);
      await replace(mailboxName("Folder"), NEW_FOLDER);
      const child = { name: mailboxName("Folder/Child"), guid: CHILD_GUID };
      const newName = mailboxName("Else/Where");
      if (nodes.every(({ name }) => name !== newName)) {
        await run(store.applyTree({ _tag: "RenameMailbox", ...child, newName }));
      }
      const made = { name: mailboxName("Made"), guid: MADE, uidValidity: 1_800_000_001 };
      await run(store.applyTree({ _tag: "CreateMailbox", ...made }));
      await run(store.applyTree({ _tag: "DeleteMailbox", name: made.name, guid: MADE }));
      await run(store.applyTree({ _tag: "CreateMailbox", ...made }));
      await run(store.applyTree({ _tag: "Subscribe", name: made.name }));
      // Whatever a killed run has left is gone after the next write.
      await run(store.applyTree({ _tag: "DeleteMailbox", ...child, guid: FOLDER_GUID }));
    }),
});

/** With Maildir++. */
export const scenario: Scenario = placesScenario("maildir++");
