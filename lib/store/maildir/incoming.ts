/**
 * Mails on their way into a Maildir: written to tmp/ first, where no client looks.
 *
 * @module
 */
import { formatBaseName, isBaseName, nameSize } from "../../codec/maildir_name.ts";
import { isUidlistValue } from "../../codec/maildir_uidlist_lines.ts";
import { countBareLf } from "../../codec/virtual_size.ts";
import { type SyncError, syncError, withPlace } from "../../model/error.ts";
import type { Guid } from "../../model/ids.ts";
import { isInMemory, type Mail } from "../../model/mail.ts";
import type { Os } from "../../port/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { errnoOf, thrownError } from "../account/or_fail.ts";

/** A mail that lies in tmp/, complete; durable once its batch was gathered. */
export interface Incoming {
  /** Its path there. */
  readonly path: string;
  /** Stored bytes. */
  readonly size: number;
  /** Bytes with every line end as CR LF. */
  readonly virtualSize: number;
  /** How it will be named, where that was known before it was written. */
  readonly naming?: Naming;
}

/** How a mail is named: its base name, and the G of its line when the base name is not the GUID. */
export interface Naming {
  /** The base name. */
  readonly base: string;
  /** "G..." or "". */
  readonly guidKey: string;
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

/** Where mails are received. */
export interface Receiving {
  /** The directory of the mailbox. */
  readonly mailDirectory: string;
  /** Permission bits of the files. */
  readonly mode: number;
  /** The path in tmp/ of a mail that will have this base name. */
  readonly pathOf: (base: string) => string;
  /** Whether a base name belongs to a file, a line, or a mail that is on its way. */
  readonly isTaken: (base: string) => boolean;
}

/** A path in tmp/ that nothing has had yet, for a mail that has no name yet. */
const nextPath = (os: Os, { mailDirectory }: Receiving, { size }: Mail): string =>
  `${mailDirectory}/tmp/${INCOMING_PREFIX}${newBaseName(os, size, size)}`;

const receiveWhole = (
  os: Os,
  receiving: Receiving,
  mail: Mail,
  body: readonly Uint8Array[],
): Incoming => {
  const ends = new LineEnds();
  for (const piece of body) ends.take(piece);
  if (ends.bytes !== mail.size) {
    throw new StreamFailure(wrongSize(nextPath(os, receiving, mail), mail, ends.bytes));
  }
  const sizes = { size: ends.bytes, virtualSize: ends.bytes + ends.bare };
  const write = (path: string): void =>
    os.disk.create(path, body, { mode: receiving.mode, mtime: mail.receivedAt, sync: false });
  const naming = goodName(os, mail.guid, sizes, receiving.isTaken);
  if (naming !== null) {
    const path = receiving.pathOf(naming.base);
    try {
      write(path);
      return { path, ...sizes, naming };
    } catch (thrown) {
      // A name that is not our own may be that of what somebody has left there.
      if (errnoOf(thrownError(thrown)) !== "EEXIST") throw thrown;
    }
  }
  const path = nextPath(os, receiving, mail);
  write(path);
  return { path, ...sizes };
};

/**
 * Writes a mail to tmp/, with its received date, and counts it. Throws `StreamFailure`, with nothing left behind: scope
 * message where the body is not what was announced.
 */
export const receiveMail = async (os: Os, receiving: Receiving, mail: Mail): Promise<Incoming> => {
  if (isInMemory(mail.body)) return receiveWhole(os, receiving, mail, mail.body);
  const path = nextPath(os, receiving, mail);
  let ends = new LineEnds();
  let complete = false;
  try {
    ends = await writeStream(os, path, mail, receiving.mode);
    complete = ends.bytes === mail.size;
  } finally {
    if (!complete) os.disk.unlink(path);
  }
  if (!complete) throw new StreamFailure(wrongSize(path, mail, ends.bytes));
  return { path, size: ends.bytes, virtualSize: ends.bytes + ends.bare };
};

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

type Sizes = Pick<Incoming, "size" | "virtualSize">;

/** Whether the GUID could be the base name, and says the right sizes. */
const isNameOf = (guid: Guid, { size, virtualSize }: Sizes): boolean =>
  isBaseName(guid) && nameSize(guid, "S") === size && nameSize(guid, "W") === virtualSize;

/** A name that no other mail has or will get, with the GUID in its line; null where a line cannot hold that. */
const ownName = (os: Os, guid: Guid, { size, virtualSize }: Sizes): Naming | null =>
  isUidlistValue(guid) ? { base: newBaseName(os, size, virtualSize), guidKey: `G${guid}` } : null;

/** The GUID as the base name, where it says the right sizes and is free; else a name of our own, or null. */
const goodName = (
  os: Os,
  guid: Guid,
  sizes: Sizes,
  isTaken: (base: string) => boolean,
): Naming | null =>
  isNameOf(guid, sizes) && !isTaken(guid) ? { base: guid, guidKey: "" } : ownName(os, guid, sizes);

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
  const { naming } = mail;
  // A name that is not our own may have been taken since.
  if (naming !== undefined && (naming.guidKey !== "" || !isTaken(naming.base))) return naming;
  const good = goodName(os, guid, mail, isTaken);
  if (good !== null) return good;
  const fits = isBaseName(guid) && !isTaken(guid);
  const saysNothing = !guid.includes(",S=") && !guid.includes(",W=");
  return fits && saysNothing ? { base: guid, guidKey: "" } : null;
};
