// How much mail there is, by mailbox and year: measure.ts maildir:~/Maildir
import { eachMailbox, openStore, run, thisMachine } from "@dsync/dsync";
import type { MailRecord } from "@dsync/dsync/model";
import { drain, map } from "@dsync/dsync/stages";

const [place = ""] = Deno.args;
await using store = await run(openStore(thisMachine(), place));

const rows: Record<string, { mails: number; bytes: number }> = {};
await run(eachMailbox(store, async (mailbox) => {
  const uids = map(({ uid }: MailRecord) => uid)(mailbox.records());
  await run(drain(mailbox.fetch(uids), (answers) => {
    for (const answer of answers) {
      if (answer._tag === "Lost") continue;
      const year = new Date(answer.mail.receivedAt * 1000).getUTCFullYear();
      const { mails, bytes } = rows[`${mailbox.name} ${year}`] ?? { mails: 0, bytes: 0 };
      rows[`${mailbox.name} ${year}`] = { mails: mails + 1, bytes: bytes + answer.mail.size };
    }
  }));
}));
console.table(rows);
