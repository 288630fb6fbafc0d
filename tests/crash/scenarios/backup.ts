/**
 * A backup over a destination that went its own way, so that mailboxes have to be rebuilt, deleted and renamed:
 * `backup.ts?left=FORMAT&right=FORMAT`.
 *
 * @module
 */
import { FLAGGED, SEEN } from "../../../lib/model/flags.ts";
import { mailboxName } from "../../../lib/model/mailbox.ts";
import { hexGuid } from "../../../lib/testing/mails.ts";
import { ACCOUNT, type BoxSpec, fill, identityOf, SHARED, SUBSCRIPTIONS } from "../account.ts";
import type { Scenario } from "../scenario.ts";
import { backupSides, formatsOf, withSide } from "../sides.ts";
import { deletionOf, renameOf, User } from "../user.ts";

const formats = formatsOf(import.meta.url);

const MORE: readonly BoxSpec[] = [
  { name: "Rename/me", n: 10, mails: [{ uid: 1, guid: hexGuid(101) }] },
  { name: "Delete/me", n: 11, mails: [{ uid: 1, guid: hexGuid(111) }, { ...SHARED, uid: 2 }] },
];
const [inbox, drafts, archive] = ACCOUNT as [BoxSpec, BoxSpec, BoxSpec];

/** The destination's own mails, at UIDs that the source uses otherwise. */
const changeRight = async (user: User): Promise<void> => {
  await user.save(identityOf(inbox).guid, [
    { uid: 20, guid: hexGuid(210), bytes: "Subject: right 20\n\nright\n" },
    { ...SHARED, uid: 21, copies: 3 },
  ]);
  await user.save(identityOf(drafts).guid, [{ uid: 12, guid: hexGuid(221), keywords: ["Work"] }]);
  await user.expunge("INBOX", 7, "any opaque-text_7");
  await user.flag("Archive", 1, { add: FLAGGED });
  await user.create({ name: "Only/right", n: 22, mails: [{ uid: 1, guid: hexGuid(421) }] });
  await user.tree({ _tag: "Subscribe", name: mailboxName("Only/right") });
};

const changeLeft = async (user: User): Promise<void> => {
  await user.save(identityOf(inbox).guid, [{ uid: 20, guid: hexGuid(200), flags: SEEN }]);
  await user.save(identityOf(archive).guid, [{ uid: 2, guid: hexGuid(301) }]);
  await user.tree(renameOf(MORE[0]!, "Renamed"), deletionOf(MORE[1]!));
};

/** INBOX and Archive/Entwürfe have to be rebuilt. */
export const scenario: Scenario = {
  prepare: async (os, home) => {
    await withSide(
      os,
      home,
      "left",
      formats.left,
      (store) => fill(store, [...ACCOUNT, ...MORE], SUBSCRIPTIONS),
    );
    await backupSides(os, home, formats);
    await changeRight(new User(os, home, "right", formats.right));
    await changeLeft(new User(os, home, "left", formats.left));
  },
  run: (os, home) => backupSides(os, home, formats),
};
