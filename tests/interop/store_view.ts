/**
 * What one of our stores says of an account, in the words of Dovecot's view, so that both can be compared.
 *
 * @module
 */
import { countBareLf } from "../../lib/codec/virtual_size.ts";
import { flagNames, SEEN } from "../../lib/model/flags.ts";
import type { Mail, MailRecord } from "../../lib/model/mail.ts";
import type { Mailbox, Store } from "../../lib/port/store.ts";
import { collect, fromArray } from "../../lib/stream/chunks.ts";
import { run } from "../../lib/testing/content.ts";
import { lfHash, type View, type ViewMail, type ViewMailbox } from "./view.ts";

const mailView = async (
  mail: Mail,
  { flags, keywords, modSeq }: MailRecord,
  recent: boolean,
): Promise<ViewMail> => {
  const hash = lfHash();
  let size = mail.size;
  let previous = 0;
  for await (const piece of mail.body) {
    hash.update(piece);
    size += countBareLf(piece, previous);
    previous = piece.at(-1) ?? previous;
  }
  return {
    guid: mail.guid,
    flags: [...flagNames(flags), ...keywords].map((word) => word.toLowerCase()).sort().join(" "),
    recent,
    modSeq,
    received: mail.receivedAt,
    saved: mail.savedAt ?? 0,
    size,
    uidl: mail.pop3Uidl ?? "",
    order: mail.pop3Order === null ? "" : `${mail.pop3Order}`,
    sha256: hash.hex(),
  };
};

const mailboxView = async (mailbox: Mailbox, complaints: string[]): Promise<ViewMailbox> => {
  const { status, name } = mailbox;
  for (const { what } of mailbox.problems) complaints.push(`${name}: ${what}`);
  const records = await run(collect(mailbox.records()));
  const byUid = new Map(records.map((record) => [record.uid, record]));
  const mails = new Map<number, ViewMail>();
  let size = 0;
  for await (const chunk of mailbox.fetch(fromArray(records.map(({ uid }) => uid)))) {
    for (const fetched of chunk) {
      if (fetched._tag === "Lost") {
        complaints.push(`${name}: UID ${fetched.uid}: ${fetched.error.what}`);
        continue;
      }
      const { mail } = fetched;
      const recent = mail.uid >= status.firstRecentUid;
      const seen = await mailView(mail, byUid.get(mail.uid)!, recent);
      mails.set(mail.uid, seen);
      size += seen.size;
    }
  }
  return {
    guid: status.guid,
    uidValidity: status.uidValidity,
    uidNext: status.uidNext,
    messages: status.messages,
    recent: [...mails.values()].filter(({ recent }) => recent).length,
    unseen: records.filter(({ flags }) => (flags & SEEN) === 0).length,
    size,
    highestModSeq: status.highestModSeq,
    modSeqs: status.modSeqTracked ? "mails" : "mailbox",
    mails,
  };
};

/** Reads everything that a store has. */
export const storeView = async (store: Store): Promise<View> => {
  const tree = await run(store.tree);
  const complaints = tree.problems.map(({ what, where }) => `${what} (${JSON.stringify(where)})`);
  const mailboxes = new Map<string, ViewMailbox>();
  for (const node of tree.nodes) {
    if (node._tag !== "Mailbox") continue;
    const seen = await run(store.withMailbox(node.guid, (mailbox) => async () => ({
      _tag: "Right",
      right: await mailboxView(mailbox, complaints),
    })));
    mailboxes.set(node.name, seen);
  }
  return {
    format: store.caps.format,
    names: tree.nodes.map(({ name }) => name).sort(),
    subscriptions: [...tree.subscriptions].sort(),
    mailboxes,
    complaints,
  };
};
