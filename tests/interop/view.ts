/**
 * What Dovecot sees in an account: everything a client could, read through doveadm from a copy without caches.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { walk } from "@std/fs/walk";
import { basename, dirname, join } from "node:path";
import { mutf7 } from "../sample/mutf7.ts";
import type { Account, Dovecot, Settings } from "./dovecot.ts";

/** One mail. */
export interface ViewMail {
  /** GUID in full text. */
  readonly guid: string;
  /** Flags and keywords in lower case, sorted, without \Recent. */
  readonly flags: string;
  /** Whether it is \Recent. */
  readonly recent: boolean;
  /** MODSEQ. */
  readonly modSeq: bigint;
  /** INTERNALDATE, seconds since 1970. */
  readonly received: number;
  /** SAVEDATE, seconds since 1970. */
  readonly saved: number;
  /** RFC822.SIZE. */
  readonly size: number;
  /** Explicit POP3 UIDL, or "". */
  readonly uidl: string;
  /** POP3 order, or "". */
  readonly order: string;
  /** SHA-256 of its bytes with each CR LF as LF. */
  readonly sha256: string;
}

/** One mailbox. */
export interface ViewMailbox {
  /** Mailbox GUID. */
  readonly guid: string;
  /** UIDVALIDITY. */
  readonly uidValidity: number;
  /** UIDNEXT. */
  readonly uidNext: number;
  /** Counts as STATUS gives them. */
  readonly messages: number;
  /** How many are \Recent. */
  readonly recent: number;
  /** How many are not \Seen. */
  readonly unseen: number;
  /** STATUS SIZE. */
  readonly size: number;
  /** HIGHESTMODSEQ. */
  readonly highestModSeq: bigint;
  /**
   * Which MODSEQs there were before we asked for them: "mails": each mail's own; "mailbox": the highest alone; "none":
   * without an index there is no past, and what we see Dovecot has made up on our copy.
   */
  readonly modSeqs: "mails" | "mailbox" | "none";
  /** By UID. */
  readonly mails: ReadonlyMap<number, ViewMail>;
}

/** An account. */
export interface View {
  /** The first part of the location: "maildir", "mdbox". */
  readonly format: string;
  /** Every listed name, \NoSelect ones too, sorted. */
  readonly names: readonly string[];
  /** Subscribed names, sorted. */
  readonly subscriptions: readonly string[];
  /** By name. */
  readonly mailboxes: ReadonlyMap<string, ViewMailbox>;
  /** What Dovecot wrote to standard error, or an exit code that was not 0. */
  readonly complaints: readonly string[];
}

const STATUS = "messages recent uidnext uidvalidity unseen vsize guid highestmodseq";
const FIELDS =
  "mailbox uid guid flags modseq date.received.unixtime date.saved.unixtime size.virtual " +
  "pop3.uidl pop3.order";

/** Every file below a directory. */
async function* filesBelow(directory: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory) yield* filesBelow(path);
    else yield path;
  }
}

/** Removes the caches of a home; gives the directories that hold an index, and whether it keeps MODSEQs of mails. */
const prepare = async (home: string): Promise<ReadonlyMap<string, boolean>> => {
  const indexes = new Map<string, boolean>();
  for await (const path of filesBelow(home)) {
    const name = basename(path);
    if (name === "dovecot.index.cache") await Deno.remove(path);
    if (name !== "dovecot.index" && name !== "dovecot.index.log") continue;
    const tracked = Buffer.from(await Deno.readFile(path)).includes("modseq");
    indexes.set(dirname(path), tracked || (indexes.get(dirname(path)) ?? false));
  }
  return indexes;
};

/** Where the index of a mailbox lies: what `doveadm mailbox path -t index` says, without a process for each. */
export const indexDirectory = ({ home, location }: Account, name: string): string => {
  const [format, root, ...options] = location.replaceAll("~/", `${home}/`).split(":");
  const given = (key: string): string | undefined =>
    options.find((option) => option.startsWith(`${key}=`))?.slice(key.length + 1);
  const index = given("INDEX");
  const base = index ?? root!;
  if (format === "mdbox") {
    return join(base, "mailboxes", mutf7(name), index === undefined ? "dbox-Mails" : "");
  }
  if (name === "INBOX" && index === undefined) return given("INBOX") ?? base;
  const fs = given("LAYOUT") === "fs";
  return join(base, fs ? mutf7(name) : `.${mutf7(name).replaceAll("/", ".")}`);
};

