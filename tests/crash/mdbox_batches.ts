/**
 * A scenario of batches in an mdbox: mails appended to a file that is there, large ones in new files, a shared mail,
 * flags, a renumbering, an expunge.
 *
 * @module
 */
import { flags, SEEN } from "../../lib/model/flags.ts";
import { guid, mailboxGuid, modSeq, uid } from "../../lib/model/ids.ts";
import { INBOX, mailboxName } from "../../lib/model/mailbox.ts";
import type { MailOperation } from "../../lib/model/operation.ts";
import type { Os } from "../../lib/port/os.ts";
import type { Store } from "../../lib/port/store.ts";
import { openMdbox } from "../../lib/store/mdbox/mdbox_store.ts";
import { collect, fromArray } from "../../lib/stream/chunks.ts";
import { bytesOf, hexGuid, saveOf } from "../../lib/testing/mails.ts";
import { run } from "../../lib/testing/content.ts";
import type { Scenario } from "./scenario.ts";

/** Of INBOX. */
export const INBOX_GUID = mailboxGuid("0123456789abcdef0123456789abcdef");
/** Of the mailbox "Copies". */
export const COPIES_GUID = mailboxGuid("fedcba9876543210fedcba9876543210");

/** Opens the mdbox of a home for the time of `use`. */
export const withMdbox = async (os: Os, home: string, use: (store: Store) => Promise<void>) => {
  const store = await run(openMdbox(os, { root: `${home}/mdbox`, create: true }));
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

/** Makes the two mailboxes, with three mails that two of the mailboxes share one of. */
export const prepareMailboxes = (os: Os, home: string): Promise<void> =>
  withMdbox(os, home, async (store) => {
    const identities = [[INBOX, INBOX_GUID], [mailboxName("Copies"), COPIES_GUID]] as const;
    for (const [name, id] of identities) {
      await run(
        store.applyTree({ _tag: "CreateMailbox", name, guid: id, uidValidity: 1_700_000_000 }),
      );
    }
    await applyTo(store, INBOX_GUID, [
      saveOf({ uid: 1, savedAt: 1, copies: 2 }),
      saveOf({ uid: 2, savedAt: 1, copies: 2 }),
      saveOf({ uid: 3, savedAt: 1 }),
    ]);
    await applyTo(store, COPIES_GUID, [
      saveOf({ uid: 1, savedAt: 1, copies: 2 }),
      { ...saveOf({ uid: 2, savedAt: 1, copies: 2 }) },
    ]);
  });

/** Batches, one after the other. */
export const scenario: Scenario = {
  prepare: prepareMailboxes,
  run: (os, home) =>
    withMdbox(os, home, async (store) => {
      await applyTo(store, INBOX_GUID, [
        saveOf({ uid: 10, savedAt: 1, keywords: ["Work"] }),
        saveOf({ uid: 11, savedAt: 1, flags: SEEN, pop3Uidl: "eleven" }),
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
      ]);
      await applyTo(store, COPIES_GUID, [
        // The mail with UID 2, once more.
        saveOf({
          uid: 20,
          guid: hexGuid(2),
          bytes: bytesOf({ uid: 2 }),
          receivedAt: 1_700_000_002,
          copies: 3,
          savedAt: 1,
        }),
        {
          _tag: "RenumberMail",
          uid: uid(1),
          guid: guid(hexGuid(1)),
          newUid: uid(21),
          modSeq: null,
        },
        saveOf({ uid: 22, bytes: "large\n".repeat(250_000), pieces: 300_000, savedAt: 1 }),
        { _tag: "RaiseStatus", uidNext: 30, highestModSeq: modSeq(40n), firstRecentUid: 30 },
      ]);
    }),
};
