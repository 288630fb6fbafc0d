// A backup of the mails since a date: recent_mails.ts maildir:~/Maildir mdbox:~/recent 2026-01-31
import { backup, openStore, run, thisMachine } from "@dsync/dsync";
import { onlyMails } from "@dsync/dsync/stores";

const [from = "", to = "", date = ""] = Deno.args;
const since = Date.parse(date) / 1000;
if (Number.isNaN(since)) throw new Error(`"${date}" is no date`);

const machine = thisMachine();
await using source = await run(openStore(machine, from));
await using copy = await run(openStore(machine, to, { create: true }));

// Older mails are hidden, not gone: those that the copy has already stay there.
const recent = onlyMails((mail) => mail.receivedAt >= since);
const { right, problems } = await run(backup(recent(source), copy));
console.log(`${right.saved} saved, ${right.expunged} expunged, ${problems.length} problems`);
