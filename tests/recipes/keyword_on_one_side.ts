// Merges two stores; a keyword stays on the side where it is: keyword_on_one_side.ts LEFT RIGHT '$Todo'
import { mirror, openStore, run, thisMachine } from "@dsync/dsync";

const [one = "", two = "", own = ""] = Deno.args;
const machine = thisMachine();
await using left = await run(openStore(machine, one));
await using right = await run(openStore(machine, two, { create: true }));

const { report } = await run(mirror(left, right, { keywords: (keyword) => keyword !== own }));
console.log(`${report.mails} mails, ${report.problems.length} problems`);
