import { judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import { liveHistory, PAIRS } from "./histories.ts";
import { planning } from "./plans.ts";

// 100 of them are in long/.
for (const [i, pair] of PAIRS.entries()) {
  const way = i % 2 === 0 ? "folder" : "pipe";
  judged(
    `a random history of ${pair.join(" and ")} (${way}) whose nights are planned first`,
    async (dovecot) => {
      const dsync = planning(await stageDsync(dovecot), way);
      await liveHistory(dovecot, dsync, 2000 - 2000 % PAIRS.length + i, false);
    },
  );
}
