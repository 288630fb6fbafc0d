// An archive that keeps what its source has deleted: archive.ts maildir:~/Maildir mdbox:/backup/archive
import { mirror, openStore, run, thisMachine } from "@dsync/dsync";
import { pipe } from "fp-ts/function.js";
import { map } from "fp-ts/TaskEither.js";

const [from = "", to = ""] = Deno.args;
const machine = thisMachine();
await using source = await run(openStore(machine, from));
await using archive = await run(openStore(machine, to, { create: true }));

// A source that does not tell which mailboxes were deleted: what is only in the archive stays there.
const silent = { ...source, tree: pipe(source.tree, map((tree) => ({ ...tree, log: [] }))) };

// Only the archive is changed, and no mail of it counts as deleted.
const { report } = await run(mirror(silent, archive, {
  oneWay: true,
  policy: { keeps: () => true },
}));
const { saved, expunged } = report.right;
console.log(`${saved} saved, ${expunged} expunged, ${report.problems.length} problems`);
