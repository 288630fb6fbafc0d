/**
 * dovecot.mailbox.log on disk, shared by all formats: written without a lock, one whole record at a time.
 *
 * @module
 */
import {
  decodeMailboxLog,
  encodeMailboxLogRecord,
  MAILBOX_LOG_ROTATE_SIZE,
  type WritableLogRecord,
} from "../../codec/mailbox_log.ts";
import type { MailboxLogRecord } from "../../model/mailbox.ts";
import type { Os } from "../../port/os.ts";
import { modesOf } from "./modes.ts";

const FILE = "dovecot.mailbox.log";
const OLD_FILE = "dovecot.mailbox.log.2";
/** Dovecot keeps each file at 4 KiB; more than this is no log of names. */
const MAX_BYTES = 16 << 20;

/** All records of the account whose index directory is `root`, oldest first. Throws `StreamFailure`. */
export const readMailboxLog = (os: Os, root: string): readonly MailboxLogRecord[] =>
  [OLD_FILE, FILE].flatMap((file) => {
    const bytes = os.files.readFile(`${root}/${file}`, MAX_BYTES);
    return bytes === null ? [] : decodeMailboxLog(bytes);
  });

/** Appends records; a file that has reached 4096 bytes becomes ".2". Throws `StreamFailure`. */
export const appendMailboxLog = (
  os: Os,
  root: string,
  records: readonly WritableLogRecord[],
): void => {
  const path = `${root}/${FILE}`;
  const { directory, file } = modesOf(os, root);
  os.disk.mkdir(root, directory);
  for (const record of records) {
    // Made through openNew and opened again, so that every write appends.
    if (os.files.stat(path) === null) os.files.close(os.disk.openNew(path, file));
    const fd = os.files.open(path, "a");
    try {
      os.disk.write(fd, encodeMailboxLogRecord(record), null);
      os.disk.sync(fd);
      if (os.files.fstat(fd).size >= MAILBOX_LOG_ROTATE_SIZE) {
        os.disk.rename(path, `${root}/${OLD_FILE}`);
      }
    } finally {
      os.files.close(fd);
    }
  }
};
