/**
 * A scenario of mailboxes of an mdbox that come and go: one is replaced, one deleted, one made.
 *
 * @module
 */
import { mailboxGuid } from "../../lib/model/ids.ts";
import { INBOX, mailboxName } from "../../lib/model/mailbox.ts";
import { collect, fromArray } from "../../lib/stream/chunks.ts";
import { saveOf } from "../../lib/testing/mails.ts";
import { run } from "../../lib/testing/content.ts";
import { COPIES_GUID, prepareMailboxes, withMdbox } from "./mdbox_batches.ts";
import type { Scenario } from "./scenario.ts";

/** What INBOX becomes. */
export const NEW_INBOX_GUID = mailboxGuid("00000000000000000000000000000abc");
/** Of the mailbox "Made". */
export const MADE_GUID = mailboxGuid("00000000000000000000000000000def");

/** Replaces INBOX, deletes "Copies", makes "Made". */
export const scenario: Scenario = {
  prepare: prepareMailboxes,
  run: (os, home) =>
    withMdbox(os, home, async (store) => {
      const { nodes } = await run(store.tree);
      if (!nodes.some((node) => node._tag === "Mailbox" && node.guid === NEW_INBOX_GUID)) {
        const identity = { name: INBOX, guid: NEW_INBOX_GUID, uidValidity: 1_800_000_000 };
        await run(store.replaceMailbox(identity, (mailbox) =>
          collect(mailbox.apply(fromArray([
            saveOf({ uid: 2, copies: 2, savedAt: 2 }),
            saveOf({ uid: 7, savedAt: 2, modSeq: 5 }),
          ])))));
      }
      const copies = mailboxName("Copies");
      await run(store.applyTree({ _tag: "DeleteMailbox", name: copies, guid: COPIES_GUID }));
      const name = mailboxName("Made");
      await run(
        store.applyTree({
          _tag: "CreateMailbox",
          name,
          guid: MADE_GUID,
          uidValidity: 1_800_000_001,
        }),
      );
    }),
};
