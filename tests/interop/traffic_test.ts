import { judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import { backupBesideTraffic } from "./traffic.ts";

const MAILDIR = "maildir:~/Maildir:LAYOUT=fs";
const MDBOX = "mdbox:~/mdbox";

// The same with 50 runs each is in long/.
for (const where of ["source", "destination"] as const) {
  for (const [from, to] of [[MAILDIR, MDBOX], [MDBOX, MAILDIR]] as const) {
    judged(`backup beside traffic in the ${where}: ${from} to ${to}`, async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      await backupBesideTraffic(dovecot, dsync, { from, to, in: where, runs: 5 });
    });
  }
}
