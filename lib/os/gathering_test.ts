import assert from "node:assert/strict";
import type { SyncError } from "../model/error.ts";
import { StreamFailure } from "../stream/chunks.ts";
import { gatherFiles } from "./gathering.ts";
import { makeOs } from "./os.ts";

/** stat(1)'s names of the file systems that are asked to write out all at once. */
const SYNCED_AT_ONCE = ["ext2/ext3", "xfs", "btrfs", "f2fs"];

const isSyncedAtOnce = (directory: string): boolean => {
  const { stdout } = new Deno.Command("stat", { args: ["-f", "-c", "%T", directory] }).outputSync();
  return SYNCED_AT_ONCE.includes(new TextDecoder().decode(stdout).trim());
};

const isMissing = (thrown: unknown): boolean =>
  thrown instanceof StreamFailure && (thrown.error as SyncError)._tag === "Missing";

/** A directory of each of the kinds that this machine has, usually a disk and a tmpfs. */
const places = ["/var/tmp", "/dev/shm"].filter((dir) => {
  try {
    return Deno.statSync(dir).isDirectory;
  } catch {
    return false;
  }
});

for (const dir of places) {
  Deno.test(`gather, in ${dir}: many files are synced at once where the file system can, few and others each`, async () => {
    const root = Deno.makeTempDirSync({ dir });
    try {
      const steps: string[] = [];
      const { disk } = makeOs({ onStep: ({ kind, path }) => void steps.push(`${kind} ${path}`) });
      const gathering = disk.gather(root);
      const paths = Array.from({ length: 100 }, (_, n) => `${root}/${n}`);
      for (const path of paths) disk.create(path, [new Uint8Array(10)], { sync: false });
      const stepsOf = async (some: readonly string[]): Promise<readonly string[]> => {
        steps.length = 0;
        await gathering.sync(some);
        return steps.sort();
      };
      const each = (some: readonly string[]) => some.map((path) => `gather ${path}`).sort();
      assert.deepEqual(
        await stepsOf(paths),
        isSyncedAtOnce(root) ? [`gather ${root}`] : each(paths),
      );
      assert.deepEqual(await stepsOf(paths.slice(0, 5)), each(paths.slice(0, 5)));
      assert.deepEqual(await stepsOf([]), []);
      gathering.close();
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  });

  Deno.test(`gather, in ${dir}: where all at once fails each file is asked; one that is not there fails, and nothing is under way then`, async () => {
    const root = Deno.makeTempDirSync({ dir });
    try {
      const steps: string[] = [];
      const { disk } = makeOs();
      const paths = Array.from({ length: 100 }, (_, n) => `${root}/${n}`);
      for (const path of paths) disk.create(path, [new Uint8Array(10)], { sync: false });
      const fails = () => Promise.resolve(-1);
      const gathering = gatherFiles(root, (path) => void steps.push(path), fails);
      await gathering.sync(paths);
      assert.deepEqual(steps.filter((path) => path !== root).sort(), [...paths].sort());
      disk.unlink(paths[50]!);
      await assert.rejects(() => gathering.sync(paths), isMissing);
      gathering.close();
      assert.throws(() => disk.gather(`${root}/none`), isMissing);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  });
}
