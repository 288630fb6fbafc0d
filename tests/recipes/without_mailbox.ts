// Merges two stores but for a mailbox and its children: without_mailbox.ts LEFT RIGHT Junk
import { mirror, openStore, run, thisMachine } from "@dsync/dsync";

const [one = "", two = "", unwanted = ""] = Deno.args;
const machine = thisMachine();
await using left = await run(openStore(machine, one));
await using right = await run(openStore(machine, two, { create: true }));

const { report } = await run(mirror(left, right, {
  mailboxes: (name) => name !== unwanted && !name.startsWith(`${unwanted}/`),
}));
console.log(`${report.mailboxes} mailboxes, ${report.problems.length} problems`);
