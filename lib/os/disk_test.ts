import assert from "node:assert/strict";
import { failureOf, summary } from "./_failure.ts";
import { withDirectory } from "./_other_process.ts";
import { changingLibc } from "./libc.ts";
import { type DurableStep, makeOs, type StepHook } from "./os.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const { files, disk } = makeOs();

Deno.test("disk: each refusal has its tag, place and errno", () =>
  withDirectory((home) => {
    const [file, none, tree] = [`${home}/file`, `${home}/none`, `${home}/tree`];
    disk.create(file, [text("kept")]);
    disk.mkdir(`${tree}/child`);
    const reader = files.open(file, "r");
    const rows: readonly (readonly [string, () => unknown, string, string, string])[] = [
      ["create over a file", () => disk.create(file, []), "Io", file, "EEXIST"],
      [
        "create without parent",
        () => disk.create(`${none}/x`, []),
        "Missing",
        `${none}/x`,
        "ENOENT",
      ],
      ["openNew over a file", () => disk.openNew(file), "Io", file, "EEXIST"],
      ["write to a reader", () => disk.write(reader, text("x"), 0), "Io", file, "EBADF"],
      ["truncate of a reader", () => disk.truncate(reader, 0), "Io", file, "EINVAL"],
      ["sync of nothing", () => disk.sync(-1), "Io", "descriptor -1", "EBADF"],
      ["syncDir of nothing", () => disk.syncDir(none), "Missing", none, "ENOENT"],
      ["setMtime of nothing", () => disk.setMtime(none, 1), "Missing", none, "ENOENT"],
      ["rename of nothing", () => disk.rename(none, file), "Missing", none, "ENOENT"],
      ["rename of a file over a directory", () => disk.rename(file, tree), "Io", file, "EISDIR"],
      ["exchange with nothing", () => disk.exchange(file, none), "Missing", file, "ENOENT"],
      ["link over a file", () => disk.link(file, file), "Io", file, "EEXIST"],
      ["unlink of a directory", () => disk.unlink(tree), "Io", tree, "EISDIR"],
      ["mkdir over a file", () => disk.mkdir(file), "Io", file, "EEXIST"],
      ["mkdir under a file", () => disk.mkdir(`${file}/x`), "Io", file, "EEXIST"],
      ["rmdir of a file", () => disk.rmdir(file), "Missing", file, "ENOTDIR"],
    ];
    for (const [name, call, tag, path, code] of rows) {
      assert.deepEqual(summary(failureOf(call)), [tag, path, code], name);
    }
    assert.match(failureOf(() => disk.mkdir(`${file}/x`)).what, /what is there is no directory/);
    files.close(reader);
    assert.deepEqual(files.readFile(file), text("kept"));
    assert.deepEqual([disk.unlink(none), disk.rmdir(none), disk.rmdir(tree)], [
      false,
      false,
      false,
    ]);
  }));

Deno.test("disk: what the system forbids even to root is Denied", () => {
  const path = "/proc/self/status";
  const error = failureOf(() => disk.unlink(path));
  assert.deepEqual([error._tag, error.scope, error.where.path], ["Denied", "store", path]);
});

Deno.test("disk: a full device is Io, and create leaves nothing behind", () =>
  withDirectory((home) => {
    const fd = files.open("/dev/full", "r+");
    assert.deepEqual(
      summary(failureOf(() => disk.write(fd, text("x"), null))),
      ["Io", "/dev/full", "ENOSPC"],
    );
    files.close(fd);
    const path = `${home}/file`;
    // No number of seconds: the create stops after its writes.
    assert.throws(() => disk.create(path, [text("x")], { mtime: NaN }), RangeError);
    assert.equal(files.stat(path), null);
  }));

Deno.test("create: pieces in order, mode and mtime as told, whatever the umask", () =>
  withDirectory((home) => {
    const path = `${home}/file`;
    disk.create(path, [text("one,"), text(""), text("two")], { mode: 0o666, mtime: 86_400 });
    assert.deepEqual(files.readFile(path), text("one,two"));
    const info = files.stat(path)!;
    assert.deepEqual([info.mode, info.mtime, info.mtimeNs], [0o666, 86_400, 0]);
    disk.create(`${home}/private`, []);
    assert.equal(files.stat(`${home}/private`)?.mode, 0o600);
    disk.mkdir(`${home}/shared`, 0o2770);
    assert.equal(files.stat(`${home}/shared`)?.mode, 0o2770);
  }));

