/** Each recipe is run as it is shown, on accounts made for it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { check, openStore, run, thisMachine } from "@dsync/dsync";
import { FLAGGED, SEEN } from "@dsync/dsync/model";
import { readingContract } from "@dsync/dsync/testing";
import { walk } from "@std/fs/walk";
import { contentOf, fill } from "./accounts.ts";
import { mboxStore } from "./mbox_store.ts";

/** What a recipe said. */
interface Said {
  readonly code: number;
  readonly lines: readonly string[];
}

const runRecipe = async (name: string, ...args: readonly string[]): Promise<Said> => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", join(import.meta.dirname!, `${name}.ts`), ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  assert.equal(text(stderr), "", name);
  return { code, lines: text(stdout).split("\n").filter((line) => line !== "") };
};

/** A test of a recipe in a folder of its own. */
const recipe = (
  title: string,
  body: (
    places: { readonly root: string; readonly left: string; readonly right: string },
  ) => Promise<void>,
): void =>
  Deno.test(`recipe: ${title}`, async () => {
    const root = await Deno.makeTempDir({ prefix: "dsync-recipe-" });
    try {
      await body({ root, left: `maildir:${root}/Maildir`, right: `mdbox:${root}/mdbox` });
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });

/** The files of an mdbox or Maildir, with their times. */
const filesIn = async (root: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const { path } of walk(root)) found.push(`${path} ${Deno.statSync(path).mtime}`);
  return found.sort();
};

/** What another program does when its user deletes a mail. */
const removeMail = async (root: string, content: string): Promise<void> => {
  for await (const { path } of walk(root, { includeDirs: false })) {
    const isMail = /\/(cur|new)\//.test(path);
    if (isMail && (await Deno.readTextFile(path)).includes(content)) return await Deno.remove(path);
  }
  assert.fail(`no mail has "${content}"`);
};

const in2020 = Date.UTC(2020, 5) / 1000;
const in2026 = Date.UTC(2026, 5) / 1000;

recipe("only mails since a date", async ({ left, right }) => {
  await fill(left, { INBOX: [{ uid: 1, receivedAt: in2020 }, { uid: 2, receivedAt: in2026 }] });
  const said = await runRecipe("recent_mails", left, right, "2026-01-31");
  assert.deepEqual(said.lines, ["1 saved, 0 expunged, 0 problems"]);
  assert.deepEqual(await contentOf(right), { INBOX: "2" });
});

recipe("only mails since a date: an older copy stays", async ({ left, right }) => {
  const account = { INBOX: [{ uid: 1, receivedAt: in2020 }, { uid: 2, receivedAt: in2026 }] };
  await fill(left, account);
  await fill(right, account);
  const said = await runRecipe("recent_mails", left, right, "2026-01-31");
  assert.deepEqual(said.lines, ["0 saved, 0 expunged, 0 problems"]);
  assert.deepEqual(await contentOf(right), { INBOX: "1 2" });
});

recipe("everything but a mailbox", async ({ left, right }) => {
  await fill(left, { INBOX: [{ uid: 1 }], Junk: [{ uid: 1 }], "Junk/old": [{ uid: 1 }], Work: [] });
  await fill(right, { INBOX: [], Junk: [{ uid: 7 }] });
  const said = await runRecipe("without_mailbox", left, right, "Junk");
  assert.deepEqual(said.lines, ["2 mailboxes, 0 problems"]);
  assert.deepEqual(await contentOf(right), { INBOX: "1", Junk: "7", Work: "" });
  assert.deepEqual(await contentOf(left), { INBOX: "1", Junk: "1", "Junk/old": "1", Work: "" });
});

recipe("mailboxes that are renamed on the way", async ({ left, right }) => {
  await fill(left, { INBOX: [], "Sent Items": [{ uid: 1 }], "Sent Items/2025": [{ uid: 1 }] });
  const said = await runRecipe("rename_mailboxes", left, right, "Sent Items=Sent");
  assert.deepEqual(said.lines, ["3 mailboxes, 0 problems"]);
  assert.deepEqual(await contentOf(right), { INBOX: "", Sent: "1", "Sent/2025": "1" });
  await runRecipe("rename_mailboxes", left, right, "Sent Items=Sent");
  assert.deepEqual(await contentOf(right), { INBOX: "", Sent: "1", "Sent/2025": "1" });
  assert.deepEqual(await contentOf(left), { INBOX: "", "Sent Items": "1", "Sent Items/2025": "1" });
});

recipe("a keyword that stays on one side", async ({ left, right }) => {
  await fill(left, { INBOX: [{ uid: 1, keywords: ["$Todo", "Work"] }, { uid: 2 }] });
  for (let n = 0; n < 2; n++) {
    const said = await runRecipe("keyword_on_one_side", left, right, "$Todo");
    assert.deepEqual(said.lines, ["2 mails, 0 problems"]);
    assert.deepEqual(await contentOf(left), { INBOX: "1:$Todo:Work 2" });
    assert.deepEqual(await contentOf(right), { INBOX: "1:Work 2" });
  }
});