const modSeqsOf = (tracked: boolean | undefined): ViewMailbox["modSeqs"] =>
  tracked === undefined ? "none" : tracked ? "mails" : "mailbox";

/** Rows of `-f tab`, each by its column names. */
const table = (text: string): Record<string, string>[] => {
  const [head = "", ...rows] = text.split("\n").filter((line) => line !== "");
  const columns = head.split("\t");
  return rows.map((row) => {
    const cells = row.split("\t");
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ""]));
  });
};

/** Hashes bytes with each CR LF as LF, in pieces. */
export const lfHash = (): { update: (bytes: Uint8Array) => void; hex: () => string } => {
  const hash = createHash("sha256");
  let held = false;
  return {
    update: (bytes) => {
      if (bytes.length === 0) return;
      if (held && bytes[0] !== 10) hash.update("\r");
      held = bytes[bytes.length - 1] === 13;
      const end = held ? bytes.length - 1 : bytes.length;
      let from = 0;
      for (let at = bytes.indexOf(13); at >= 0 && at < end; at = bytes.indexOf(13, at + 1)) {
        if (bytes[at + 1] !== 10) continue;
        hash.update(bytes.subarray(from, at));
        from = at + 1;
      }
      hash.update(bytes.subarray(from, end));
    },
    hex: () => {
      if (held) hash.update("\r");
      return hash.digest("hex");
    },
  };
};

