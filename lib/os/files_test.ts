import assert from "node:assert/strict";
import { failureOf, summary } from "./_failure.ts";
import { withDirectory } from "./_other_process.ts";
import { dryOs } from "./dry_os.ts";
import { makeOs } from "./os.ts";

const { files, disk } = makeOs();
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

Deno.test("files: what is not there is null, or Missing where a descriptor was wanted", () =>
  withDirectory((home) => {
    const file = `${home}/file`;
    disk.create(file, []);
    for (const path of [`${home}/none`, `${file}/under`]) {
      assert.equal(files.stat(path), null);
      assert.equal(files.list(path), null);
      assert.equal(files.readFile(path), null);
    }
    const missing = failureOf(() => files.open(`${home}/none`, "r"));
    assert.deepEqual(summary(missing), ["Missing", `${home}/none`, "ENOENT"]);
    const under = failureOf(() => files.open(`${file}/under`, "r+"));
    assert.deepEqual(summary(under), ["Missing", `${file}/under`, "ENOTDIR"]);
  }));

Deno.test("files: what is of the wrong kind is Io with its errno", () =>
  withDirectory((home) => {
    const file = `${home}/file`;
    disk.create(file, []);
    const rows: readonly (readonly [() => unknown, string, string])[] = [
      [() => files.readFile(home), home, "EISDIR"],
      [() => files.open(home, "a"), home, "EISDIR"],
      [() => files.close(-1), "descriptor -1", "EBADF"],
      [() => files.fstat(-1), "descriptor -1", "EBADF"],
      [() => files.read(-1, new Uint8Array(1), 0), "descriptor -1", "EBADF"],
      [
        () => files.stat(`${home}/${"n".repeat(256)}`),
        `${home}/${"n".repeat(256)}`,
        "ENAMETOOLONG",
      ],
    ];
    for (const [call, path, code] of rows) {
      assert.deepEqual(summary(failureOf(call)), ["Io", path, code]);
    }
    // Not a directory, so it is not there as one.
    assert.equal(failureOf(() => files.list(file))._tag, "Missing");
  }));

Deno.test("list: a symlink that leads to nothing is no directory that is not there", () =>
  withDirectory((home) => {
    for (const os of [makeOs(), dryOs(makeOs())]) {
      const link = `${home}/link`;
      if (files.lstat(link) === null) Deno.symlinkSync("nowhere", link);
      assert.equal(os.files.stat(link), null);
      assert.equal(os.files.lstat(link)?.kind, "symlink");
      for (const call of [() => os.files.list(link), () => os.files.visit(link, () => {})]) {
        assert.deepEqual(summary(failureOf(call)), ["Damaged", link, null]);
      }
      assert.equal(os.files.list(`${link}/under`), null);
    }
  }));

Deno.test("readFile: a file above the limit is refused before it is read", () =>
  withDirectory((home) => {
    const path = `${home}/big`;
    disk.create(path, [text("12345")]);
    assert.deepEqual(files.readFile(path, 5), text("12345"));
    const error = failureOf(() => files.readFile(path, 4));
    assert.equal(error._tag, "Unsupported");
    assert.equal(error.where.path, path);
    const fd = files.open(path, "r+");
    disk.truncate(fd, 2 ** 40);
    files.close(fd);
    assert.equal(failureOf(() => files.readFile(path))._tag, "Unsupported");
  }));

Deno.test("open: a FIFO does not wait for its writer", () =>
  withDirectory(async (home) => {
    const path = `${home}/fifo`;
    await new Deno.Command("mkfifo", { args: [path] }).output();
    assert.equal(files.stat(path)?.kind, "other");
    assert.deepEqual(files.readFile(path), new Uint8Array());
  }));

Deno.test("read: fills the buffer, less only at the end of the file", () =>
  withDirectory((home) => {
    const path = `${home}/file`;
    disk.create(path, [text("0123456789")]);
    const fd = files.open(path, "r");
    const into = new Uint8Array(4);
    assert.equal(files.read(fd, into, 3), 4);
    assert.deepEqual(into, text("3456"));
    assert.equal(files.read(fd, into, 8), 2);
    assert.equal(files.read(fd, into, 10), 0);
    assert.equal(files.read(fd, into, 2 ** 33), 0);
    files.close(fd);
  }));

Deno.test("stat: times have their nanoseconds, links are counted, symlinks followed", () =>
  withDirectory(async (home) => {
    const path = `${home}/file`;
    disk.create(path, [text("abc")], { mode: 0o640 });
    disk.link(path, `${home}/link`);
    Deno.symlinkSync(path, `${home}/symlink`);
    await new Deno.Command("touch", { args: ["-d", "@1234567890.123456789", path] }).output();
    const info = files.stat(`${home}/symlink`)!;
    assert.deepEqual(
      [info.kind, info.size, info.mtime, info.mtimeNs, info.links, info.mode],
      ["file", 3, 1_234_567_890, 123_456_789, 2, 0o640],
    );
    const fd = files.open(path, "r");
    assert.deepEqual(files.fstat(fd), info);
    files.close(fd);
    const other = files.stat(home)!;
    assert.equal(other.kind, "directory");
    assert.equal(other.dev, info.dev);
    assert.notEqual(other.ino, info.ino);
    assert.ok(info.ctime >= 1_234_567_890);
    disk.setMtime(path, -5);
    assert.equal(files.stat(path)?.mtime, -5);
  }));

Deno.test("list: kinds, names with any byte, and more entries than one read gives", () =>
  withDirectory(async (home) => {
    const names = ["a", "ü", "-", " x ", "line\nend", "caf\udce9", ...Array(3000).keys()].map(
      String,
    );
    for (const name of names) disk.create(`${home}/${name}`, [text(name)], { sync: false });
    disk.mkdir(`${home}/directory`);
    Deno.symlinkSync("nowhere", `${home}/symlink`);
    await new Deno.Command("mkfifo", { args: [`${home}/fifo`] }).output();
    const found = new Map(files.list(home)!.map(({ name, kind }) => [name, kind]));
    assert.equal(found.size, names.length + 3);
    for (const name of names) assert.equal(found.get(name), "file", name);
    assert.deepEqual(
      ["directory", "symlink", "fifo"].map((name) => found.get(name)),
      ["directory", "symlink", "other"],
    );
    assert.equal(files.readFile(`${home}/caf\udce9`)?.length, text("caf\udce9").length);
    disk.removeTree(home);
    assert.equal(files.list(home), null);
    disk.mkdir(home);
  }));

Deno.test("files: readAhead changes nothing, whatever is at the paths", () =>
  withDirectory(async (home) => {
    const file = `${home}/file`;
    disk.create(file, [text("x")]);
    await files.readAhead!([file, home, `${home}/none`, "", "a\0b", file]);
    assert.deepEqual(files.readFile(file), text("x"));
    assert.deepEqual(files.list(home)?.map(({ name }) => name), ["file"]);
  }));
