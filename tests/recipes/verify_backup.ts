// Writes down a hash of every mail, or verifies a store by such a list later, when its source is elsewhere:
// verify_backup.ts maildir:~/Maildir > list, then verify_backup.ts mdbox:/backup/eve list
import { eachMailbox, openStore, run, thisMachine } from "@dsync/dsync";
import { type MailRecord, readBody } from "@dsync/dsync/model";
import { map } from "@dsync/dsync/stages";
import type { Mailbox } from "@dsync/dsync/stores";

const hashes = async (mailbox: Mailbox): Promise<string[]> => {
  const lines: string[] = [];
  const uids = map(({ uid }: MailRecord) => uid)(mailbox.records());
  for await (const answers of mailbox.fetch(uids)) {
    for (const answer of answers) {
      if (answer._tag === "Lost") continue;
      const hash = await crypto.subtle.digest("SHA-256", await readBody(answer.mail));
      lines.push(`${new Uint8Array(hash).toHex()} ${answer.mail.guid} ${mailbox.name}`);
    }
  }
  return lines;
};

const [place = "", list] = Deno.args;
await using store = await run(openStore(thisMachine(), place));
const here = (await run(eachMailbox(store, hashes))).flat();
if (list === undefined) console.log(here.join("\n"));
else {
  const there = new Set((await Deno.readTextFile(list)).split("\n").filter((line) => line !== ""));
  const missing = there.difference(new Set(here));
  for (const line of missing) console.log(`missing: ${line}`);
  console.log(`${there.size - missing.size} of ${there.size} mails are as they were`);
  Deno.exitCode = missing.size === 0 ? 0 : 2;
}
