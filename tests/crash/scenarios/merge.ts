/**
 * Two mirrored accounts that have both changed since: `merge.ts?left=FORMAT&right=FORMAT`.
 *
 * @module
 */
import { DELETED, FLAGGED, SEEN } from "../../../lib/model/flags.ts";
import { mailboxName } from "../../../lib/model/mailbox.ts";
import type { Side } from "../../../lib/model/report.ts";
import type { Os } from "../../../lib/port/os.ts";
import { hexGuid } from "../../../lib/testing/mails.ts";
import { ACCOUNT, type BoxSpec, fill, identityOf, SHARED, SUBSCRIPTIONS } from "../account.ts";
import type { Scenario } from "../scenario.ts";
import { formatsOf, mirrorSides, withSide } from "../sides.ts";
import { deletionOf, renameOf, User } from "../user.ts";

const formats = formatsOf(import.meta.url);

/** Mailboxes whose names change, or that go. */
const MORE: readonly BoxSpec[] = [
  { name: "Rename/left", n: 10, mails: [{ uid: 1, guid: hexGuid(101) }] },
  { name: "Rename/right", n: 11, mails: [{ uid: 1, guid: hexGuid(111) }] },
  { name: "Delete/left", n: 12, mails: [{ uid: 1, guid: hexGuid(121) }] },
  { name: "Delete/right", n: 13, mails: [{ uid: 1, guid: hexGuid(131), copies: 2 }] },
  { name: "Delete/but new mail", n: 14, mails: [{ uid: 1, guid: hexGuid(141) }] },
];
const [inbox, drafts, archive] = ACCOUNT as [BoxSpec, BoxSpec, BoxSpec];

const changeLeft = async (user: User): Promise<void> => {
  await user.flag("INBOX", 1, { add: FLAGGED, removeKeyword: "Work" });
  await user.flag("INBOX", 7, { add: SEEN });
  await user.expunge("INBOX", 2, "1600000002.M2P1.host,S=28,W=31");
  await user.expunge("Archive/Entwürfe", 9, hexGuid(9));
  await user.save(identityOf(inbox).guid, [
    { uid: 20, guid: hexGuid(200), bytes: "Subject: left 20\n\nleft\n", keywords: ["New"] },
    { uid: 21, guid: hexGuid(201), bytes: `Subject: left 21\n\n${"l".repeat(4000)}\n` },
    { uid: 22, guid: hexGuid(202), bytes: "Subject: left 22\n\nleft\n", flags: SEEN },
  ]);
  await user.save(identityOf(archive).guid, [
    { ...SHARED, uid: 2, copies: 3 },
    { uid: 3, guid: hexGuid(301), bytes: "Subject: archived\n\nleft\n", flags: DELETED },
  ]);
  await user.tree(renameOf(MORE[0]!, "Renamed/left"), deletionOf(MORE[2]!), deletionOf(MORE[4]!));
  await user.create({ name: "New/left", n: 20, mails: [{ uid: 4, guid: hexGuid(401) }] });
  await user.create({ name: "New/both", n: 21, mails: [{ uid: 1, guid: hexGuid(411) }] });
  await user.tree({ _tag: "Subscribe", name: mailboxName("New/left") });
};

const changeRight = async (user: User): Promise<void> => {
  await user.flag("INBOX", 1, { remove: SEEN, addKeyword: "Later" });
  await user.flag("INBOX", 7, { remove: FLAGGED });
  await user.flag("Archive/Entwürfe", 11, { add: SEEN });
  await user.expunge("INBOX", 8, hexGuid(8));
  await user.expunge("Archive/Entwürfe", 5, SHARED.guid!);
  await user.save(identityOf(inbox).guid, [
    { uid: 20, guid: hexGuid(210), bytes: "Subject: right 20\n\nright\n", flags: FLAGGED },
    { uid: 21, guid: hexGuid(211), bytes: `Subject: right 21\n\n${"r".repeat(2500)}\n` },
  ]);
  await user.save(identityOf(drafts).guid, [{ uid: 12, guid: hexGuid(221), keywords: ["Work"] }]);
  await user.save(identityOf(MORE[4]!).guid, [{ uid: 2, guid: hexGuid(142) }]);
  await user.tree(renameOf(MORE[1]!, "Renamed/right"), deletionOf(MORE[3]!));
  await user.create({ name: "New/right", n: 22, mails: [{ uid: 1, guid: hexGuid(421) }] });
  await user.create({ name: "New/both", n: 23, mails: [{ uid: 1, guid: hexGuid(431) }] });
  await user.tree({ _tag: "Unsubscribe", name: mailboxName("Gone") });
};

/** Users act later than the run before, which the log of a mailbox tree tells in whole seconds. */
const later = (os: Os, seconds: number): Os => ({ ...os, now: () => os.now() + seconds * 1000 });

const userOf = (os: Os, home: string, side: Side): User => new User(os, home, side, formats[side]);

/** Both sides were mirrored, then their users went on. */
export const scenario: Scenario = {
  prepare: async (os, home) => {
    const longAgo = later(os, -1000);
    await withSide(
      longAgo,
      home,
      "left",
      formats.left,
      (store) => fill(store, [...ACCOUNT, ...MORE], SUBSCRIPTIONS),
    );
    await mirrorSides(longAgo, home, formats);
    await changeLeft(userOf(later(os, -500), home, "left"));
    await changeRight(userOf(later(os, -400), home, "right"));
  },
  run: (os, home) => mirrorSides(os, home, formats),
};
