// Merges two stores whose mailboxes have other names: rename_mailboxes.ts LEFT RIGHT "Sent Items=Sent" …
import { mirror, openStore, run, thisMachine } from "@dsync/dsync";
import { renameMailboxes } from "@dsync/dsync/stores";

const [one = "", two = "", ...renames] = Deno.args;
const names = Object.fromEntries(renames.map((rename) => rename.split("=")));

const machine = thisMachine();
await using left = await run(openStore(machine, one));
await using right = await run(openStore(machine, two, { create: true }));

const { report } = await run(mirror(left, renameMailboxes(names)(right)));
console.log(`${report.mailboxes} mailboxes, ${report.problems.length} problems`);
