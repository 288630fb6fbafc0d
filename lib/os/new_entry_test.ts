import assert from "node:assert/strict";
import { failureOf, summary } from "./_failure.ts";
import { withDirectory } from "./_other_process.ts";
import { changingLibc } from "./libc.ts";
import { makeOs } from "./os.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const [USER, GROUP] = [12_345, 23_456];
const ignore = Deno.uid() !== 0;

/** Whose a file is. */
const ownerOf = (path: string): readonly [number | null, number | null] => {
  const { uid, gid } = Deno.lstatSync(path);
  return [uid, gid];
};

Deno.test({
  name: "root: what is made belongs to the owner of the directory, at every depth",
  ignore,
  fn: () =>
    withDirectory(async (home) => {
      const { disk, files, locks } = makeOs();
      const mail = `${home}/mail`;
      Deno.mkdirSync(mail);
      Deno.chownSync(mail, USER, GROUP);
      disk.create(`${mail}/created`, [text("x")], { mode: 0o640 });
      files.close(disk.openNew(`${mail}/opened`, 0o666));
      disk.mkdir(`${mail}/a/b/`, 0o770);
      disk.create(`${mail}/a/b/deep`, []);
      disk.rename(`${mail}/a/b/deep`, `${mail}/renamed`);
      const lock = await locks.dotlock(`${mail}/list`);
      try {
        for (const name of ["created", "opened", "a", "a/b", "renamed", "list.lock"]) {
          assert.deepEqual(ownerOf(`${mail}/${name}`), [USER, GROUP], name);
        }
      } finally {
        lock.release();
      }
      assert.deepEqual(files.stat(`${mail}/created`)?.mode, 0o640);
      assert.deepEqual(files.stat(`${mail}/a/b`)?.mode, 0o770);
      assert.deepEqual(files.readFile(`${mail}/created`), text("x"));
      assert.deepEqual([...Deno.readDirSync(mail)].map(({ name }) => name).sort(), [
        "a",
        "created",
        "opened",
        "renamed",
      ]);
    }),
});

Deno.test({
  name:
    "root: the directory behind a symlink is whose what is made in it is; a symlink in its place is none",
  ignore,
  fn: () =>
    withDirectory((home) => {
      const { disk } = makeOs();
      Deno.mkdirSync(`${home}/mail`);
      Deno.chownSync(`${home}/mail`, USER, GROUP);
      Deno.symlinkSync(`${home}/mail`, `${home}/way`);
      disk.create(`${home}/way/file`, []);
      assert.deepEqual(ownerOf(`${home}/mail/file`), [USER, GROUP]);
      Deno.mkdirSync(`${home}/roots`);
      Deno.symlinkSync(`${home}/roots/none`, `${home}/mail/link`);
      for (
        const make of [
          () => disk.mkdir(`${home}/mail/link`),
          () => disk.openNew(`${home}/mail/link`),
        ]
      ) {
        assert.deepEqual(summary(failureOf(make)), ["Io", `${home}/mail/link`, "EEXIST"]);
      }
      assert.deepEqual([...Deno.readDirSync(`${home}/roots`)], []);
    }),
});

Deno.test({
  name: "root: what a symlink leads to that takes a new directory's place keeps its mode",
  ignore,
  fn: () =>
    withDirectory((home) => {
      const mail = `${home}/mail`;
      for (const path of [mail, `${home}/roots`]) Deno.mkdirSync(path, { mode: 0o700 });
      Deno.chownSync(mail, USER, GROUP);
      const libc = changingLibc() as { mkdirat: (...given: never[]) => number };
      const { mkdirat } = libc;
      libc.mkdirat = (...given) => {
        const made = mkdirat(...given);
        Deno.renameSync(`${mail}/new`, `${mail}/away`);
        Deno.symlinkSync(`${home}/roots`, `${mail}/new`);
        return made;
      };
      try {
        assert.equal(
          failureOf(() => makeOs().disk.mkdir(`${mail}/new`, 0o777)).where.path,
          `${mail}/new`,
        );
      } finally {
        libc.mkdirat = mkdirat;
      }
      assert.equal(Deno.statSync(`${home}/roots`).mode! & 0o777, 0o700);
    }),
});

Deno.test({
  name: "root: in a directory of its own all is its own, whatever the group",
  ignore,
  fn: () =>
    withDirectory((home) => {
      const { disk } = makeOs();
      Deno.chownSync(home, 0, GROUP);
      disk.create(`${home}/file`, []);
      disk.mkdir(`${home}/directory`);
      assert.deepEqual([ownerOf(`${home}/file`), ownerOf(`${home}/directory`)], [
        [0, Deno.gid()],
        [0, Deno.gid()],
      ]);
      for (const path of ["", `${home}/a\0/b`]) {
        const { _tag, where } = failureOf(() => disk.create(path, []));
        assert.deepEqual([_tag, where.path], ["Unfit", path]);
      }
      assert.deepEqual(summary(failureOf(() => disk.create(`${home}/none/x`, []))), [
        "Missing",
        `${home}/none/x`,
        "ENOENT",
      ]);
    }),
});
