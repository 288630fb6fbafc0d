/**
 * Makes a storage look as if it had been in use for long: Dovecot rotates a log only when it is older than five minutes,
 * and no test lasts so long.
 *
 * @module
 */
import { join } from "node:path";

/** Where the header of a log has the second it was made at (mail-transaction-log.h, create_stamp). */
const CREATE_STAMP_AT = 20;
const HOUR = 3600;

/** The log of the map of an mdbox in `~/mdbox` was made an hour ago; no log, no change. For sessions opened later. */
export const ageMapLog = (home: string): void => {
  const path = join(home, "mdbox", "storage", "dovecot.map.index.log");
  let log: Deno.FsFile;
  try {
    log = Deno.openSync(path, { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  const stamp = new DataView(new ArrayBuffer(4));
  stamp.setUint32(0, Date.now() / 1000 - HOUR, true);
  log.seekSync(CREATE_STAMP_AT, Deno.SeekMode.Start);
  log.writeSync(new Uint8Array(stamp.buffer));
  log.close();
};