/** A cursor over a byte stream. */
class Input {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #bytes: Uint8Array = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) return false;
    this.#bytes = this.#bytes.length === 0 ? value : Buffer.concat([this.#bytes, value]);
    return true;
  }

  /** A line without its LF; null at the end. */
  async line(): Promise<string | null> {
    while (true) {
      const end = this.#bytes.indexOf(10);
      if (end >= 0) {
        const line = new TextDecoder().decode(this.#bytes.subarray(0, end));
        this.#bytes = this.#bytes.subarray(end + 1);
        return line;
      }
      if (!await this.#more()) return null;
    }
  }

  /** Exactly `length` bytes, in pieces; gives how many were missing. */
  async take(length: number, use: (bytes: Uint8Array) => void): Promise<number> {
    let left = length;
    while (left > 0) {
      if (this.#bytes.length === 0 && !await this.#more()) return left;
      const piece = this.#bytes.subarray(0, left);
      use(piece);
      left -= piece.length;
      this.#bytes = this.#bytes.subarray(piece.length);
    }
    return 0;
  }
}

/** A record of `-f pager fetch "mailbox uid size.physical text"`: three lines, "text:", bytes, FF LF between records. */
const readTexts = async (
  stream: ReadableStream<Uint8Array>,
  mail: (mailbox: string, uid: number, sha256: string) => void,
): Promise<string | null> => {
  const input = new Input(stream);
  while (true) {
    const mailbox = await input.line();
    if (mailbox === null) return null;
    const uid = await input.line();
    const size = Number((await input.line() ?? "").slice("size.physical: ".length));
    if (!mailbox.startsWith("mailbox: ") || await input.line() !== "text:") {
      return `output of fetch lost its way at "${mailbox.slice(0, 80)}", "${uid?.slice(0, 80)}"`;
    }
    const hash = lfHash();
    const missing = await input.take(size, hash.update);
    if (missing > 0) return `${mailbox}, ${uid}: ${missing} of ${size} bytes are missing`;
    mail(mailbox.slice("mailbox: ".length), Number(uid?.slice("uid: ".length)), hash.hex());
    const between = await input.line();
    if (between !== null && between !== "\f") return `${mailbox}, ${uid}: more than ${size} bytes`;
  }
};

/** Whether a killed process has left its dovecot-uidlist.lock in one of the mailboxes. */
const hasUidlistLock = async (home: string): Promise<boolean> => {
  for await (const entry of walk(home, { exts: [".lock"], includeDirs: false })) {
    if (entry.name === "dovecot-uidlist.lock") return true;
  }
  return false;
};

/** Reads a copy of an account as Dovecot sees it. The account itself is left as it is. */
export const view = async (
  dovecot: Dovecot,
  original: Account,
  settings: Settings = {},
): Promise<View> => {
  const account = await dovecot.copy(original);
  const complaints: string[] = [];
  const complain = (args: readonly string[], code: number, stderr: string): void => {
    for (const line of stderr.split("\n")) {
      if (line !== "") complaints.push(`${args.join(" ")}: ${line}`);
    }
    if (code !== 0) complaints.push(`${args.join(" ")}: exit ${code}`);
  };
  const ask = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await dovecot.doveadm(account, args, settings);
    complain(args, code, stderr);
    return new TextDecoder().decode(stdout);
  };
  try {
    const indexes = await prepare(account.home);
    const list = async (...option: string[]): Promise<string[]> =>
      table(await ask("-f", "tab", "mailbox", "list", ...option)).map((row) => row["mailbox"]!)
        .sort();
    const names = await list();
    const subscriptions = await list("-s");
    // The first quick sync (STATUS) that meets a dotlock whose owner is dead takes it away and goes on without a lock,
    // that is, without a sync (file-dotlock.c, dotlock_override: "not locked" to one who does not wait). What it tells
    // is old; of mails that are in the index alone it cannot tell a size. So the counts are asked for once before.
    if (await hasUidlistLock(account.home)) await ask("mailbox", "status", "messages", "*");
    const statuses = table(await ask("-f", "tab", "mailbox", "status", STATUS, "*"));
    const rows = table(await ask("-f", "tab", "fetch", FIELDS, "ALL"));
    const hashes = new Map<string, string>();
    const fetch = ["-f", "pager", "fetch", "mailbox uid size.physical text", "ALL"];
    const child = dovecot.spawn(account, fetch, settings);
    const stderr = new Response(child.stderr).text();
    const lost = await readTexts(child.stdout, (mailbox, uid, sha256) => {
      hashes.set(`${mailbox}\n${uid}`, sha256);
    });
    if (lost !== null) complaints.push(lost);
    complain(fetch, (await child.status).code, await stderr);

    const mails = new Map<string, Map<number, ViewMail>>();
    for (const row of rows) {
      const mailbox = row["mailbox"]!;
      const words = (row["flags"] ?? "").toLowerCase().split(" ").filter((word) => word !== "");
      const uid = Number(row["uid"]);
      if (!mails.has(mailbox)) mails.set(mailbox, new Map());
      mails.get(mailbox)!.set(uid, {
        guid: row["guid"]!,
        flags: words.filter((word) => word !== "\\recent").sort().join(" "),
        recent: words.includes("\\recent"),
        modSeq: BigInt(row["modseq"]!),
        received: Number(row["date.received.unixtime"]),
        saved: Number(row["date.saved.unixtime"]),
        size: Number(row["size.virtual"]),
        uidl: row["pop3.uidl"]!,
        order: row["pop3.order"]!,
        sha256: hashes.get(`${mailbox}\n${uid}`) ?? "not read",
      });
    }
    const mailboxes = new Map(statuses.map((row): [string, ViewMailbox] => [row["mailbox"]!, {
      guid: row["guid"]!,
      uidValidity: Number(row["uidvalidity"]),
      uidNext: Number(row["uidnext"]),
      messages: Number(row["messages"]),
      recent: Number(row["recent"]),
      unseen: Number(row["unseen"]),
      size: Number(row["vsize"]),
      highestModSeq: BigInt(row["highestmodseq"]!),
      modSeqs: modSeqsOf(indexes.get(indexDirectory(account, row["mailbox"]!))),
      mails: mails.get(row["mailbox"]!) ?? new Map(),
    }]));
    const format = account.location.slice(0, account.location.indexOf(":"));
    return { format, names, subscriptions, mailboxes, complaints };
  } finally {
    await Deno.remove(join(account.home, ".."), { recursive: true });
  }
};
