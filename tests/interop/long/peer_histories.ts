import { DOVECOTS_RULES, oursLeads, oursServes } from "../peer/histories.ts";
import { judged } from "../dovecot.ts";
import { liveHistory } from "../histories.ts";

const FIRST = Number(Deno.env.get("DSYNC_SEED") ?? 0);

for (let seed = FIRST; seed < FIRST + 40; seed++) {
  judged(
    `random history ${seed} with a doveadm behind a pipe: ours is the master`,
    (dovecot) => liveHistory(dovecot, oursLeads(dovecot), seed, true, DOVECOTS_RULES),
  );
  judged(
    `random history ${seed} with a doveadm behind a pipe: ours is the slave`,
    (dovecot) => liveHistory(dovecot, oursServes(dovecot), seed, true, DOVECOTS_RULES),
  );
}
