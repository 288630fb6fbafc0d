import assert from "node:assert/strict";
import { makeOs } from "../../lib/os/os.ts";
import { deadPid } from "../../lib/os/_other_process.ts";
import { rejectionOf } from "../../lib/os/_failure.ts";
import { type Account, type Dovecot, judged } from "./dovecot.ts";

const os = makeOs();
const { files, disk, locks } = os;

const MAIL = new TextEncoder().encode("Subject: one\r\n\r\nbody\r\n");

/** An account with one mail in INBOX. */
const withMail = async (dovecot: Dovecot, location: string): Promise<Account> => {
  const account = await dovecot.account(location);
  await using imap = await dovecot.imap(account);
  await imap.append("INBOX", MAIL);
  assert.equal(await imap.close(), "");
  return account;
};

const setFlag = (dovecot: Dovecot, account: Account): Promise<string> =>
  dovecot.quietly(account, ["flags", "add", "\\Flagged", "mailbox", "INBOX", "all"]);

/** Fails unless `work` is still under way after half a second. */
const assertWaiting = async (work: Promise<unknown>): Promise<void> => {
  const first = await Promise.race([work.then(() => "done"), os.sleep(500).then(() => "waiting")]);
  assert.equal(first, "waiting");
};

/** Waits until `is` holds; half a minute at most. */
const until = async (is: () => boolean | Promise<boolean>): Promise<void> => {
  for (const end = os.now() + 30_000; !(await is());) {
    assert.ok(os.now() < end, "it did not come to pass");
    await os.sleep(5);
  }
};

/** Whether a record lock on a file is somebody else's at this moment. */
const isLocked = async (path: string): Promise<boolean> => {
  const fd = files.open(path, "r+");
  try {
    (await locks.record(fd, path, 0)).release();
    return false;
  } catch {
    return true;
  } finally {
    files.close(fd);
  }
};

judged("record: Dovecot waits for our lock of an index log, we wait for its", async (dovecot) => {
  const account = await withMail(dovecot, "mdbox:~/mdbox");
  const mailboxLog = `${account.home}/mdbox/mailboxes/INBOX/dbox-Mails/dovecot.index.log`;
  const mapLog = `${account.home}/mdbox/storage/dovecot.map.index.log`;
  const m1 = `${account.home}/mdbox/storage/m.1`;
  const [log, map, mails] = [mailboxLog, mapLog, m1].map((path) => files.open(path, "r+"));

  const held = await locks.record(log!, mailboxLog);
  await using imap = await dovecot.imap(account);
  const appended = imap.append("INBOX", MAIL);
  // Dovecot has m.1, then the map log, and now stands before the mailbox log.
  await until(() => isLocked(mapLog));
  assert.equal(locks.tryFlock(mails!, m1), null);
  assert.equal((await rejectionOf(() => locks.record(map!, mapLog, 50)))._tag, "Busy");
  await assertWaiting(appended);
  held.release();
  await appended;
  (await locks.record(map!, mapLog)).release();
  assert.equal(await imap.close(), "");

  const again = await locks.record(log!, mailboxLog);
  const flagged = setFlag(dovecot, account);
  await assertWaiting(flagged);
  again.release();
  await flagged;
  for (const fd of [log!, map!, mails!]) files.close(fd);
});

judged("tryFlock: Dovecot leaves an m.N that we have alone", async (dovecot) => {
  const account = await withMail(dovecot, "mdbox:~/mdbox");
  const storage = `${account.home}/mdbox/storage`;
  const fd = files.open(`${storage}/m.1`, "r+");
  const held = locks.tryFlock(fd, `${storage}/m.1`);
  await using imap = await dovecot.imap(account);
  await imap.append("INBOX", MAIL);
  assert.notEqual(files.stat(`${storage}/m.2`), null);
  held?.release();
  files.close(fd);
  assert.equal(await imap.close(), "");
});

judged(
  "dotlock: Dovecot waits for ours, we wait for its, both write the same name",
  async (dovecot) => {
    const account = await withMail(dovecot, "maildir:~/Maildir");
    const uidlist = `${account.home}/Maildir/dovecot-uidlist`;
    const held = await locks.dotlock(uidlist);
    const flagged = setFlag(dovecot, account);
    await assertWaiting(flagged);
    held.release();
    await flagged;

    const indexLog = `${account.home}/Maildir/dovecot.index.log`;
    const log = files.open(indexLog, "r+");
    const logHeld = await locks.record(log, indexLog);
    const again = dovecot.quietly(account, ["flags", "add", "\\Seen", "mailbox", "INBOX", "all"]);
    await until(() => files.stat(`${uidlist}.lock`) !== null);
    const owner = new TextDecoder().decode(files.readFile(`${uidlist}.lock`)!);
    assert.match(owner, /^[0-9]+:/);
    assert.equal(owner.slice(owner.indexOf(":") + 1), os.hostname);
    assert.equal((await rejectionOf(() => locks.dotlock(uidlist, 300)))._tag, "Busy");
    logHeld.release();
    files.close(log);
    (await locks.dotlock(uidlist)).release();
    await again;
  },
);

judged("dotlock: Dovecot takes away what a dead process of ours has left", async (dovecot) => {
  const account = await withMail(dovecot, "maildir:~/Maildir");
  const lock = `${account.home}/Maildir/dovecot-uidlist.lock`;
  const mtime = Math.floor(os.now() / 1000) - 5;
  disk.create(lock, [new TextEncoder().encode(`${await deadPid()}:${os.hostname}`)], {
    mode: 0o644,
    mtime,
  });
  await setFlag(dovecot, account);
  assert.equal(files.stat(lock), null);
});
