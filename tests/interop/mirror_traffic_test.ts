import { judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import { mirrorBesideTraffic } from "./mirror_traffic.ts";

const MAILDIR = "maildir:~/Maildir:LAYOUT=fs";
const MDBOX = "mdbox:~/mdbox";

// The same with 50 runs each is in long/.
for (const pair of [[MAILDIR, MAILDIR], [MAILDIR, MDBOX], [MDBOX, MDBOX]] as const) {
  judged(`mirror beside traffic on both sides: ${pair.join(" and ")}`, async (dovecot) => {
    await mirrorBesideTraffic(dovecot, await stageDsync(dovecot), pair, 5);
  });
}
