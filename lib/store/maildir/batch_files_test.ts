/** What a batch does to files that are not as the last look has shown them, or that cannot get their names. */
import assert from "node:assert/strict";
import { ANSWERED, FLAGGED, flags, NO_KEYWORDS, SEEN } from "../../model/flags.ts";
import type { MailRecord } from "../../model/mail.ts";
import type { UpdateFlags } from "../../model/operation.ts";
import { withDirectory } from "../../os/_other_process.ts";
import { makeOs } from "../../os/os.ts";
import { apply, BOX, run } from "../../testing/content.ts";
import { collect } from "../../stream/chunks.ts";
import { openMaildir } from "./maildir_store.ts";

/** The files of cur/ with their content. */
const filesOf = (root: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...Deno.readDirSync(`${root}/cur`)].map(({ name }) => name).sort().map((name) => [
      name,
      Deno.readTextFileSync(`${root}/cur/${name}`),
    ]),
  );

/** A Maildir with these files in cur/. */
const fill = (root: string, names: readonly string[]): void => {
  for (const one of ["cur", "new", "tmp"]) Deno.mkdirSync(`${root}/${one}`);
  Deno.writeTextFileSync(`${root}/dovecot-uidlist`, `3 V7 N1 G${BOX}\n`);
  for (const [i, name] of names.entries()) Deno.writeTextFileSync(`${root}/cur/${name}`, `${i}\n`);
};

const update = (
  { uid, guid }: MailRecord,
  add: number,
  remove = 0,
): UpdateFlags => ({
  _tag: "UpdateFlags",
  uid,
  guid,
  add: flags(add),
  remove: flags(remove),
  addKeywords: NO_KEYWORDS,
  removeKeywords: NO_KEYWORDS,
  modSeq: null,
});

/** Applies what `operations` makes of the records; gives the outcomes in short. */
const applied = async (
  root: string,
  operations: (records: readonly MailRecord[]) => readonly UpdateFlags[],
  os = makeOs(),
): Promise<readonly string[]> => {
  const store = await run(openMaildir(os, { root, create: false, layout: "maildir++" }));
  await run(store.tree);
  try {
    const outcomes = await run(store.withMailbox(BOX, (mailbox) => async () => {
      const records = await run(collect(mailbox.records()));
      return await apply(mailbox, operations(records), 1)();
    }));
    return outcomes.map((one) => one._tag === "Done" ? "Done" : one.error._tag);
  } finally {
    await store.close();
  }
};

for (const [own, other] of [["F", "S"], ["S", "F"]] as const) {
  Deno.test(`apply: a mail's file never takes the name of another one (:2,${own} over :2,${other})`, () =>
    withDirectory(async (root) => {
      const names = [`1.twin:2,${own}`, `1.twin:2,${other}`, "2.b:2,"];
      fill(root, names);
      const before = filesOf(root);
      const outcomes = await applied(
        root,
        (records) =>
          records.map((record) =>
            record.uid === 2
              ? update(record, SEEN)
              : record.flags === SEEN
              ? update(record, FLAGGED, SEEN)
              : update(record, SEEN, FLAGGED)
          ),
      );
      assert.deepEqual(outcomes, ["Damaged", "Done"]);
      const { "2.b:2,": b, ...twins } = before;
      assert.deepEqual(filesOf(root), { ...twins, "2.b:2,S": b });
    }));
}

Deno.test("apply: a mail whose name has no room for its flags is in no other one's way", () =>
  withDirectory(async (root) => {
    const long = `1.${"0".repeat(250)}:2,`;
    fill(root, [long, "2.b:2,"]);
    const outcomes = await applied(root, (records) => records.map((one) => update(one, SEEN)));
    assert.deepEqual(outcomes, ["Unfit", "Done"]);
    assert.deepEqual(Object.keys(filesOf(root)), [long, "2.b:2,S"]);
  }));

/** The machine, on which `act` is done once, when the directory of the first batch is made durable. */
const during = (root: string, act: () => void) => {
  let isDone = false;
  return makeOs({
    onStep: ({ kind, path }) => {
      if (isDone || kind !== "syncDir" || path !== `${root}/cur`) return;
      isDone = true;
      act();
    },
  });
};

Deno.test("apply: a flag that a mail client sets during a batch stays, and so does one that it clears", () =>
  withDirectory(async (root) => {
    fill(root, ["1.a:2,", "2.b:2,", "3.c:2,FR", "4.d:2,", "5.e:2,"]);
    const cur = (name: string) => `${root}/cur/${name}`;
    const os = during(root, () => {
      Deno.renameSync(cur("2.b:2,"), cur("2.b:2,F"));
      Deno.renameSync(cur("3.c:2,FR"), cur("3.c:2,"));
      Deno.renameSync(cur("4.d:2,"), `${root}/new/4.d`);
      Deno.removeSync(cur("5.e:2,"));
    });
    // The second operation on the first mail ends its batch. The second ones on the others find what the first have left.
    const outcomes = await applied(root, ([a, b, c, d, e]) => [
      update(a!, SEEN),
      update(a!, ANSWERED),
      update(b!, SEEN),
      update(c!, SEEN | FLAGGED),
      update(d!, SEEN),
      update(e!, SEEN),
      update(b!, ANSWERED),
      update(c!, 0, SEEN),
    ], os);
    assert.deepEqual(outcomes, [...Array(5).fill("Done"), "Changed", "Done", "Done"]);
    assert.deepEqual(Object.keys(filesOf(root)), [
      "1.a:2,RS",
      "2.b:2,FRS",
      "3.c:2,F",
      "4.d:2,S",
    ]);
  }));

Deno.test("apply: many mails that are gone cost no listing each", () =>
  withDirectory(async (root) => {
    const count = 200;
    fill(root, Array.from({ length: count }, (_, i) => `${i + 1}.a:2,`));
    const real = during(root, () => {
      for (let i = 1; i < count; i++) Deno.removeSync(`${root}/cur/${i + 1}.a:2,`);
    });
    let listings = 0;
    const visit: typeof real.files.visit = (path, use) => {
      listings++;
      return real.files.visit(path, use);
    };
    const outcomes = await applied(root, ([first, ...others]) => {
      listings = 0;
      return [
        update(first!, SEEN),
        update(first!, ANSWERED),
        ...others.map((one) => update(one, SEEN)),
      ];
    }, { ...real, files: { ...real.files, visit } });
    assert.deepEqual(outcomes, ["Done", "Done", ...Array(count - 1).fill("Changed")]);
    assert.ok(listings < 20, `${listings} listings`);
  }));