Deno.test("write: at a position, at the end, and a refusal of a position on a file open to append", () =>
  withDirectory(async (home) => {
    const path = `${home}/file`;
    const fd = disk.openNew(path);
    disk.write(fd, text("0123456789"), null);
    disk.write(fd, text("AB"), 2);
    disk.write(fd, text("xyz"), null);
    disk.sync(fd);
    await disk.syncBeside(fd);
    await assert.rejects(() => disk.syncBeside(-1), (thrown) => {
      assert.match(
        failureOf(() => {
          throw thrown;
        }).what,
        /EBADF/,
      );
      return true;
    });
    disk.truncate(fd, 12);
    files.close(fd);
    const appender = files.open(path, "a");
    disk.write(appender, text("!"), null);
    assert.throws(() => disk.write(appender, text("?"), 0), /open to append/);
    files.close(appender);
    assert.deepEqual(files.readFile(path), text("01AB456789xy!"));
  }));

Deno.test("rename, exchange, link, unlink, rmdir: do it and say so", () =>
  withDirectory((home) => {
    const [a, b, c] = [`${home}/a`, `${home}/b`, `${home}/c`];
    disk.create(a, [text("a")]);
    disk.mkdir(`${b}/inner`);
    disk.exchange(a, b);
    assert.deepEqual([files.stat(a)?.kind, files.stat(b)?.kind], ["directory", "file"]);
    disk.link(b, c);
    disk.rename(c, `${a}/inner/c`);
    disk.syncDir(a);
    assert.deepEqual(files.readFile(`${a}/inner/c`), text("a"));
    assert.equal(disk.unlink(b), true);
    assert.equal(disk.rmdir(a), false);
    assert.equal(disk.unlink(`${a}/inner/c`), true);
    assert.equal(disk.rmdir(`${a}/inner`), true);
    assert.deepEqual(files.list(a), []);
  }));

Deno.test("mkdir: the directory above each one that is made is durable", () =>
  withDirectory((home) => {
    const libc = changingLibc() as { fsync: (fd: number) => number };
    const { fsync } = libc;
    const synced: string[] = [];
    libc.fsync = (fd) => {
      synced.push(Deno.readLinkSync(`/proc/self/fd/${fd}`));
      return fsync(fd);
    };
    try {
      for (const path of ["a/b//c/", "a/b", "a/d"]) disk.mkdir(`${home}/${path}`);
      disk.mkdir(`${home}/a/e/f`, 0o700, false);
    } finally {
      libc.fsync = fsync;
    }
    const root = Deno.realPathSync(home);
    assert.deepEqual(synced, [root, `${root}/a`, `${root}/a/b`, `${root}/a`]);
  }));

Deno.test("renameNew: what is there stays, whatever it is", () =>
  withDirectory((home) => {
    const [a, b, none] = [`${home}/a`, `${home}/b`, `${home}/none`];
    disk.create(a, [text("a")]);
    disk.create(b, [text("b")]);
    disk.mkdir(`${home}/d`);
    Deno.symlinkSync("nowhere", `${home}/link`);
    for (const to of [b, `${home}/d`, `${home}/link`]) {
      assert.deepEqual(summary(failureOf(() => disk.renameNew(a, to))), ["Io", to, "EEXIST"]);
    }
    assert.deepEqual([a, b].map((path) => files.readFile(path)), [text("a"), text("b")]);
    assert.deepEqual(summary(failureOf(() => disk.renameNew(none, `${home}/c`))), [
      "Missing",
      none,
      "ENOENT",
    ]);
    disk.renameNew(a, `${home}/c`);
    assert.deepEqual(files.readFile(`${home}/c`), text("a"));
    assert.equal(files.stat(a), null);
  }));

Deno.test("removeTree: takes links, not what they point to", () =>
  withDirectory((home) => {
    const [kept, tree] = [`${home}/kept`, `${home}/tree`];
    disk.mkdir(kept);
    disk.create(`${kept}/file`, []);
    disk.mkdir(`${tree}/a/b`);
    disk.create(`${tree}/a/b/file`, []);
    Deno.symlinkSync(kept, `${tree}/a/link`);
    Deno.symlinkSync(tree, `${home}/link`);
    disk.removeTree(`${home}/link`);
    assert.notEqual(files.stat(tree), null);
    disk.removeTree(tree);
    disk.removeTree(tree);
    assert.equal(files.stat(tree), null);
    assert.notEqual(files.stat(`${kept}/file`), null);
  }));

