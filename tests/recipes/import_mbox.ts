// Makes an mdbox, or any other store, of an mbox file: import_mbox.ts ~/mbox mdbox:~/mdbox
import { backup, openStore, run, thisMachine } from "@dsync/dsync";
import { mboxStore } from "./mbox_store.ts";

const [file = "", to = ""] = Deno.args;
const machine = thisMachine();
const source = await mboxStore(machine.os, file);
await using copy = await run(openStore(machine, to, { create: true }));

const { mails, problems } = await run(backup(source, copy));
console.log(`${mails} mails, ${problems.length} problems`);
