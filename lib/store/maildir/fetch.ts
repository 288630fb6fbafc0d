/**
 * From mail files to mails.
 *
 * @module
 */
import { compressionOf } from "../../codec/compression.ts";
import { nameSize } from "../../codec/maildir_name.ts";
import { uidlistValue } from "../../codec/maildir_uidlist_lines.ts";
import { type SyncError, syncError, withPlace } from "../../model/error.ts";
import type { Uid } from "../../model/ids.ts";
import { type Body, isInMemory, type Mail } from "../../model/mail.ts";
import type { Fd, FileInfo, Os } from "../../port/os.ts";
import type { Fetched } from "../../port/store.ts";
import { type Chunks, failStream, StreamFailure } from "../../stream/chunks.ts";
import { thrownError } from "../account/or_fail.ts";
import { type Stamp, stampOf } from "../account/stamp.ts";
import { plainBody, type Stored } from "../compressed/plain_body.ts";
import { type Ending, fileOf, Listing, listMailFiles, pathOf } from "./listing.ts";
import { guidOf, type MaildirMail } from "./mail_table.ts";

/** Mails up to this size are read at once. */
export const SMALL_MAIL = 1 << 20;
const PIECE = 256 << 10;

/** Bytes of small mails that one chunk holds at most, give or take one mail. */
const CHUNK_BYTES = 4 << 20;
const CHUNK_MAILS = 256;

const refuse = (tag: "Changed" | "Damaged" | "Unsupported", path: string, what: string): never =>
  failStream<SyncError>(syncError(tag, "message", { path }, what));

/** A file under the name that it has now. */
interface Opened {
  readonly fd: Fd;
  readonly path: string;
}

/** Why a mail could not be read: whatever it was, it is this mail's trouble alone. */
const troubleOf = (thrown: unknown, uid: Uid): SyncError =>
  withPlace({ ...thrownError(thrown), scope: "message" }, { uid });

const ofOneMail = async function* (
  body: AsyncIterable<Uint8Array>,
  uid: Uid,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (thrown) {
    throw new StreamFailure(troubleOf(thrown, uid));
  }
};

const mailOf = (mail: MaildirMail, info: FileInfo, size: number, body: Body): Mail => {
  const order = uidlistValue(mail.entry, "O");
  const uidl = uidlistValue(mail.entry, "P");
  return {
    uid: mail.uid,
    guid: guidOf(mail.entry),
    receivedAt: info.mtime,
    savedAt: info.ctime,
    // An empty P stands for the base name.
    pop3Uidl: uidl === "" ? mail.entry.name : uidl,
    pop3Order: order !== null && /^[0-9]{1,10}$/.test(order) && Number(order) > 0
      ? Number(order)
      : null,
    size,
    copies: Math.max(1, info.links),
    body,
  };
};

/** Memory for the small mails of one chunk, used again for the next one: fresh memory costs as much as reading does. */
class Room {
  #bytes = new Uint8Array(0);
  #used = 0;

  /** So many bytes, good until {@linkcode Room.clear}. */
  take(length: number): Uint8Array {
    if (this.#used + length > this.#bytes.length) {
      // What was given out stays with those who have it.
      const more = Math.min(2 * this.#bytes.length, CHUNK_BYTES + SMALL_MAIL);
      this.#bytes = new Uint8Array(Math.max(length, more));
      this.#used = 0;
    }
    this.#used += length;
    return this.#bytes.subarray(this.#used - length, this.#used);
  }

  /** Nobody needs any more what was given out. */
  clear(): void {
    this.#used = 0;
  }
}

/** A mail that is in the system's memory is read in less, milliseconds; and this much for each MiB. */
const WARM_MS = 0.06;
const WARM_MS_A_MIB = 1;
/** So many chunks are read ahead at most before it is tried again without; at first, two. */
const COLD_CHUNKS = 16;
const COLD_AT_FIRST = 2;
/** So many mails are read to find out: a disk would be waited for long enough to be told from a busy processor. */
const TRIED_MAILS = 32;

/**
 * Tells by the time that reading takes whether mails come from a disk. Those that were read ahead tell nothing: that
 * takes its time, too, where all are in memory.
 */
export class Temperature {
  #coldFor = 0;
  #period = 0;

