import assert from "node:assert/strict";
import type { SyncError } from "../../model/error.ts";
import { mailboxName } from "../../model/mailbox.ts";
import { type DurableStep, makeOs } from "../../os/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { RUN_LOCK, RunLock } from "./run_lock.ts";

const os = makeOs();

const inDirectory = (claim: string, body: (root: string) => Promise<void>): void =>
  Deno.test(claim, async () => {
    const root = await Deno.makeTempDir({ prefix: "dsync-run-lock-" });
    try {
      await body(root);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });

const nothing = () => Promise.resolve();
const names = (root: string) => [...Deno.readDirSync(root)].map(({ name }) => name);

const failureOf = async (call: Promise<unknown>): Promise<SyncError> => {
  try {
    await call;
  } catch (thrown) {
    if (thrown instanceof StreamFailure) return thrown.error as SyncError;
    throw thrown;
  }
  return assert.fail("it should have failed");
};

inDirectory("claim is refused while another has the lock, and says who", async (root) => {
  const [mine, yours] = [new RunLock(os, root, nothing), new RunLock(os, root, nothing)];
  await mine.claim();
  await mine.claim();
  const error = await failureOf(yours.claim());
  assert.deepEqual(error, {
    _tag: "Busy",
    scope: "store",
    where: { path: `${root}/${RUN_LOCK}` },
    what: `another dsync (process ${Deno.pid}) is at work here`,
  });
  mine.release(true);
  await yours.claim();
  yours.release(true);
  yours.release(true);
  assert.deepEqual(names(root), []);
});

inDirectory(
  "claim writes into nothing that a lock file leads to, and waits for none",
  async (root) => {
    const path = `${root}/${RUN_LOCK}`;
    await Deno.writeTextFile(`${root}/mine`, "mine");
    for (const target of ["nowhere", "mine", "."]) {
      await Deno.symlink(target, path);
      const lock = new RunLock(os, root, nothing);
      await lock.recover();
      const { _tag, where, what } = await failureOf(lock.claim());
      assert.deepEqual([_tag, where.path], ["Unsafe", path]);
      assert.match(what, /is a symlink/);
      await Deno.remove(path);
    }
    assert.deepEqual(names(root), ["mine"]);
    assert.equal(await Deno.readTextFile(`${root}/mine`), "mine");
  },
);

inDirectory("claim gives up where the lock file comes and goes", async (root) => {
  const { files } = os;
  const missing = {
    ...os,
    files: { ...files, lstat: (path: string) => files.lstat(`${path}.other`) },
  };
  await Deno.writeTextFile(`${root}/${RUN_LOCK}`, "");
  assert.equal((await failureOf(new RunLock(missing, root, nothing).claim()))._tag, "Busy");
});

inDirectory("recover is no write, and no claim, while nothing was left", async (root) => {
  const steps: DurableStep[] = [];
  const watched = makeOs({ onStep: (step) => void steps.push(step) });
  const lock = new RunLock(watched, `${root}/not/there`, () => assert.fail("nothing was left"));
  await lock.recover();
  lock.release(true);
  const living = new RunLock(os, root, nothing);
  await living.claim();
  const reader = new RunLock(watched, root, () => assert.fail("its owner lives"));
  await reader.recover();
  reader.release(true);
  assert.deepEqual(steps, []);
  living.release(true);
});

inDirectory("what was left is recovered once, by whoever reads or writes first", async (root) => {
  for (const call of ["claim", "recover"] as const) {
    Deno.writeTextFileSync(
      `${root}/${RUN_LOCK}`,
      'owner 1 elsewhere\n\nleaving "A/ä\\n"\nleaving 7\nleaving {\nwhat\nleaving "B"\nleaving "torn"',
    );
    let times = 0;
    const lock = new RunLock(os, root, (leaving) => {
      times++;
      assert.deepEqual(leaving, ["A/ä\n", "B"]);
      return nothing();
    });
    await lock[call]();
    await lock.recover();
    await lock.claim();
    assert.equal(times, 1, call);
    lock.release(true);
    assert.deepEqual(names(root), []);
  }
});

inDirectory("release keeps the file while something is not ended", async (root) => {
  const lock = new RunLock(os, root, nothing);
  lock.leaving(mailboxName("no lock yet"));
  await lock.claim();
  lock.leaving(mailboxName("A"));
  lock.release(false);
  for (const times of ["once", "and again, until all is ended"]) {
    let told: readonly string[] = [];
    const next = new RunLock(os, root, (leaving) => {
      told = leaving;
      return nothing();
    });
    await next.recover();
    assert.deepEqual(told, ["A"], times);
    next.release(false);
  }
});
