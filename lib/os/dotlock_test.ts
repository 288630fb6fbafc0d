import assert from "node:assert/strict";
import { rejectionOf, summary } from "./_failure.ts";
import { deadPid, withDirectory } from "./_other_process.ts";
import type { FileInfo } from "../port/os.ts";
import { isLeftBehind, type Owner } from "./dotlock.ts";
import { makeOs } from "./os.ts";

const os = makeOs();
const { files, disk, locks } = os;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const readText = (path: string): string => new TextDecoder().decode(files.readFile(path)!);

/** A process that lives as long as the test: the one that started it. */
const LIVING = Deno.ppid;

Deno.test("dotlock: a directory that is not there is Missing", () =>
  withDirectory(async (home) => {
    const error = await rejectionOf(() => locks.dotlock(`${home}/none/dovecot-uidlist`));
    assert.deepEqual(summary(error), ["Missing", `${home}/none/dovecot-uidlist.lock`, "ENOENT"]);
  }));

Deno.test("dotlock: names its owner, keeps others of the process out, goes away on release", () =>
  withDirectory(async (home) => {
    const path = `${home}/dovecot-uidlist`;
    const held = await locks.dotlock(path);
    assert.equal(readText(`${path}.lock`), `${os.pid}:${os.hostname}`);
    const other = makeOs().locks;
    disk.setMtime(`${path}.lock`, 1);
    Deno.symlinkSync(home, `${home}/again`);
    const spelled = await rejectionOf(() => other.dotlock(`${home}/again/dovecot-uidlist`, 30));
    assert.equal(spelled._tag, "Busy");
    held.touch();
    assert.ok(os.now() / 1000 - files.stat(`${path}.lock`)!.mtime < 60);
    const next = other.dotlock(path, 60_000);
    held.release();
    held.release();
    (await next).release();
    assert.equal(files.stat(`${path}.lock`), null);
  }));

Deno.test("isLeftBehind: a dead owner, or nobody to ask and 120 s without a change", () => {
  const file = (changed: number, mtime = changed): FileInfo => ({
    ...{
      kind: "file",
      size: 0,
      mtimeNs: 0,
      ctimeNs: 0,
      links: 1,
      dev: 1,
      ino: "1",
      mode: 0o600,
      uid: 0,
      gid: 0,
    },
    ...{ mtime, ctime: changed },
  });
  const now = 1_000_000;
  const [fresh, old] = [file(now - 120), file(now - 121)];
  const rows: readonly (readonly [string, FileInfo, Owner, FileInfo | null, boolean])[] = [
    ["alive, whatever its age", old, "alive", old, false],
    ["alive, with a time in the future", file(now - 500, now + 10), "alive", null, false],
    ["dead, 2 s old", file(now - 2), "dead", old, false],
    ["dead, 3 s old", file(now - 3), "dead", fresh, true],
    ["dead, with a time in the future", file(now - 10, now + 10), "dead", null, false],
    ["unknown, changed 120 s ago", fresh, "unknown", null, false],
    ["unknown, changed 121 s ago", old, "unknown", null, true],
    ["unknown, and the guarded file changed since", old, "unknown", fresh, false],
    ["unknown, both old", old, "unknown", old, true],
    ["unknown, old by mtime but touched", file(now - 5, now - 500), "unknown", null, false],
    ["unknown, a mark in the future, old", file(now - 500, now + 500), "unknown", null, true],
  ];
  for (const [name, lock, owner, guarded, expected] of rows) {
    assert.equal(isLeftBehind(lock, owner, guarded, now), expected, name);
  }
});

Deno.test("dotlock: which locks are left behind", async () => {
  const dead = await deadPid();
  const now = Math.floor(os.now() / 1000);
  const rows: readonly (readonly [string, string, number, boolean])[] = [
    ["young lock of a dead process", `${dead}:${os.hostname}`, now, false],
    ["lock of a dead process", `${dead}:${os.hostname}`, now - 10, true],
    ["lock of a dead process, with a line end", `${dead}:${os.hostname}\n`, now - 10, true],
    ["lock of a living process", `${LIVING}:${os.hostname}`, now - 10, false],
    ["lock of a living process, old", `${LIVING}:${os.hostname}`, now - 10_000, false],
    ["lock of this process's number that is not ours", `${os.pid}:${os.hostname}`, now - 10, true],
    ["lock of another host", `${dead}:elsewhere.example`, now - 10, false],
    ["empty lock", "", now - 10, false],
    ["lock of no number", `x:${os.hostname}`, now - 10, false],
    ["lock of a number that no process has", `0:${os.hostname}`, now - 10, false],
    ["lock of a number out of range", `9999999999:${os.hostname}`, now - 10, false],
  ];
  await withDirectory(async (home) => {
    for (const [name, owner, mtime, stale] of rows) {
      const path = `${home}/${name}`;
      disk.create(`${path}.lock`, [text(owner)], { mtime });
      if (stale) {
        (await locks.dotlock(path, 5_000)).release();
        assert.equal(files.stat(`${path}.lock`), null, name);
      } else {
        assert.equal((await rejectionOf(() => locks.dotlock(path, 0)))._tag, "Busy", name);
        assert.equal(readText(`${path}.lock`), owner, name);
      }
    }
  });
});
