/**
 * Locks that somebody holds, or that somebody has left.
 *
 * @module
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { type Complaint, type Patient, run } from "./complaint.ts";
import { below, type Entry, infoOf, smallText } from "./files.ts";

/** The lock file of a run of dsync. */
const RUN_LOCK = "dsync.lock";
/** A dotlock whose owner cannot be asked counts as left behind after so long, seconds; as Dovecot has it. */
const STALE_S = 120;

const isAlive = (pid: number): boolean => infoOf(`/proc/${pid}`) !== null;

/** The processes that hold a lock on a file, by the kernel's list. */
const holdersOf = ({ ino }: Deno.FileInfo): readonly number[] => {
  let text = "";
  try {
    text = Deno.readTextFileSync("/proc/locks");
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  }
  return text.split("\n").flatMap((line) => {
    const [, , , , pid, file] = line.trim().split(/\s+/);
    return file?.split(":").at(-1) === String(ino) ? Number(pid) : [];
  });
};

const held = (where: string, pid: number): Complaint => ({
  where,
  what: `the process ${pid} holds this lock: wait until it is done, and end it only if it hangs`,
  mend: run("kill", String(pid)),
});

const dotlock = ({ path, info }: Entry, now: number): readonly Complaint[] => {
  const [, pid, host] = /^([0-9]+):([^\n]*)/.exec(smallText(path)) ?? [];
  const age = Math.round((now - (info.mtime?.getTime() ?? now)) / 1000);
  const isHere = pid !== undefined && host === (Deno.env.get("DOVECOT_HOSTNAME") ?? hostname());
  if (isHere && isAlive(Number(pid))) return [held(path, Number(pid))];
  if (!isHere && age < STALE_S) return [];
  const what = isHere
    ? `a lock of the process ${pid}, which is dead`
    : `a lock that nobody has touched for ${age} seconds`;
  return [{ where: path, what, mend: run("rm", path) }];
};

const GUARDED =
  /^(dovecot-uidlist|dovecot-keywords|subscriptions|dovecot-uidvalidity|dovecot\.index\.log|dovecot\.list\.index\.log|dovecot\.mailbox\.log|dovecot\.map\.index\.log)\.lock$/;

/** The locks of one side. `now`: milliseconds since 1970. */
export const examineLocks = (
  { location: { root } }: Patient,
  now: number,
): readonly Complaint[] => {
  const complaints: Complaint[] = [];
  const ofRun = join(root, RUN_LOCK);
  const info = infoOf(ofRun);
  // One that nobody holds is what a killed run has left: the next one puts things in order.
  for (const pid of info === null ? [] : holdersOf(info)) complaints.push(held(ofRun, pid));
  for (const entry of below(root)) {
    if (entry.info.isFile && GUARDED.test(entry.name)) complaints.push(...dotlock(entry, now));
  }
  return complaints;
};
