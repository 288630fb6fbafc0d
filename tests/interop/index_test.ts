import assert from "node:assert/strict";
import {
  appendMails,
  expungeMails,
  setExtensionHeader,
  setExtensionRecords,
  setHeader,
  trackModSeqs,
  uidRanges,
  updateFlags,
  updateKeywords,
  withExactModSeqs,
} from "../../lib/codec/index_build.ts";
import { HEADER_AT } from "../../lib/codec/index_header.ts";
import { DONE, type LogRecord, REQUEST, SYNC_DONE } from "../../lib/codec/index_record.ts";
import type { IndexView } from "../../lib/codec/index_view.ts";
import { flagNames } from "../../lib/model/flags.ts";
import { makeOs } from "../../lib/os/os.ts";
import { createIndex } from "../../lib/store/index/index_create.ts";
import { type IndexFile, openIndex } from "../../lib/store/index/index_file.ts";
import { type Account, type Dovecot, judged } from "./dovecot.ts";

const os = makeOs();
const BASE = "dovecot.index";
const GUIDS = { name: "guid", headerSize: 0, recordSize: 16, recordAlign: 1 };
const MAP_UIDS = { name: "mdbox", headerSize: 0, recordSize: 8, recordAlign: 4 };
const MDBOX = { name: "mdbox-hdr", headerSize: 24, recordSize: 0, recordAlign: 0 };

/** Makes Dovecot rotate a log whenever it can. */
const ROTATE = { mail_index_log_rotate_min_size: "10", mail_index_log_rotate_max_size: "20" };

const mail = (n: number): Uint8Array =>
  new TextEncoder().encode(`Subject: mail ${n}\r\n\r\nbody ${n}\r\n`);

/** An mdbox account whose INBOX has some mails. */
const withMails = async (dovecot: Dovecot, count: number): Promise<Account> => {
  const account = await dovecot.account("mdbox:~/mdbox");
  await using imap = await dovecot.imap(account);
  for (let n = 1; n <= count; n++) await imap.append("INBOX", mail(n));
  assert.equal(await imap.close(), "");
  return account;
};

const directoryOf = ({ home }: Account, mailbox: string): string =>
  `${home}/mdbox/mailboxes/${mailbox}/dbox-Mails`;

const open = (account: Account, mailbox = "INBOX"): IndexFile => {
  const file = openIndex(os, directoryOf(account, mailbox), BASE);
  assert.ok(file !== null);
  return file;
};

/** One line for each mail: UID, modseq, GUID, flags and keywords. */
type Lines = readonly string[];

const line = (uid: number, modSeq: bigint | number, guid: string, flags: readonly string[]) =>
  [uid, modSeq, guid, [...flags].sort().join(" ")].join(" ").trim();

/** What Dovecot sees; a word on standard error fails. */
const seen = async (dovecot: Dovecot, account: Account, mailbox = "INBOX"): Promise<Lines> => {
  const text = await dovecot.quietly(account, [
    "-f",
    "tab",
    "fetch",
    "uid modseq guid flags",
    "mailbox",
    mailbox,
    "all",
  ]);
  return text.trimEnd().split("\n").slice(1).filter((row) => row !== "").map((row) => {
    const [uid, modSeq, guid, flags] = row.split("\t") as [string, string, string, string];
    const names = flags.split(" ").filter((name) => name !== "" && name !== "\\Recent");
    return line(Number(uid), BigInt(modSeq), guid, names);
  });
};

/** What we see. */
const ours = (view: IndexView): Lines =>
  Array.from({ length: view.count }, (_, row) => {
    const guid = [...view.extension("guid")!.bytes(row)]
      .map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return line(view.uidOf(row), view.modSeqOf(row), guid, [
      ...flagNames(view.flagsOf(row)),
      ...view.keywordsOf(row),
    ]);
  });

const highest = async (dovecot: Dovecot, account: Account, mailbox = "INBOX"): Promise<bigint> => {
  const args = ["-f", "tab", "mailbox", "status", "highestmodseq", mailbox];
  const text = await dovecot.quietly(account, args);
  return BigInt(text.trimEnd().split("\n")[1]!.split("\t")[1]!);
};

const statusOf = async (
  dovecot: Dovecot,
  account: Account,
  mailbox: string,
): Promise<Readonly<Record<string, string>>> => {
  const fields = "messages recent uidnext uidvalidity unseen highestmodseq guid";
  const text = await dovecot.quietly(account, ["-f", "tab", "mailbox", "status", fields, mailbox]);
  const [names, values] = text.trimEnd().split("\n").map((row) => row.split("\t"));
  return Object.fromEntries(names!.map((name, i) => [name, values![i]!]));
};

