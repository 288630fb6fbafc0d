/**
 * Mails on their way into a Maildir: written to tmp/ first, where no client looks.
 *
 * @module
 */
import { formatBaseName, isBaseName, nameSize } from "../../codec/maildir_name.ts";
import { isUidlistValue } from "../../codec/maildir_uidlist.ts";
import { countBareLf } from "../../codec/virtual_size.ts";
import { type SyncError, syncError, withPlace } from "../../model/error.ts";
import type { Guid } from "../../model/ids.ts";
import type { Mail } from "../../model/mail.ts";
import type { Os } from "../../port/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { thrownError } from "../account/or_fail.ts";

/** A mail that lies in tmp/, complete; durable when {@linkcode syncIncoming} was called. */
export interface Incoming {
  /** Its path there. */
  readonly path: string;
  /** Stored bytes. */
  readonly size: number;
  /** Bytes with every line end as CR LF. */
  readonly virtualSize: number;
}

/** The last moment that a name was made of, in microseconds: names of one process must differ, whoever asks. */
let lastMoment = 0;

/** Seconds and microseconds that no name of this process has had yet. */
const nextMoment = (os: Os): { readonly seconds: number; readonly microseconds: number } => {
  lastMoment = Math.max(Math.floor(os.now() * 1000), lastMoment + 1);
  return { seconds: Math.floor(lastMoment / 1e6), microseconds: lastMoment % 1e6 };
};

/** What the name of each file of ours in tmp/ begins with: there only a dead run leaves it. */
export const INCOMING_PREFIX = "dsync.";

const newBaseName = (os: Os, size: number, virtualSize: number): string =>
  formatBaseName({ ...nextMoment(os), pid: os.pid, host: os.hostname, size, virtualSize });

/** Counts what a virtual size adds to a size: line ends that are a bare LF. */
class LineEnds {
  bytes = 0;
  bare = 0;
  #previous = 0;

  take(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.bare += countBareLf(piece, this.#previous);
    this.bytes += piece.length;
    this.#previous = piece[piece.length - 1]!;
  }
}

const isInMemory = (body: Mail["body"]): body is readonly Uint8Array[] => Array.isArray(body);

const wrongSize = (path: string, mail: Mail, bytes: number): SyncError =>
  syncError(
    "Changed",
    "message",
    { path, uid: mail.uid },
    `the mail has ${bytes} bytes, not the ${mail.size} that were announced`,
  );

const writeStream = async (os: Os, path: string, mail: Mail, mode: number): Promise<LineEnds> => {
  const ends = new LineEnds();
  const fd = os.disk.openNew(path, mode);
  try {
    for await (const piece of mail.body) {
      ends.take(piece);
      if (ends.bytes > mail.size) break;
      os.disk.write(fd, piece, null);
    }
    os.disk.setMtime(path, mail.receivedAt);
  } finally {
    os.files.close(fd);
  }
  return ends;
};

/**
 * Writes a mail to tmp/, with its received date, and counts it. Throws `StreamFailure`, with nothing left behind: scope
 * message where the body is not what was announced.
 */
export const receiveMail = async (
  os: Os,
  mailDirectory: string,
  mail: Mail,
  mode: number,
): Promise<Incoming> => {
  const path = `${mailDirectory}/tmp/${INCOMING_PREFIX}${newBaseName(os, mail.size, mail.size)}`;
  let ends = new LineEnds();
  if (isInMemory(mail.body)) {
    for (const piece of mail.body) ends.take(piece);
    if (ends.bytes !== mail.size) throw new StreamFailure(wrongSize(path, mail, ends.bytes));
    os.disk.create(path, mail.body, { mode, mtime: mail.receivedAt, sync: false });
  } else {
    let complete = false;
    try {
      ends = await writeStream(os, path, mail, mode);
      complete = ends.bytes === mail.size;
    } finally {
      if (!complete) os.disk.unlink(path);
    }
    if (!complete) throw new StreamFailure(wrongSize(path, mail, ends.bytes));
  }
  return { path, size: ends.bytes, virtualSize: ends.bytes + ends.bare };
};

/**
 * Makes mails in tmp/ durable, their received dates too: those of a batch together, as a disk would make us wait for each.
 */
export const syncIncoming = (os: Os, mails: readonly Incoming[]): Promise<void> =>
  os.disk.syncFiles(mails.map(({ path }) => path));

const incomingFiles = (os: Os, mailDirectory: string): readonly string[] =>
  (os.files.list(`${mailDirectory}/tmp`) ?? [])
    .filter(({ name, kind }) => kind === "file" && name.startsWith(INCOMING_PREFIX))
    .map(({ name }) => `${mailDirectory}/tmp/${name}`);

/** Whether there is a file of ours in tmp/. */
export const hasIncoming = (os: Os, mailDirectory: string): boolean =>
  incomingFiles(os, mailDirectory).length > 0;

/** Removes our files from tmp/. Only for who has the lock that lets one run at a time save mails here. */
export const removeIncoming = (os: Os, mailDirectory: string): void => {
  for (const path of incomingFiles(os, mailDirectory)) os.disk.unlink(path);
};

/** An error of one mail, where the error is not one of the whole store. */
export const messageError = (thrown: unknown, uid: number): SyncError => {
  const error = thrownError(thrown);
  if (error.scope !== "message") throw thrown;
  return withPlace(error, { uid });
};

/** How a mail is named: its base name, and the G of its line when the base name is not the GUID. */
export interface Naming {
  /** The base name. */
  readonly base: string;
  /** "G..." or "". */
  readonly guidKey: string;
}

/**
 * A name for a mail, or null where a Maildir cannot keep its GUID. The GUID itself is the base name when it says the
 * right sizes and is free, as Dovecot does it (maildir_save_finish_real); else a line key holds it, which has no
 * quoting, so a GUID with a space must be a base name, even one without sizes.
 */
export const nameMail = (
  os: Os,
  guid: Guid,
  mail: Incoming,
  isTaken: (base: string) => boolean,
): Naming | null => {
  const { size, virtualSize } = mail;
  const fits = isBaseName(guid) && !isTaken(guid);
  if (fits && nameSize(guid, "S") === size && nameSize(guid, "W") === virtualSize) {
    return { base: guid, guidKey: "" };
  }
  if (isUidlistValue(guid)) {
    return { base: newBaseName(os, size, virtualSize), guidKey: `G${guid}` };
  }
  const saysNothing = !guid.includes(",S=") && !guid.includes(",W=");
  return fits && saysNothing ? { base: guid, guidKey: "" } : null;
};
