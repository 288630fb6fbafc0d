/**
 * A scenario of batches in a Maildir: mails saved, flags with a new keyword, a renumbering, an expunge, raised counters.
 *
 * @module
 */
import { flags, SEEN } from "../../lib/model/flags.ts";
import { guid, mailboxGuid, modSeq, uid } from "../../lib/model/ids.ts";
import { INBOX, mailboxName } from "../../lib/model/mailbox.ts";
import type { MailOperation } from "../../lib/model/operation.ts";
import type { Os } from "../../lib/port/os.ts";
import type { Store } from "../../lib/port/store.ts";
import { openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { collect, fromArray } from "../../lib/stream/chunks.ts";
import { run } from "../../lib/testing/content.ts";
import { hexGuid, saveOf } from "../../lib/testing/mails.ts";
import type { Scenario } from "./scenario.ts";

/** Of INBOX. */
export const INBOX_GUID = mailboxGuid("0123456789abcdef0123456789abcdef");
/** Of the mailbox "Folder". */
export const FOLDER_GUID = mailboxGuid("fedcba9876543210fedcba9876543210");
/** Of the mailbox "Folder/Child". */
export const CHILD_GUID = mailboxGuid("fedcba9876543210fedcba98765432ff");

/** Opens a Maildir of a home for the time of `use`. */
export const withMaildir = async (
  os: Os,
  home: string,
  layout: "maildir++" | "fs",
  use: (store: Store) => Promise<void>,
): Promise<void> => {
  const store = await run(openMaildir(os, { root: `${home}/Maildir`, layout, create: true }));
  await use(store);
  await store.close();
};

/** Carries out what a mailbox has not done yet; a scenario is begun anew after each crash. */
export const applyTo = async (
  store: Store,
  box: typeof INBOX_GUID,
  operations: readonly MailOperation[],
): Promise<void> => {
  await run(store.withMailbox(box, (mailbox) => {
    const { uidNext } = mailbox.status;
    const left = operations.filter((operation) =>
      operation._tag === "SaveMail"
        ? operation.copy.uid >= uidNext
        : operation._tag === "RenumberMail"
        ? operation.newUid >= uidNext
        : true
    );
    return collect(mailbox.apply(fromArray(left)));
  }));
};

/** Makes three mailboxes, with some mails in two of them. */
export const prepareMailboxes = (
  os: Os,
  home: string,
  layout: "maildir++" | "fs",
): Promise<void> =>
  withMaildir(os, home, layout, async (store) => {
    const identities = [
      [INBOX, INBOX_GUID],
      [mailboxName("Folder"), FOLDER_GUID],
      [mailboxName("Folder/Child"), CHILD_GUID],
    ] as const;
    for (const [name, id] of identities) {
      const identity = { name, guid: id, uidValidity: 1_700_000_000 };
      await run(store.applyTree({ _tag: "CreateMailbox", ...identity }));
    }
    await applyTo(store, INBOX_GUID, [
      saveOf({ uid: 1 }),
      saveOf({ uid: 2 }),
      saveOf({ uid: 3 }),
    ]);
    await applyTo(store, CHILD_GUID, [saveOf({ uid: 1, guid: hexGuid(50) })]);
  });

/** Batches, one after the other: INBOX has an index already, "Folder" gets one. */
export const scenario: Scenario = {
  prepare: (os, home) => prepareMailboxes(os, home, "maildir++"),
  run: (os, home) =>
    withMaildir(os, home, "maildir++", async (store) => {
      await applyTo(store, INBOX_GUID, [
        saveOf({ uid: 10, keywords: ["Work"] }),
        saveOf({ uid: 11, flags: SEEN, pop3Uidl: "eleven" }),
        { _tag: "Expunge", uid: uid(1), guid: guid(hexGuid(1)) },
        {
          _tag: "UpdateFlags",
          uid: uid(2),
          guid: guid(hexGuid(2)),
          add: flags(SEEN),
          remove: flags(0),
          addKeywords: ["Work"],
          removeKeywords: [],
          modSeq: null,
        },
        {
          _tag: "RenumberMail",
          uid: uid(3),
          guid: guid(hexGuid(3)),
          newUid: uid(12),
          modSeq: null,
        },
      ]);
      await applyTo(store, FOLDER_GUID, [
        saveOf({ uid: 20, modSeq: 7, keywords: ["Play"] }),
        saveOf({ uid: 22, bytes: "large\n".repeat(250_000), pieces: 300_000 }),
        { _tag: "RaiseStatus", uidNext: 30, highestModSeq: modSeq(40n), firstRecentUid: 30 },
      ]);
    }),
};
