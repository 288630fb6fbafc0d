import assert from "node:assert/strict";
import { rejectionOf, summary } from "./_failure.ts";
import { lockElsewhere, withDirectory } from "./_other_process.ts";
import { makeOs } from "./os.ts";

const { files, disk, locks } = makeOs();

/** A file, and two descriptors of it. */
const withFile = (use: (path: string, a: number, b: number) => Promise<void>): Promise<void> =>
  withDirectory(async (home) => {
    const path = `${home}/dovecot.index.log`;
    disk.create(path, [new Uint8Array(10)]);
    const [a, b] = [files.open(path, "r+"), files.open(path, "a")];
    await use(path, a, b);
    files.close(a);
    files.close(b);
  });

Deno.test("record: a descriptor that cannot be locked fails at once", () =>
  withFile(async (path) => {
    const reader = files.open(path, "r");
    const denied = await rejectionOf(() => locks.record(reader, path, 60_000));
    assert.deepEqual(summary(denied), ["Io", path, "EBADF"]);
    files.close(reader);
  }));

Deno.test("record: a second descriptor of the same process waits, and gives up in time", () =>
  withFile(async (path, a, b) => {
    const held = await locks.record(a, path);
    const busy = await rejectionOf(() => locks.record(b, path, 50));
    assert.deepEqual([busy._tag, busy.where.path], ["Busy", path]);
    const next = locks.record(b, path, 60_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    held.release();
    held.release();
    (await next).release();
  }));

Deno.test("record: closing another descriptor of the file does not drop the lock", () =>
  withFile(async (path, a) => {
    const held = await locks.record(a, path);
    files.close(files.open(path, "r+"));
    files.readFile(path);
    const other = await lockElsewhere("fcntl", path);
    assert.equal(other.held, false);
    await other.end();
    held.touch();
    held.release();
  }));

Deno.test("record: waits for the fcntl lock of another process, and goes on when that ends", () =>
  withFile(async (path, a) => {
    const other = await lockElsewhere("fcntl", path);
    assert.equal(other.held, true);
    assert.equal((await rejectionOf(() => locks.record(a, path, 0)))._tag, "Busy");
    const next = locks.record(a, path, 60_000);
    await other.end();
    (await next).release();
  }));

Deno.test("record: covers the file to its end, however it grows, and lets go on release", () =>
  withFile(async (path, a, b) => {
    const held = await locks.record(a, path);
    disk.write(b, new Uint8Array(100_000), null);
    const refused = await lockElsewhere("fcntl", path);
    assert.equal(refused.held, false);
    await refused.end();
    held.release();
    const granted = await lockElsewhere("fcntl", path);
    assert.equal(granted.held, true);
    await granted.end();
  }));

Deno.test("tryFlock: null while another process has it, and no word with record locks", () =>
  withFile(async (path, a, b) => {
    const other = await lockElsewhere("flock", path);
    assert.equal(other.held, true);
    assert.equal(locks.tryFlock(a, path), null);
    (await locks.record(a, path, 0)).release();
    await other.end();
    const held = locks.tryFlock(a, path);
    assert.notEqual(held, null);
    assert.equal(locks.tryFlock(b, path), null);
    held?.release();
    const next = locks.tryFlock(b, path);
    assert.notEqual(next, null);
    held?.release();
    assert.equal(locks.tryFlock(a, path), null);
    next?.release();
  }));