  /** Whether the next mails are thought to be on the disk alone. */
  get isCold(): boolean {
    return this.#coldFor > 0;
  }

  /** How many mails the next chunk may have. */
  get chunkMails(): number {
    const isTrial = this.#coldFor === 0 && this.#period > 0;
    return isTrial ? TRIED_MAILS : CHUNK_MAILS;
  }

  /** Notes how long a chunk took. */
  note(mails: number, bytes: number, ms: number): void {
    const warm = mails * WARM_MS + bytes / (1 << 20) * WARM_MS_A_MIB;
    if (this.#coldFor > 0) this.#coldFor--;
    else if (ms <= warm) this.#period = 0;
    else this.#coldFor = this.#period = Math.min(COLD_CHUNKS, 2 * this.#period || COLD_AT_FIRST);
  }
}

/** Reads mails of one mailbox; remembers where files went that were renamed meanwhile. */
export class MailReader {
  readonly #os: Os;
  readonly #directory: string;
  readonly #streaming = new Set<Fd>();
  readonly #room = new Room();
  readonly #temperature: Temperature;
  #moved = new Listing();
  /** How the directories stood just before they were listed for that. */
  #stamp: Stamp | null = null;

  /** For the mailbox whose mails are in `directory`. */
  constructor(os: Os, directory: string, temperature: Temperature = new Temperature()) {
    this.#os = os;
    this.#directory = directory;
    this.#temperature = temperature;
  }

  /** Reads one mail: `Lost` with `Changed` when its file is gone, with what went wrong when it cannot be read. */
  read(mail: MaildirMail): Fetched {
    const { uid } = mail;
    try {
      const read = this.#readOpened(mail, this.#open(mail));
      const { body } = read;
      return {
        _tag: "Mail",
        mail: isInMemory(body) ? read : { ...read, body: ofOneMail(body, uid) },
      };
    } catch (thrown) {
      return { _tag: "Lost", uid, error: troubleOf(thrown, uid) };
    }
  }

  /** Reads mails from `at` on, once `ahead` has come; gives where it stopped, as a chunk should not be larger. */
  async readChunk(
    uids: readonly Uid[],
    at: number,
    mailOf: (uid: Uid) => MaildirMail | undefined,
    ahead: Promise<void> | undefined,
  ): Promise<{ readonly chunk: readonly Fetched[]; readonly next: number }> {
    const since = this.#os.now();
    await ahead;
    const chunk: Fetched[] = [];
    let bytes = 0;
    let next = at;
    const { chunkMails } = this.#temperature;
    while (next < uids.length && chunk.length < chunkMails && bytes < CHUNK_BYTES) {
      const uid = uids[next++]!;
      const mail = mailOf(uid);
      const fetched: Fetched = mail === undefined
        ? {
          _tag: "Lost",
          uid,
          error: syncError("Changed", "message", { uid }, "no mail has this UID"),
        }
        : this.read(mail);
      chunk.push(fetched);
      if (fetched._tag === "Mail") bytes += Math.min(fetched.mail.size, SMALL_MAIL);
    }
    this.#temperature.note(chunk.length, bytes, this.#os.now() - since);
    return { chunk, next };
  }

  /** Has the mails of the chunk at `at` brought nearer, where that saves time. */
  readAhead(
    uids: readonly Uid[],
    at: number,
    mailOf: (uid: Uid) => MaildirMail | undefined,
  ): Promise<void> | undefined {
    if (at >= uids.length || !this.#temperature.isCold) return undefined;
    const paths = uids.slice(at, at + CHUNK_MAILS).flatMap((uid) => {
      const mail = mailOf(uid);
      return mail === undefined ? [] : this.#path(mail.entry.name, mail.ending);
    });
    return this.#os.files.readAhead?.(paths);
  }

  /** Bodies given so far are of no use any more. */
  release(): void {
    this.#room.clear();
    for (const fd of this.#streaming) this.#os.files.close(fd);
    this.#streaming.clear();
  }

  #open(mail: MaildirMail): Opened {
    const { name } = mail.entry;
    const opened = this.#tryOpen(name, mail.ending) ?? this.#tryOpen(name, this.#moved.find(name));
    if (opened !== null) return opened;
    this.#lookForMoved();
    return this.#tryOpen(name, this.#moved.find(name)) ?? this.#lost(name, mail.ending);
  }

  /** Why a mail is not there: a symlink in its place that leads to nothing will not go away by itself. */
  #lost(name: string, ending: Ending): never {
    const path = this.#path(name, this.#moved.find(name) ?? ending);
    return this.#os.files.lstat(path)?.kind === "symlink"
      ? refuse("Damaged", path, "the symlink leads to nothing")
      : refuse("Changed", path, "the mail is gone");
  }

