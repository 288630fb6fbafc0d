/**
 * Fills an account the way people do: through a real Dovecot, over IMAP.
 *
 * @module
 */
import type { SampleAccount, SampleMail } from "../sample/account.ts";
import type { Account, Dovecot, Settings } from "./dovecot.ts";
import { type ImapSession, imapString } from "./imap.ts";

const FLAG_NAMES: Readonly<Record<string, string>> = {
  D: "\\Draft",
  F: "\\Flagged",
  R: "\\Answered",
  S: "\\Seen",
  T: "\\Deleted",
};

/** More keywords than Maildir file names have letters for. */
export const MANY_KEYWORDS: readonly string[] = Array.from({ length: 34 }, (_, i) => `many-${i}`);

const flagsOf = (mail: SampleMail): string[] => [
  ...[...mail.flags].map((letter) => FLAG_NAMES[letter]!),
  ...mail.keywords,
];

/** Appends or copies all mails; gives the UIDs they got, by mailbox and sample UID. */
const append = async (imap: ImapSession, account: SampleAccount): Promise<void> => {
  const uids = new Map<string, number>();
  let selected = "";
  for (const { name, mails } of account.mailboxes) {
    for (const mail of mails) {
      const original = mail.copyOf === null
        ? undefined
        : uids.get(`${mail.copyOf.mailbox}\n${mail.copyOf.uid}`);
      if (mail.copyOf === null || original === undefined) {
        uids.set(
          `${name}\n${mail.uid}`,
          await imap.append(name, mail.bytes(), flagsOf(mail), mail.received),
        );
        continue;
      }
      if (selected !== mail.copyOf.mailbox) await imap.select(mail.copyOf.mailbox);
      selected = mail.copyOf.mailbox;
      const { text } = await imap.ok(`UID COPY ${original} ${imapString(name)}`);
      uids.set(`${name}\n${mail.uid}`, Number(/COPYUID \d+ \d+ (\d+)/.exec(text)?.[1]));
    }
  }
};

/** What happens to mail in the course of time: keywords beyond 26, flags set and cleared, moves, expunges. */
const live = async (imap: ImapSession, account: SampleAccount): Promise<void> => {
  await imap.select("INBOX");
  for (const [i, name] of MANY_KEYWORDS.entries()) {
    await imap.ok(`UID STORE ${1 + (i % 7)},${9 + i} +FLAGS.SILENT (${name})`);
  }
  await imap.ok("UID STORE 2:8 -FLAGS.SILENT (\\Seen)");
  await imap.ok("UID STORE 3 FLAGS.SILENT (\\Answered Work)");
  await imap.ok(`UID MOVE 5,8 ${imapString("Archive")}`);
  for (const { name } of account.mailboxes.slice(0, 6)) {
    await imap.select(name);
    await imap.ok("UID STORE 4,10:12 +FLAGS.SILENT (\\Deleted)");
    await imap.ok("UID EXPUNGE 4,10:12");
  }
};

/** What happens to mailboxes: one is renamed, one deleted, one renamed within \NoSelect parents. */
const arrange = async (imap: ImapSession): Promise<void> => {
  await imap.ok("CREATE Doomed/Child");
  await imap.append("Doomed/Child", new TextEncoder().encode("Subject: gone\r\n\r\n"));
  await imap.ok("DELETE Doomed/Child");
  await imap.ok(`CREATE ${imapString("Old/näme")}`);
  await imap.append("Old/näme", new TextEncoder().encode("Subject: stays\r\n\r\nsame\r\n"), [
    "\\Seen",
  ]);
  await imap.ok(`RENAME ${imapString("Old/näme")} ${imapString("New/näme")}`);
};

/** Makes the mailboxes and turns MODSEQs on in two: a session that once asked for them tracks them everywhere. */
const trackModSeqs = async (
  dovecot: Dovecot,
  made: Account,
  account: SampleAccount,
  settings: Settings,
): Promise<void> => {
  await using imap = await dovecot.imap(made, settings);
  for (const { name } of account.mailboxes) {
    if (name !== "INBOX") await imap.ok(`CREATE ${imapString(name)}`);
  }
  await imap.select("INBOX", true);
  await imap.select("Archive/2024", true);
};

/**
 * Makes an account in which Dovecot has made everything itself. MODSEQs are tracked in INBOX and Archive/2024 from the
 * start. UIDs are as Dovecot gives them; gaps come from expunges.
 */
export const dovecotAccount = async (
  dovecot: Dovecot,
  location: string,
  account: SampleAccount,
  settings: Settings = {},
): Promise<Account> => {
  const made = await dovecot.account(location);
  await trackModSeqs(dovecot, made, account, settings);
  await using imap = await dovecot.imap(made, settings);
  await append(imap, account);
  await live(imap, account);
  await arrange(imap);
  for (const name of account.subscriptions) await imap.send(`SUBSCRIBE ${imapString(name)}`);
  const complaints = await imap.close();
  if (complaints !== "") throw new Error(complaints);
  return made;
};