recipe("an own conflict policy", async ({ root, left, right }) => {
  const mails = [{ uid: 1, bytes: "plain\n" }, { uid: 2, bytes: "kept\n", flags: FLAGGED }];
  await fill(left, { INBOX: [...mails, { uid: 3 }] });
  await fill(right, { INBOX: [...mails, { uid: 3, flags: SEEN }] });
  await runRecipe("own_policy", left, right);
  assert.deepEqual(await contentOf(left), { INBOX: `1 2:f${FLAGGED} 3:f${SEEN}` });
  await removeMail(`${root}/Maildir`, "plain");
  await removeMail(`${root}/Maildir`, "kept");
  const said = await runRecipe("own_policy", left, right);
  assert.deepEqual(said.lines, ["2 mails, 0 problems"]);
  const both = { INBOX: `3:f${SEEN} 4:f${FLAGGED}` };
  assert.deepEqual([await contentOf(left), await contentOf(right)], [both, both]);
});

recipe("a dry run as a table", async ({ root, left, right }) => {
  await fill(left, { INBOX: [{ uid: 1 }, { uid: 2 }] });
  await fill(right, { INBOX: [{ uid: 1, flags: SEEN }] });
  const before = await filesIn(root);
  const { lines } = await runRecipe("dry_run_table", left, right);
  assert.deepEqual(await filesIn(root), before);
  assert.ok(lines.some((line) => /right.*INBOX.*CopyMail.*2/.test(line)), lines.join("\n"));
});

for (const format of ["maildir", "mdbox"]) {
  recipe(
    `an archive that keeps what its source has deleted: ${format}`,
    async ({ root, right }) => {
      const left = `${format}:${root}/source`;
      await fill(left, { INBOX: [{ uid: 1 }, { uid: 2 }], Work: [{ uid: 1 }], Old: [{ uid: 5 }] });
      const first = await runRecipe("archive", left, right);
      assert.deepEqual(first.lines, ["4 saved, 0 expunged, 0 problems"]);
      await fill(left, { INBOX: [{ uid: 2, flags: SEEN }, { uid: 3 }], Work: [{ uid: 1 }] });
      for (const saved of [1, 0, 0]) {
        const said = await runRecipe("archive", left, right);
        assert.deepEqual(said.lines, [`${saved} saved, 0 expunged, 0 problems`]);
        const { INBOX, ...others } = await contentOf(right);
        assert.equal(INBOX!.split(" ").length, 3);
        assert.ok(INBOX!.includes(`2:f${SEEN}`));
        assert.deepEqual(others, { Old: "5", Work: "1" });
      }
    },
  );
}

recipe("two backups at once", async ({ root, left, right }) => {
  await fill(left, { INBOX: [{ uid: 1 }], Work: [{ uid: 1 }, { uid: 2 }] });
  const other = `maildir:${root}/other`;
  const broken = "mdbox:/dev/null/no";
  const { lines } = await runRecipe("two_backups", left, right, other, broken);
  assert.deepEqual(
    lines.slice(0, 2),
    [right, other].map((place) => `${place}: 3 saved, 0 problems`),
  );
  assert.match(lines[2]!, /^SyncFailure: .*\/dev\/null/);
  const machine = thisMachine();
  await using source = await run(openStore(machine, left));
  for (const place of [right, other]) {
    await using copy = await run(openStore(machine, place));
    assert.deepEqual((await run(check(source, copy))).findings, []);
  }
});

recipe("an audit of differences as JSON lines", async ({ left, right }) => {
  await fill(left, { INBOX: [{ uid: 1 }, { uid: 2 }] });
  await fill(right, { INBOX: [{ uid: 1 }, { uid: 2, flags: SEEN }] });
  const { code, lines } = await runRecipe("audit", left, right);
  assert.equal(code, 2);
  assert.deepEqual(lines.map((line) => JSON.parse(line)), [
    { mailbox: "INBOX", uid: 2, field: "flags", left: "", right: "\\Seen" },
  ]);
});

recipe("a backup verified by hash", async ({ root, left, right }) => {
  const account = { INBOX: [{ uid: 1 }, { uid: 2, bytes: "goes\n" }] };
  await fill(left, account);
  await fill(right, account);
  const { lines } = await runRecipe("verify_backup", left);
  await Deno.writeTextFile(`${root}/list`, lines.join("\n"));
  const good = await runRecipe("verify_backup", right, `${root}/list`);
  assert.deepEqual([good.code, good.lines], [0, ["2 of 2 mails are as they were"]]);
  await removeMail(`${root}/Maildir`, "goes");
  const bad = await runRecipe("verify_backup", left, `${root}/list`);
  assert.deepEqual([bad.code, bad.lines.at(-1)], [2, "1 of 2 mails are as they were"]);
});