  /** Lists the mailbox again, unless nothing has happened since that was done: many mails may be gone. */
  #lookForMoved(): void {
    const stamp = stampOf(this.#os, [`${this.#directory}/cur`, `${this.#directory}/new`]);
    if (this.#stamp?.text === stamp.text && !this.#stamp.isFresh) return;
    this.#stamp = stamp;
    this.#moved = listMailFiles(this.#os, this.#directory);
  }

  #path(base: string, ending: Ending): string {
    return pathOf(this.#directory, fileOf(base, ending));
  }

  #tryOpen(base: string, ending: Ending | undefined): Opened | null {
    if (ending === undefined) return null;
    const path = this.#path(base, ending);
    try {
      return { fd: this.#os.files.open(path, "r"), path };
    } catch (thrown) {
      if (thrownError(thrown)._tag === "Missing") return null;
      throw thrown;
    }
  }

  #readOpened(mail: MaildirMail, { fd, path }: Opened): Mail {
    const { files } = this.#os;
    let streams = false;
    try {
      const info = files.fstat(fd);
      if (info.kind !== "file") refuse("Damaged", path, "it is no file");
      const start = this.#room.take(Math.min(info.size, SMALL_MAIL));
      this.#readExactly(fd, start, 0, path);
      streams = info.size > start.length;
      const body = streams ? this.#stream(fd, path, start, info.size) : [start];
      return compressionOf(start) === null
        ? mailOf(mail, info, info.size, body)
        : this.#compressed(mail, info, { start, body }, path);
    } finally {
      if (streams) this.#streaming.add(fd);
      else files.close(fd);
    }
  }

  #compressed(
    mail: MaildirMail,
    info: FileInfo,
    { start, body }: Pick<Stored, "start" | "body">,
    path: string,
  ): Mail {
    const plainSize = nameSize(mail.entry.name, "S");
    if (plainSize === null) {
      return refuse("Unsupported", path, "a compressed mail whose name does not say its size (S=)");
    }
    const stored = { start, size: info.size, body, plainSize };
    const plain = plainBody(this.#os.decompress, stored, { path });
    return mailOf(mail, info, plainSize, plain);
  }

  #readExactly(fd: Fd, into: Uint8Array, at: number, path: string): void {
    if (this.#os.files.read(fd, into, at) !== into.length) {
      refuse("Changed", path, "the file became shorter while it was read");
    }
  }

  async *#stream(
    fd: Fd,
    path: string,
    start: Uint8Array,
    size: number,
  ): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(start);
    for (let at = start.length; at < size;) {
      const piece = new Uint8Array(Math.min(PIECE, size - at));
      this.#readExactly(fd, piece, at, path);
      at += piece.length;
      yield piece;
    }
  }
}

/**
 * Reads the mails that are asked for, in that order. Chunks end when they hold some MiB, so that memory does not grow
 * with the mailbox. Where they come from a disk, those of the next chunk are on their way while this one is used.
 */
export const fetchMails = async function* (
  reader: MailReader,
  mailOf: (uid: Uid) => MaildirMail | undefined,
  wanted: Chunks<Uid, SyncError>,
): AsyncGenerator<readonly Fetched[]> {
  try {
    for await (const uids of wanted) {
      let ahead = reader.readAhead(uids, 0, mailOf);
      for (let at = 0; at < uids.length;) {
        const { chunk, next } = await reader.readChunk(uids, at, mailOf, ahead);
        at = next;
        ahead = reader.readAhead(uids, at, mailOf);
        yield chunk;
        reader.release();
      }
    }
  } finally {
    reader.release();
  }
};
