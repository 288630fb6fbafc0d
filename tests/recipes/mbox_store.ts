// A store of one's own: an mbox file, read and never written, its mails in INBOX. The file is held in memory.
import { run } from "@dsync/dsync";
import { flags, guid, INBOX, mailboxGuid, modSeq, SEEN, syncError, uid } from "@dsync/dsync/model";
import type { Mail, MailRecord, Uid } from "@dsync/dsync/model";
import { fromArray, map } from "@dsync/dsync/stages";
import type { Fetched, Mailbox, Os, Store } from "@dsync/dsync/stores";
import * as TE from "fp-ts/TaskEither.js";

const latin1 = new TextDecoder("latin1");
const hash = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 32);

/** The lines that part mails, `From eve@example.org Sat Jan  3 01:05:34 2026`, behind an empty one. */
const SEPARATOR = /(?<=^|\n\r?\n)From \S+ +\w{3} \w{3} .*\d{4}.*\r?\n/g;

/** A mail as it is in the file: its UID is its place, its GUID a hash of its bytes. */
const readMail = async (text: string, at: number): Promise<[MailRecord, Mail]> => {
  const [line = ""] = text.split("\n", 1);
  const bytes = Uint8Array.from(text.slice(line.length + 1), (char) => char.charCodeAt(0));
  const known = guid(await hash(bytes));
  const seen = /^Status: .*R/m.test(text.split(/\n\r?\n/, 1)[0] ?? "") ? SEEN : 0;
  const date = Date.parse(`${line.replace(/^From \S+/, "")} UTC`);
  return [
    { uid: uid(at), guid: known, flags: flags(seen), keywords: [], modSeq: modSeq(1n) },
    {
      uid: uid(at),
      guid: known,
      receivedAt: Number.isNaN(date) ? 0 : date / 1000,
      savedAt: null,
      pop3Uidl: null,
      pop3Order: null,
      size: bytes.length,
      copies: 1,
      body: [bytes],
    },
  ];
};

/** Opens the mbox at a path. */
export const mboxStore = async (os: Os, path: string): Promise<Store> => {
  const where = { path };
  const file = os.files.readFile(path);
  if (file === null) return await run(TE.left(syncError("Missing", "store", where, "no mbox")));
  const text = latin1.decode(file);
  const starts = [...text.matchAll(SEPARATOR)].map(({ index }) => index);
  const mails = await Promise.all(
    starts.map((start, i) => readMail(text.slice(start, starts[i + 1]), i + 1)),
  );
  const byUid = new Map<Uid, Mail>(mails.map(([record, mail]) => [record.uid, mail]));
  const identity = mailboxGuid(await hash(new TextEncoder().encode(path)));
  const readOnly = syncError("Unsupported", "mailbox", where, "an mbox is only read here");
  const gone = syncError("Changed", "message", where, "no such mail");
  const mailbox: Mailbox = {
    name: INBOX,
    status: {
      guid: identity,
      uidValidity: 1,
      uidNext: mails.length + 1,
      messages: mails.length,
      firstRecentUid: mails.length + 1,
      highestModSeq: modSeq(1n),
      modSeqTracked: false,
    },
    problems: [],
    records: () => fromArray(mails.map(([record]) => record)),
    changes: () => fromArray([]),
    moment: "",
    historyComplete: false,
    fetch: map((wanted: Uid): Fetched => {
      const mail = byUid.get(wanted);
      return mail ? { _tag: "Mail", mail } : { _tag: "Lost", uid: wanted, error: gone };
    }),
    apply: map((operation) => ({ _tag: "Refused", operation, error: readOnly })),
  };
  return {
    location: `mbox:${path}`,
    caps: {
      format: "mbox",
      savedDates: false,
      fullGuids: true,
      naming: null,
      emptyDirectories: false,
    },
    tree: TE.right({
      nodes: [{ _tag: "Mailbox", name: INBOX, guid: identity }],
      subscriptions: [],
      log: [],
      problems: [],
    }),
    fitName: (name) => name,
    applyTree: () => TE.left(readOnly),
    withMailbox: (wanted, use) =>
      wanted === identity
        ? use(mailbox)
        : TE.left(syncError("Missing", "mailbox", where, "no such mailbox")),
    replaceMailbox: () => TE.left(readOnly),
    close: () => Promise.resolve(),
  };
};