/** A disk whose steps are written down. */
const watched = (hook: StepHook = () => {}) => {
  const steps: DurableStep[] = [];
  const os = makeOs({
    onStep: (step) => {
      steps.push(step);
      return hook(step);
    },
  });
  return { ...os, steps };
};

Deno.test("onStep: sees every step, numbered, and nothing for what is only read", () =>
  withDirectory((home) => {
    const os = watched();
    os.disk.mkdir(`${home}/a/b`);
    os.disk.mkdir(`${home}/a/b`);
    os.disk.create(`${home}/a/file`, [text("12"), text("3")]);
    os.files.readFile(`${home}/a/file`);
    const fd = os.disk.openNew(`${home}/a/log`);
    os.disk.write(fd, text("12345"), null);
    os.disk.truncate(fd, 1);
    os.disk.sync(fd);
    os.files.close(fd);
    os.disk.setMtime(`${home}/a/log`, 1);
    os.disk.rename(`${home}/a/log`, `${home}/a/new`);
    os.disk.exchange(`${home}/a/new`, `${home}/a/b`);
    os.disk.link(`${home}/a/file`, `${home}/a/link`);
    os.disk.syncDir(`${home}/a`);
    os.disk.removeTree(`${home}/a`);
    const seen = os.steps.map(({ kind, path, bytes }) =>
      [kind, path.slice(home.length), ...(bytes === undefined ? [] : [bytes])].join(" ")
    );
    assert.deepEqual(seen.slice(0, 12), [
      "mkdir /a",
      "mkdir /a/b",
      "create /a/file 3",
      "openNew /a/log",
      "write /a/log 5",
      "truncate /a/log",
      "sync /a/log",
      "setMtime /a/log",
      "rename /a/new",
      "exchange /a/b",
      "link /a/link",
      "syncDir /a",
    ]);
    assert.deepEqual(seen.slice(12).sort(), [
      "rmdir /a",
      "rmdir /a/new",
      "unlink /a/b",
      "unlink /a/file",
      "unlink /a/link",
    ]);
    assert.deepEqual(os.steps.map(({ n }) => n), os.steps.map((_, i) => i + 1));
  }));

Deno.test("onStep: a hook that throws leaves everything as it was", () =>
  withDirectory((home) => {
    const path = `${home}/file`;
    disk.create(path, [text("old")]);
    const stop = new Error("stop");
    const os = watched(() => {
      throw stop;
    });
    const fd = os.files.open(path, "r+");
    const calls: readonly (() => unknown)[] = [
      () => os.disk.create(`${home}/new`, [text("x")]),
      () => os.disk.openNew(`${home}/new`),
      () => os.disk.write(fd, text("new"), 0),
      () => os.disk.truncate(fd, 0),
      () => os.disk.rename(path, `${home}/new`),
      () => os.disk.link(path, `${home}/new`),
      () => os.disk.unlink(path),
      () => os.disk.mkdir(`${home}/new`),
      () => os.disk.removeTree(home),
    ];
    for (const call of calls) assert.throws(call, stop);
    os.files.close(fd);
    assert.deepEqual(files.list(home)?.map(({ name }) => name), ["file"]);
    assert.deepEqual(files.readFile(path), text("old"));
  }));

Deno.test("onStep: a torn write leaves its first bytes", () =>
  withDirectory((home) => {
    const stop = new Error("stop");
    const torn = (keep: number) =>
      watched((step) =>
        step.bytes === undefined ? undefined : {
          keep,
          then: () => {
            throw stop;
          },
        }
      );
    const created = `${home}/created`;
    assert.throws(() => torn(5).disk.create(created, [text("123"), text("456")]), stop);
    assert.deepEqual(files.readFile(created), text("12345"));

    const os = torn(2);
    const fd = os.files.open(created, "a");
    assert.throws(() => os.disk.write(fd, text("abc"), null), stop);
    os.files.close(fd);
    assert.deepEqual(files.readFile(created), text("12345ab"));

    const quiet = watched(() => ({ keep: 0 }));
    const error = failureOf(() => quiet.disk.create(`${home}/quiet`, [text("123")]));
    assert.deepEqual([error._tag, error.what], ["Io", "write failed: 0 of 3 bytes were written"]);
  }));
