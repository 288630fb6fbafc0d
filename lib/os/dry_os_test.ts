import assert from "node:assert/strict";
import fc from "fast-check";
import type { Fd, Os } from "../port/os.ts";
import { StreamFailure } from "../stream/chunks.ts";
import type { SyncError } from "../model/error.ts";
import { failureOf, summary } from "./_failure.ts";
import { withDirectory } from "./_other_process.ts";
import { dryOs } from "./dry_os.ts";
import { makeOs } from "./os.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Everything below a directory: what it is, its content, how many names it has; with times on wish. */
const walk = (os: Os, path: string, withTimes: boolean, at = ""): readonly unknown[] =>
  (os.files.list(path) ?? []).toSorted((a, b) => a.name < b.name ? -1 : 1).flatMap(({ name }) => {
    const whole = `${path}/${name}`;
    const { kind, size, links, mode, mtime, mtimeNs, ctime, ino } = os.files.stat(whole)!;
    const times = withTimes ? [mtime, mtimeNs, ctime, ino] : [];
    if (kind === "directory") {
      return [
        [`${at}/${name}`, kind, mode, ...times],
        ...walk(os, whole, withTimes, `${at}/${name}`),
      ];
    }
    const content = new TextDecoder().decode(os.files.readFile(whole)!);
    return [[`${at}/${name}`, kind, size, links, mode, content, ...times]];
  });

/** A step of the test; descriptors are told by their number in the order of opening. */
type Step = (os: Os, root: string, open: Fd[]) => unknown;

const name = fc.constantFrom("a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "n", "n/a");
const content = fc.string({ minLength: 1, maxLength: 12 }).map(text);
const number = fc.nat(20);

const step: fc.Arbitrary<readonly [string, Step]> = fc.oneof(
  fc.tuple(name, content, fc.constantFrom(0o600, 0o644)).map(([p, bytes, mode]) =>
    [
      `create ${p}`,
      (os: Os, root: string) => os.disk.create(`${root}/${p}`, [bytes], { mode }),
    ] as const
  ),
  fc.tuple(name, fc.constantFrom("r", "r+", "a" as const)).map(([p, mode]) =>
    [`open ${p} ${mode}`, (os: Os, root: string, open: Fd[]) => {
      if (os.files.stat(`${root}/${p}`)?.kind === "directory") return;
      open.push(os.files.open(`${root}/${p}`, mode as "r" | "r+" | "a"));
    }] as const
  ),
  name.map((p) =>
    [`openNew ${p}`, (os: Os, root: string, open: Fd[]) => {
      open.push(os.disk.openNew(`${root}/${p}`));
    }] as const
  ),
  fc.tuple(number, content, fc.option(number)).map(([n, bytes, at]) =>
    [`write ${n} ${at}`, (os: Os, _: string, open: Fd[]) => {
      if (open.length > 0) os.disk.write(open[n % open.length]!, bytes, at);
    }] as const
  ),
  fc.tuple(number, number).map(([n, size]) =>
    [`truncate ${n} ${size}`, (os: Os, _: string, open: Fd[]) => {
      if (open.length > 0) os.disk.truncate(open[n % open.length]!, size);
    }] as const
  ),
  fc.tuple(number, number).map(([n, at]) =>
    [`read ${n} ${at}`, (os: Os, _: string, open: Fd[]) => {
      if (open.length === 0) return null;
      const into = new Uint8Array(8);
      const length = os.files.read(open[n % open.length]!, into, at);
      return [length, into, os.files.fstat(open[n % open.length]!).size];
    }] as const
  ),
  fc.tuple(fc.constantFrom("rename", "renameNew", "exchange", "link" as const), name, name).map((
    [what, p, q],
  ) =>
    [
      `${what} ${p} ${q}`,
      (os: Os, root: string) => os.disk[what as "rename"](`${root}/${p}`, `${root}/${q}`),
    ] as const
  ),
  fc.tuple(fc.constantFrom("unlink", "mkdir", "rmdir", "removeTree" as const), name).map((
    [what, p],
  ) =>
    [`${what} ${p}`, (os: Os, root: string) => os.disk[what as "unlink"](`${root}/${p}`)] as const
  ),
  name.map((p) =>
    [`look ${p}`, (os: Os, root: string) => os.files.stat(`${root}/${p}`)?.kind] as const
  ),
);

/** What a step gives, or how it fails. */
const resultOf = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (thrown) {
    if (thrown instanceof StreamFailure) return (thrown.error as SyncError)._tag;
    return String(thrown).replace(/of .*,/, "");
  }
};

const fill = (os: Os, root: string): void => {
  os.disk.mkdir(`${root}/d/e`, 0o755);
  for (const file of ["a", "b", "d/a", "d/e/a"]) {
    os.disk.create(`${root}/${file}`, [text(`content of ${file}`)]);
  }
};

Deno.test("dryOs: random steps give what they give on the disk, and leave the disk as it is", () =>
  withDirectory((home) => {
    const real = makeOs();
    let n = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const [mine, yours] = [`${home}/real${++n}`, `${home}/dry${n}`];
        fill(real, mine);
        fill(real, yours);
        const before = walk(real, yours, true);
        const dry = dryOs(real);
        const [fds, dryFds]: [Fd[], Fd[]] = [[], []];
        for (const [what, run] of steps) {
          const done = resultOf(() => run(real, mine, fds));
          assert.deepEqual(resultOf(() => run(dry, yours, dryFds)), done, what);
        }
        assert.deepEqual(walk(dry, yours, false), walk(real, mine, false));
        fds.forEach((fd) => real.files.close(fd));
        dryFds.forEach((fd) => dry.files.close(fd));
        assert.deepEqual(walk(real, yours, true), before);
      }),
      { numRuns: 500 },
    );
  }));

Deno.test("dryOs: refusals have their tag, place and errno; nothing is locked", () =>
  withDirectory(async (home) => {
    const { files, disk, locks } = dryOs(makeOs());
    const path = `${home}/file`;
    assert.deepEqual(summary(failureOf(() => files.open(path, "r+"))), ["Missing", path, "ENOENT"]);
    assert.deepEqual(summary(failureOf(() => disk.sync(7))), ["Io", "descriptor 7", "EBADF"]);
    disk.create(path, [text("twelve bytes")]);
    assert.deepEqual(failureOf(() => files.readFile(path, 5))._tag, "Unsupported");
    const held = await locks.dotlock(path);
    assert.deepEqual([...Deno.readDirSync(home)], []);
    held.release();
  }));
