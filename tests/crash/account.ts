/**
 * A small account that has a bit of everything, and what it takes to put it into a store.
 *
 * @module
 */
import { drain, fromArray } from "../../lib/stream/chunks.ts";
import { ANSWERED, DELETED, DRAFT, FLAGGED, SEEN } from "../../lib/model/flags.ts";
import { mailboxGuid, modSeq } from "../../lib/model/ids.ts";
import { mailboxName } from "../../lib/model/mailbox.ts";
import type { RaiseStatus } from "../../lib/model/operation.ts";
import type { Store } from "../../lib/port/store.ts";
import { hexGuid, type MailSpec, saveOf } from "../../lib/testing/mails.ts";
import { must, ROTATE_SIZE } from "./sides.ts";

/** A mailbox to be made. */
export interface BoxSpec {
  /** Its name. */
  readonly name: string;
  /** Makes its GUID and UIDVALIDITY. */
  readonly n: number;
  /** Ascending by UID. */
  readonly mails: readonly MailSpec[];
  /** UIDNEXT; default: above the last UID. */
  readonly uidNext?: number;
}

const CRLF = "Subject: crlf\r\n\r\nline\r\nline\r\n";

/** A mail that two mailboxes have. */
export const SHARED: MailSpec = {
  uid: 3,
  guid: hexGuid(33),
  bytes: "Subject: shared\n\nOne for two mailboxes\n",
  receivedAt: 1_650_000_033,
  copies: 2,
};

/** The account: nested and not ASCII names, flags, keywords, gaps, a mail that fills a file m.N of its own. */
export const ACCOUNT: readonly BoxSpec[] = [
  {
    name: "INBOX",
    n: 1,
    uidNext: 20,
    mails: [
      { uid: 1, guid: hexGuid(1), flags: SEEN | ANSWERED, keywords: ["Work"], modSeq: 5 },
      { uid: 2, guid: "1600000002.M2P1.host,S=28,W=31", bytes: CRLF.replaceAll("\r", "") },
      { ...SHARED, flags: SEEN, modSeq: 9 },
      { uid: 7, guid: "any opaque-text_7", bytes: CRLF, flags: FLAGGED, pop3Uidl: "u7" },
      { uid: 8, guid: hexGuid(8), bytes: `Subject: big\n\n${"0123456789abcde\n".repeat(300)}` },
      { uid: 12, guid: hexGuid(12), keywords: ["Later", "Work"], pop3Order: 4 },
    ],
  },
  {
    name: "Archive/Entwürfe",
    n: 2,
    mails: [
      { ...SHARED, uid: 5, flags: DRAFT },
      { uid: 6, guid: hexGuid(6), bytes: "", keywords: ["$Forwarded"] },
      ...[9, 10, 11].map((uid) => ({
        uid,
        guid: hexGuid(uid),
        bytes: `Subject: ${uid}\n\n${"x".repeat(ROTATE_SIZE / 3)}\n`,
        flags: uid === 10 ? DELETED : 0,
      })),
    ],
  },
  { name: "Archive", n: 3, mails: [{ uid: 1, guid: hexGuid(31) }] },
  { name: "Empty", n: 4, mails: [] },
];

/** What is subscribed; one name is nobody's. */
export const SUBSCRIPTIONS: readonly string[] = ["INBOX", "Archive/Entwürfe", "Gone"];

/** The identity of a mailbox. */
export const identityOf = ({ name, n }: Pick<BoxSpec, "name" | "n">) => ({
  name: mailboxName(name),
  guid: mailboxGuid(n.toString(16).padStart(32, "b")),
  uidValidity: 1_650_000_000 + n,
});

/** Makes mailboxes in a store and fills them, as somebody did long ago: what is done here is past, and no change. */
export const fill = async (
  store: Store,
  boxes: readonly BoxSpec[],
  subscriptions: readonly string[],
): Promise<void> => {
  for (const box of boxes) {
    const identity = identityOf(box);
    await must(store.applyTree({ _tag: "CreateMailbox", ...identity }));
    const lastUid = box.mails.at(-1)?.uid ?? 0;
    const end: RaiseStatus = {
      _tag: "RaiseStatus",
      uidNext: box.uidNext ?? lastUid + 1,
      highestModSeq: modSeq(20n),
      firstRecentUid: lastUid,
    };
    const operations = [...box.mails.map(saveOf), ...(box.mails.length > 0 ? [end] : [])];
    await must(
      store.withMailbox(
        identity.guid,
        (mailbox) =>
          drain(mailbox.apply(fromArray(operations)), (outcomes) => {
            for (const outcome of outcomes) {
              if (outcome._tag === "Refused") {
                throw new Error(outcome.error.what);
              }
            }
          }),
      ),
    );
  }
  for (const name of subscriptions) {
    await must(store.applyTree({ _tag: "Subscribe", name: mailboxName(name) }));
  }
};