recipe("a mailbox measured", async ({ left }) => {
  await fill(left, {
    INBOX: [{ uid: 1, receivedAt: in2020, bytes: "12345" }, { uid: 2, receivedAt: in2020 }],
  });
  const { lines } = await runRecipe("measure", left);
  assert.ok(lines.some((line) => /INBOX 2020.*2.*\d/.test(line)), lines.join("\n"));
});

const MBOX = `From eve@example.org Sat Jan  3 01:05:34 2026
Subject: one
Status: RO

From here it is text, as no empty line is before it
>From is left as it is

From bob@example.org Sun Jan  4 02:00:00 2026
Subject: two

two
`;

recipe("an mbox file becomes an mdbox", async ({ root, right }) => {
  await Deno.writeTextFile(`${root}/mbox`, MBOX);
  const said = await runRecipe("import_mbox", `${root}/mbox`, right);
  assert.deepEqual(said.lines, ["2 mails, 0 problems"]);
  assert.deepEqual(await contentOf(right), { INBOX: `1:f${SEEN} 2` });
});

recipe("a mirror that remembers", async ({ root, left, right }) => {
  await fill(left, { INBOX: [{ uid: 1 }], Work: [{ uid: 1 }] });
  const file = `${root}/memory.json`;
  const first = await runRecipe("mirror_that_remembers", left, right, file);
  assert.deepEqual(first.lines, ["2 mails, 0 problems"]);
  const remembered = JSON.parse(await Deno.readTextFile(file));
  assert.match(JSON.stringify(remembered), /"Work"/);
  const second = await runRecipe("mirror_that_remembers", left, right, file);
  assert.deepEqual(second.lines, ["2 mails, 0 problems"]);
  await Deno.writeTextFile(file, "no memory");
  const third = await runRecipe("mirror_that_remembers", left, right, file);
  assert.deepEqual(third.lines, ["2 mails, 0 problems"]);
});

recipe("mirror, but leave Junk out and tag what came from the left", async ({ left, right }) => {
  await fill(left, { INBOX: [{ uid: 1 }, { uid: 2 }], Junk: [{ uid: 1 }] });
  await fill(right, { INBOX: [{ uid: 1 }], Junk: [{ uid: 5 }] });
  const first = await runRecipe("leave_junk_out", left, right);
  assert.deepEqual(first.lines, ["1 mails came from the left"]);
  const ends = [{ INBOX: "1 2", Junk: "1" }, { INBOX: "1 2:from-left", Junk: "5" }];
  assert.deepEqual([await contentOf(left), await contentOf(right)], ends);
  const second = await runRecipe("leave_junk_out", left, right);
  assert.deepEqual(second.lines, ["0 mails came from the left"]);
  assert.deepEqual([await contentOf(left), await contentOf(right)], ends);
});

readingContract(Deno.test, "the mbox store of the recipes", async () => {
  const path = await Deno.makeTempFile({ prefix: "dsync-mbox-" });
  await Deno.writeTextFile(path, MBOX);
  try {
    return await mboxStore(thisMachine().os, path);
  } finally {
    await Deno.remove(path);
  }
});

/** How a cast looks in a syntax tree; `as const` is none. */
const castsIn = (name: string, source: string): readonly string[] => {
  const found: string[] = [];
  const note = (node: Deno.lint.Node): void => void found.push(source.slice(...node.range));
  const rule: Deno.lint.Rule = {
    create: () => ({
      TSAsExpression: (node) => {
        if (!source.slice(...node.range).endsWith(" as const")) note(node);
      },
      TSTypeAssertion: note,
      TSNonNullExpression: note,
      TSAnyKeyword: note,
    }),
  };
  Deno.lint.runPlugin({ name: "casts", rules: { casts: rule } }, name, source);
  return found;
};

Deno.test("castsIn: sees each kind of cast, and no const", () => {
  const source = "const a = b as C; const d = e!; const f: any = <G> h; const i = [1] as const;";
  assert.deepEqual(castsIn("x.ts", source).toSorted(), ["<G> h", "any", "b as C", "e!"]);
});

/** The most lines that each may have; all others: 40. */
const LINES: Readonly<Record<string, number>> = { "leave_junk_out.ts": 30, "mbox_store.ts": 99 };

const scripts = [...Deno.readDirSync(import.meta.dirname!)].map(({ name }) => name)
  .filter((name) => name.endsWith(".ts") && name !== "accounts.ts" && !name.endsWith("_test.ts"));

for (const name of scripts.toSorted()) {
  Deno.test(`recipe ${name}: short, without a cast, from the public surface alone`, async () => {
    const source = await Deno.readTextFile(join(import.meta.dirname!, name));
    const lines = source.split("\n").length - 1;
    assert.ok(lines <= (LINES[name] ?? 40), `it has ${lines} lines`);
    assert.deepEqual(castsIn(name, source), []);
    for (const [, from = ""] of source.matchAll(/from "([^"]+)"/g)) {
      assert.match(from, /^(@dsync\/dsync(\/\w+)?|fp-ts\/\w+\.js|\.\/mbox_store\.ts)$/);
    }
  });
}
