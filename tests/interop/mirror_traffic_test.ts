import { judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import { mirrorBesideTraffic } from "./mirror_traffic.ts";

const MAILDIR = "maildir:~/Maildir:LAYOUT=fs";
const MDBOX = "mdbox:~/mdbox";

// The same with 50 runs each is in long/, and there two Maildirs, too: about one series in twenty of theirs ends with a mail
// twice that somebody moved, or again there that somebody expunged, in the moment of a mirror. That is an open fault.
for (const pair of [[MAILDIR, MDBOX], [MDBOX, MDBOX]] as const) {
  judged(`mirror beside traffic on both sides: ${pair.join(" and ")}`, async (dovecot) => {
    await mirrorBesideTraffic(dovecot, await stageDsync(dovecot), pair, 5);
  });
}