judged("IndexFile: an index that Dovecot goes on with is followed", async (dovecot) => {
  const account = await withMails(dovecot, 3);
  const file = open(account);
  const commands: readonly (readonly string[])[] = [
    ["flags", "add", "\\Seen $Forwarded", "mailbox", "INBOX", "uid", "1:2"],
    ["flags", "remove", "$Forwarded", "mailbox", "INBOX", "uid", "2"],
    ["expunge", "mailbox", "INBOX", "uid", "3"],
    ["flags", "replace", "\\Draft Work", "mailbox", "INBOX", "uid", "1"],
  ];
  for (const command of commands) {
    await dovecot.quietly(account, command);
    file.refresh();
    assert.deepEqual(ours(file.view), await seen(dovecot, account), command.join(" "));
    file.refresh();
    assert.equal(file.view.highestModSeq as bigint, await highest(dovecot, account));
  }
  const [gone] = file.changes().filter((change) => change._tag === "Expunged");
  assert.equal(gone?.uid as number, 3);
  assert.equal(gone?.bySync, false);
  file.close();
});

judged("IndexFile: rotations while we follow", async (dovecot) => {
  const account = await withMails(dovecot, 2);
  const file = open(account);
  for (let n = 0; n < 4; n++) {
    const flags = [
      "flags",
      n % 2 === 0 ? "add" : "remove",
      "\\Flagged Kw",
      "mailbox",
      "INBOX",
      "1",
    ];
    await dovecot.quietly(account, flags, ROTATE);
    assert.equal(file.refresh(), true);
    assert.deepEqual(ours(file.view), await seen(dovecot, account));
  }
  assert.ok(file.view.position.seq > 4);
  file.close();
});

judged("IndexWriter: changes of every kind beside Dovecot", async (dovecot) => {
  const account = await withMails(dovecot, 4);
  await seen(dovecot, account);
  const file = open(account);
  await file.withLock((writer) => {
    writer.append([
      updateFlags([{ uid: 1, add: 8, remove: 0 }, { uid: 2, add: 8, remove: 0 }]),
      ...updateKeywords("add", new Map([["Work", [1, 2, 4]], ["$Junk", [4]]])),
      ...updateKeywords("remove", new Map([["Work", [2]]])),
    ], SYNC_DONE);
    writer.append([{ _tag: "KeywordReset", uids: uidRanges([1]) }], SYNC_DONE);
    writer.append([setHeader([[HEADER_AT.nextUid, 50], [HEADER_AT.firstRecentUid, 3]])], SYNC_DONE);
    writer.append([updateFlags([{ uid: 3, add: 2, remove: 0 }])], REQUEST);
    writer.sync();
  });
  assert.deepEqual(ours(file.view), await seen(dovecot, account));
  const status = await statusOf(dovecot, account, "INBOX");
  assert.equal(status.uidnext, "50");
  assert.equal(status.recent, "2");
  assert.equal(status.unseen, "2");
  file.refresh();
  assert.equal(file.view.highestModSeq as bigint, BigInt(status.highestmodseq!));

  // A request: Dovecot carries it out, refcounts and all.
  await file.withLock((writer) => {
    const guid = writer.view.extension("guid")!.bytes(writer.view.rowOf(4)).slice();
    writer.append([expungeMails(Uint32Array.of(4), guid)], REQUEST);
  });
  assert.equal(file.requests().length, 1);
  const after = await seen(dovecot, account);
  assert.equal(after.length, 3);
  file.refresh();
  assert.deepEqual(ours(file.view), after);
  assert.deepEqual(file.requests(), []);
  await dovecot.quietly(account, ["purge"]);
  file.close();
});

