import { judged } from "../dovecot.ts";
import { stageDsync } from "../dsync.ts";
import { PAIRS } from "../histories.ts";
import { mirrorBesideTraffic } from "../mirror_traffic.ts";

for (const pair of PAIRS) {
  judged(`50 mirrors beside traffic on both sides: ${pair.join(" and ")}`, async (dovecot) => {
    await mirrorBesideTraffic(dovecot, await stageDsync(dovecot), pair, 50);
  });
}
