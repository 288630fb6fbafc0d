import { judged } from "../dovecot.ts";
import { stageDsync } from "../dsync.ts";
import { backupBesideTraffic } from "../traffic.ts";

const LOCATIONS: readonly string[] = ["maildir:~/Maildir:LAYOUT=fs", "mdbox:~/mdbox"];

for (const where of ["source", "destination"] as const) {
  for (const from of LOCATIONS) {
    for (const to of LOCATIONS) {
      judged(`50 backups beside traffic in the ${where}: ${from} to ${to}`, async (dovecot) => {
        const dsync = await stageDsync(dovecot);
        await backupBesideTraffic(dovecot, dsync, { from, to, in: where, runs: 50 });
      });
    }
  }
}