judged(
  "IndexFile: Dovecot and we write to one log in turns, rotations included",
  async (dovecot) => {
    const account = await withMails(dovecot, 2);
    const file = open(account);
    const their = async (): Promise<void> => {
      for (let n = 0; n < 12; n++) {
        const what = n % 2 === 0 ? "add" : "remove";
        const flags = ["flags", what, "\\Flagged", "mailbox", "INBOX", "all"];
        await dovecot.quietly(account, flags, n % 4 < 2 ? {} : ROTATE);
      }
    };
    let writes = 0;
    const our = async (done: () => boolean): Promise<void> => {
      while (!done()) {
        await file.withLock(async (writer) => {
          writer.append(
            updateKeywords(
              writes % 2 === 0 ? "add" : "remove",
              new Map([[`k${writes % 5}`, [1, 2]]]),
            ),
            SYNC_DONE,
          );
          await os.sleep(3);
        });
        if (writes % 3 === 0) await file.shorten(() => true);
        writes++;
        await os.sleep(1);
      }
    };
    let done = false;
    await Promise.all([
      their().finally(() => done = true),
      our(() => done),
    ]);
    assert.ok(writes > 10);
    assert.ok(file.view.position.seq > 3);
    file.refresh();
    assert.deepEqual(ours(file.view), await seen(dovecot, account));
    file.close();
  },
);

judged("IndexFile.shorten: Dovecot reads it, and what comes after", async (dovecot) => {
  const account = await withMails(dovecot, 5);
  await dovecot.quietly(account, ["flags", "add", "\\Seen Work", "mailbox", "INBOX", "uid", "2"]);
  await dovecot.quietly(account, ["expunge", "mailbox", "INBOX", "uid", "3"]);
  const before = await seen(dovecot, account);
  const snapshot = `${directoryOf(account, "INBOX")}/${BASE}`;
  const shorten = async (): Promise<void> => {
    const file = open(account);
    const log = os.files.stat(file.path)!;
    if (Deno.uid() === 0) {
      // A snapshot that would be somebody else's than the log is not written.
      const [directory, there] = [directoryOf(account, "INBOX"), os.files.stat(snapshot)];
      Deno.chownSync(directory, 0, 0);
      await file.shorten(() => true);
      assert.deepEqual([os.files.stat(snapshot), os.files.stat(`${snapshot}.tmp`)], [there, null]);
      Deno.chownSync(directory, log.uid, log.gid);
    }
    await file.shorten(() => true);
    file.close();
    const made = os.files.stat(snapshot);
    assert.deepEqual([made?.uid, made?.gid], [log.uid, log.gid]);
    await dovecot.machine.own(account.home);
  };
  assert.equal(os.files.stat(snapshot), null);
  await shorten();
  const file = open(account);
  assert.equal(os.files.stat(snapshot)?.mode, os.files.stat(file.path)?.mode);
  const [made, log] = [snapshot, file.path].map((path) => Deno.readFileSync(path));
  assert.deepEqual(await seen(dovecot, account), before);
  await file.withLock((writer) => {
    writer.append([updateFlags([{ uid: 1, add: 2, remove: 0 }])], SYNC_DONE);
    writer.append([expungeMails(Uint32Array.of(5))], REQUEST);
  });
  await shorten();
  const after = await seen(dovecot, account);
  assert.deepEqual(after.map((row) => row.split(" ")[0]), ["1", "2", "4"]);
  file.refresh();
  assert.deepEqual(ours(file.view), after);
  file.close();
  // Also where Dovecot has nothing but the first snapshot and the log that it was made of.
  Deno.writeFileSync(snapshot, made!);
  Deno.writeFileSync(`${snapshot}.log`, log!);
  await dovecot.machine.own(account.home);
  assert.deepEqual(await seen(dovecot, account), before);
});

judged("IndexFile: a torn tail that we cut off costs Dovecot nothing", async (dovecot) => {
  const account = await withMails(dovecot, 2);
  const before = await seen(dovecot, account);
  const file = open(account);
  const path = `${directoryOf(account, "INBOX")}/${BASE}.log`;
  Deno.writeFileSync(path, Uint8Array.of(0x80, 0x80, 0x80, 0x8c, 2, 0, 0, 0x10, 9), {
    append: true,
  });
  await file.withLock(() => {});
  await dovecot.quietly(account, ["flags", "add", "\\Seen", "mailbox", "INBOX", "uid", "1"]);
  const after = await seen(dovecot, account);
  assert.equal(after.length, before.length);
  file.refresh();
  assert.deepEqual(ours(file.view), after);
  file.close();
});

