// What two stores differ in, a line of JSON each: audit.ts LEFT RIGHT | jq 'select(.field == "flags")'
import { check, openStore, run, thisMachine } from "@dsync/dsync";

const [one = "", two = ""] = Deno.args;
const machine = thisMachine();
await using left = await run(openStore(machine, one));
await using right = await run(openStore(machine, two));

const { findings } = await run(check(left, right));
for (const finding of findings) console.log(JSON.stringify(finding));
Deno.exitCode = findings.length === 0 ? 0 : 2;
