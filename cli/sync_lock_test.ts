import assert from "node:assert/strict";
import { join } from "node:path";
import type { SyncError } from "../lib/model/error.ts";
import { makeOs } from "../lib/os/os.ts";
import { StreamFailure } from "../lib/stream/chunks.ts";
import { lockFile } from "./sync_lock.ts";

/** Takes the lock, waiting for so many seconds. */
type Take = (seconds: number) => Promise<() => void>;

const withLock = async (use: (take: Take, path: string) => Promise<void>): Promise<void> => {
  const folder = await Deno.makeTempDir({ prefix: "dsync-lock-" });
  const path = join(folder, "lock");
  try {
    await use((seconds) => lockFile(makeOs(), path, Date.now() + 1000 * seconds), path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
};

const isRefused = async (take: Take): Promise<boolean> => {
  try {
    (await take(0))();
    return false;
  } catch (thrown) {
    return thrown instanceof StreamFailure && (thrown.error as SyncError)._tag === "Busy";
  }
};

Deno.test("lockFile: whoever has waited for it has it alone", () =>
  withLock(async (take, path) => {
    const first = await take(0);
    const waiting = take(30);
    assert.ok(await isRefused(take));
    first();
    const second = await waiting;
    assert.ok(await isRefused(take));
    second();
    (await take(0))();
    await assert.rejects(Deno.stat(path));
  }));

Deno.test("lockFile: of many that come and go one has it at a time", () =>
  withLock(async (take) => {
    let [holders, most] = [0, 0];
    await Promise.all(Array.from({ length: 12 }, async () => {
      for (let n = 0; n < 5; n++) {
        const release = await take(60);
        most = Math.max(most, ++holders);
        await new Promise((go) => setTimeout(go, 1));
        holders--;
        release();
      }
    }));
    assert.equal(most, 1);
  }));
