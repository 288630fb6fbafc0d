import { judged } from "../dovecot.ts";
import { liveHistory } from "../histories.ts";
import { DOVECOTS_RULES, oursLeads, oursServes } from "./histories.ts";

// 40 of each are in interop/long/.
for (let seed = 5000; seed < 5006; seed++) {
  judged(
    `random history ${seed} with a doveadm behind a pipe: ours is the master`,
    (dovecot) => liveHistory(dovecot, oursLeads(dovecot), seed, true, DOVECOTS_RULES),
  );
  judged(
    `random history ${seed} with a doveadm behind a pipe: ours is the slave`,
    (dovecot) => liveHistory(dovecot, oursServes(dovecot), seed, true, DOVECOTS_RULES),
  );
}