/** A mailbox "Copy" that shares the mails of INBOX, with UIDs, flags, keywords and modseqs of our choice. */
const makeCopy = (account: Account, form: "log" | "snapshot"): IndexView => {
  const inbox = open(account);
  const { view } = inbox;
  const uids = Uint32Array.of(11, 12, 20, 25);
  const wanted = BigUint64Array.of(5n, 123456789012n, 7n, 9n);
  const directory = directoryOf(account, "Copy");
  Deno.mkdirSync(directory, { recursive: true });
  const header = view.extension("mdbox-hdr")!.headerBytes(0, 24);
  header[4]! ^= 1;
  const column = (name: string, size: number): Uint8Array =>
    Uint8Array.from(
      { length: 4 * size },
      (_, i) => view.extension(name)!.bytes(Math.floor(i / size))[i % size]!,
    );
  const map = openIndex(os, `${account.home}/mdbox/storage`, "dovecot.map.index")!;
  const refs = map.view.extension("ref")!;
  assert.equal(refs.u16(0, 0), 1);
  map.close();
  const made = createIndex(os, directory, BASE, (appender) => {
    appender.append([
      ...setExtensionHeader(MDBOX, header),
      setHeader([[HEADER_AT.uidValidity, 4711]]),
    ], SYNC_DONE);
    const records: LogRecord[] = [
      appendMails(uids, Uint8Array.of(8, 0, 2, 31)),
      ...setExtensionRecords(MAP_UIDS, uids, column("mdbox", 8)),
      ...setExtensionRecords(GUIDS, uids, column("guid", 16)),
      ...updateKeywords(
        "add",
        new Map(Array.from({ length: 30 }, (_, i) => [`kw${i}`, i % 3 === 0 ? [11, 25] : [20]])),
      ),
      setHeader([[HEADER_AT.nextUid, 40], [HEADER_AT.firstRecentUid, 21]]),
    ];
    appender.append(withExactModSeqs(appender.position, records, uids, wanted), SYNC_DONE);
  }, { form });
  inbox.close();
  const result = made.view;
  made.close();
  return result;
};

for (const form of ["log", "snapshot"] as const) {
  judged(`createIndex: Dovecot opens a ${form} as its own, modseqs exact`, async (dovecot) => {
    const account = await withMails(dovecot, 4);
    const view = makeCopy(account, form);
    await dovecot.machine.own(account.home);
    const status = await statusOf(dovecot, account, "Copy");
    assert.deepEqual([status.uidvalidity, status.uidnext, status.messages], ["4711", "40", "4"]);
    assert.deepEqual([status.recent, status.unseen], ["1", "2"]);
    assert.equal(status.highestmodseq, String(view.highestModSeq));
    const lines = await seen(dovecot, account, "Copy");
    assert.deepEqual(lines, ours(view));
    assert.deepEqual(lines.map((row) => row.split(" ").slice(0, 2)), [
      ["11", "5"],
      ["12", "123456789012"],
      ["20", "7"],
      ["25", "9"],
    ]);
    await dovecot.quietly(account, [
      "flags",
      "add",
      "\\Deleted kw1 other",
      "mailbox",
      "Copy",
      "all",
    ]);
    const file = open(account, "Copy");
    assert.deepEqual(ours(file.view), await seen(dovecot, account, "Copy"));
    file.close();
  });
}

judged("trackModSeqs: Dovecot tells the modseqs that we tell", async (dovecot) => {
  const account = await withMails(dovecot, 3);
  const file = open(account);
  assert.equal(file.view.modSeqTracked, false);
  await file.withLock((writer) => {
    writer.append([
      ...trackModSeqs(writer.view.highestModSeq),
      updateFlags([{ uid: 2, add: 8, remove: 0 }]),
    ], SYNC_DONE);
    writer.append([{
      _tag: "ModSeqUpdate",
      uids: Uint32Array.of(1, 2, 0),
      modSeqs: BigUint64Array.of(77n, 1n, 90n),
    }], SYNC_DONE);
  });
  assert.deepEqual(ours(file.view), await seen(dovecot, account));
  assert.equal(await highest(dovecot, account), 90n);
  assert.equal(file.view.highestModSeq as bigint, 90n);
  file.close();
});

judged(
  "createIndex: marks of DONE and SYNC_DONE make no difference to Dovecot",
  async (dovecot) => {
    const account = await withMails(dovecot, 1);
    const file = open(account);
    const modSeqs: bigint[] = [];
    for (const marks of [DONE, SYNC_DONE]) {
      await file.withLock((writer) =>
        writer.append([updateFlags([{ uid: 1, add: 1, remove: 0 }])], marks)
      );
      modSeqs.push(await highest(dovecot, account));
    }
    assert.equal(modSeqs[1]! - modSeqs[0]!, 1n);
    file.close();
  },
);
