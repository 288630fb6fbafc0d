// Merges two stores, leaves Junk out, and tags what came from the left: leave_junk_out.ts LEFT RIGHT
import { mirror, openStore, run, thisMachine } from "@dsync/dsync";
import { tagArrivals } from "@dsync/dsync/stores";

const [one = "", two = ""] = Deno.args;
const machine = thisMachine();
await using left = await run(openStore(machine, one));
await using right = await run(openStore(machine, two));

const { report } = await run(mirror(left, tagArrivals("from-left")(right), {
  mailboxes: (name) => name !== "Junk",
  keywords: (keyword) => keyword !== "from-left",
}));

console.log(`${report.right.saved} mails came from the left`);
for (const { what } of report.problems) console.error(what);
