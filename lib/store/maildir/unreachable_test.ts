/** Mails whose disk is not mounted: a folder, its cur/ or INBOX leads to nothing, or is not there. */
import assert from "node:assert/strict";
import { isNothing } from "../../model/report.ts";
import { withDirectory } from "../../os/_other_process.ts";
import { makeOs } from "../../os/os.ts";
import { backup } from "../../run/backup.ts";
import { mirror } from "../../run/mirror.ts";
import { run } from "../../testing/content.ts";
import { emptyState } from "../memory/memory_state.ts";
import { memoryStore } from "../memory/memory_store.ts";
import type { MaildirLocation } from "./layout.ts";
import { openMaildir } from "./maildir_store.ts";

/** A mailbox with mails, which part of it goes away with the disk, and what is left in its place. */
interface Row {
  readonly title: string;
  readonly location?: Partial<MaildirLocation>;
  readonly mailbox: string;
  /** Where its mails lie, below home. */
  readonly mail: string;
  /** What lies on the disk. */
  readonly gone: string;
  readonly leaves: "a symlink" | "nothing";
}

const [FS, ELSEWHERE] = [{ layout: "fs" }, {
  inbox: "in/box",
  control: "ctl",
  index: "ctl",
}] as const;

const ROWS: readonly Row[] = [
  { title: "a folder's cur/", mailbox: "A", mail: "M/.A", gone: "M/.A/cur", leaves: "a symlink" },
  { title: "a folder", mailbox: "A", mail: "M/.A", gone: "M/.A", leaves: "a symlink" },
  { title: "INBOX's cur/", mailbox: "INBOX", mail: "M", gone: "M/cur", leaves: "a symlink" },
  {
    title: "a folder's cur/ with LAYOUT=fs",
    location: FS,
    mailbox: "A/B",
    mail: "M/A/B",
    gone: "M/A/B/cur",
    leaves: "a symlink",
  },
  {
    title: "a folder with LAYOUT=fs",
    location: FS,
    mailbox: "A/B",
    mail: "M/A/B",
    gone: "M/A/B",
    leaves: "a symlink",
  },
  { title: "a folder's cur/", mailbox: "A", mail: "M/.A", gone: "M/.A/cur", leaves: "nothing" },
  {
    title: "a folder's cur/ with LAYOUT=fs",
    location: FS,
    mailbox: "A/B",
    mail: "M/A/B",
    gone: "M/A/B/cur",
    leaves: "nothing",
  },
  {
    title: "a folder's cur/ with LAYOUT=fs, with CONTROL= elsewhere,",
    location: { ...FS, control: "ctl" },
    mailbox: "A/B",
    mail: "M/A/B",
    gone: "M/A/B/cur",
    leaves: "nothing",
  },
  { title: "INBOX's cur/", mailbox: "INBOX", mail: "M", gone: "M/cur", leaves: "nothing" },
  {
    title: "INBOX=, with CONTROL= elsewhere,",
    location: ELSEWHERE,
    mailbox: "INBOX",
    mail: "in/box",
    gone: "in",
    leaves: "nothing",
  },
];

const under = (home: string, location: Partial<MaildirLocation>): Partial<MaildirLocation> =>
  Object.fromEntries(
    Object.entries(location).map(([key, value]) => [
      key,
      key === "layout" ? value : `${home}/${value}`,
    ]),
  );

const namesIn = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

for (const { title, location = {}, mailbox, mail, gone, leaves } of ROWS) {
  Deno.test(`a Maildir: ${title} that leaves ${leaves} is named; nothing is deleted on either side`, () =>
    withDirectory(async (home) => {
      const other = location.layout === "fs" ? "M/Ok" : "M/.Ok";
      for (const box of new Set(["M", mail, other])) {
        for (const one of ["cur", "new", "tmp"]) {
          await Deno.mkdir(`${home}/${box}/${one}`, { recursive: true });
        }
      }
      const names = Array.from({ length: 12 }, (_, i) => `16000000${i + 10}.M1P1.host:2,S`);
      for (const name of names) {
        await Deno.writeTextFile(`${home}/${mail}/cur/${name}`, `Subject: ${name}\n\n`);
      }
      await Deno.writeTextFile(`${home}/${other}/cur/1600000001.M1P1.host:2,`, "Subject: x\n\n");
      const state = emptyState();
      const open = () =>
        run(openMaildir(makeOs(), {
          root: `${home}/M`,
          layout: "maildir++",
          create: false,
          ...under(home, location),
        }));
      const mirrored = async () => {
        const store = await open();
        const { report } = await run(mirror(store, memoryStore(state)));
        await store.close();
        return report;
      };
      const kept = () => state.mailboxes.find(({ name }) => name === mailbox)!.mails.length;
      assert.deepEqual((await mirrored()).problems, []);
      assert.equal(kept(), names.length);

      const away = `${home}/away`;
      await Deno.rename(`${home}/${gone}`, away);
      if (leaves === "a symlink") await Deno.symlink(`${home}/unmounted`, `${home}/${gone}`);
      const report = await mirrored();
      assert.deepEqual(report.problems.map(({ _tag, where }) => [_tag, where.mailbox]), [
        ["Damaged", mailbox],
      ]);
      assert.ok(isNothing(report.left) && isNothing(report.right));
      const store = await open();
      const problems = (await run(backup(store, memoryStore(state)))).problems;
      await store.close();
      assert.equal(problems[0]?._tag, "Damaged");
      assert.equal(kept(), names.length);

      if (leaves === "a symlink") await Deno.remove(`${home}/${gone}`);
      await Deno.rename(away, `${home}/${gone}`);
      const back = await mirrored();
      assert.deepEqual(back.problems, []);
      assert.ok(isNothing(back.left) && isNothing(back.right));
      assert.equal(kept(), names.length);
      assert.deepEqual(namesIn(`${home}/${mail}/cur`), names);
    }));
}
