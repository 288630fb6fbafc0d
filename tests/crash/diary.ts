/**
 * A scenario that is easily judged: a diary with a log that is appended to under its lock and a summary that is
 * replaced as a whole.
 *
 * @module
 */
import type { Scenario } from "./scenario.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | null): string => new TextDecoder().decode(bytes ?? undefined);

/** Lines of the diary. */
export const ENTRIES: readonly string[] = ["got up", "had breakfast", "wrote a letter"];

/** Writes the entries that are missing, then the summary. */
export const scenario: Scenario = {
  prepare: ({ disk }, home) => {
    disk.create(`${home}/log`, [encode("a diary\n")]);
    disk.create(`${home}/summary`, [encode("nothing yet")]);
  },
  run: async ({ files, disk, locks }, home) => {
    const dotlock = await locks.dotlock(`${home}/summary`, 20_000);
    const log = files.open(`${home}/log`, "a");
    const lock = await locks.record(log, `${home}/log`, 20_000);
    // A line that was torn by a crash goes away first.
    const before = decode(files.readFile(`${home}/log`));
    const good = before.slice(0, before.lastIndexOf("\n") + 1);
    if (good !== before) disk.truncate(log, good.length);
    for (const entry of ENTRIES) {
      if (!good.includes(`\n${entry}\n`)) disk.write(log, encode(`${entry}\n`), null);
    }
    disk.sync(log);
    lock.release();
    files.close(log);
    disk.unlink(`${home}/summary.new`);
    disk.create(`${home}/summary.new`, [encode(`${ENTRIES.length} `), encode("entries")]);
    disk.rename(`${home}/summary.new`, `${home}/summary`);
    disk.syncDir(home);
    dotlock.release();
  },
};
