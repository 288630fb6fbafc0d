import { judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import { liveHistory, PAIRS } from "./histories.ts";
import { withLedger } from "./ledgers.ts";

// 150 of them are in long/.
for (const [i, fewMails] of [[0, false], [3, false], [4, true]] as const) {
  const what = `${PAIRS[i]!.join(" and ")}${fewMails ? ", of few mails" : ""}`;
  judged(
    `a random history of ${what}: all decisions are told once, with their reasons`,
    async (dovecot) => {
      const nights = withLedger(dovecot, await stageDsync(dovecot));
      const seed = 3000 - 3000 % PAIRS.length + i;
      await liveHistory(dovecot, { ...nights, fewMails }, seed, false);
    },
  );
}
