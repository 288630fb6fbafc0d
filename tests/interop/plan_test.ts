import { judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import { liveHistory, PAIRS } from "./histories.ts";
import { overtaken, planning } from "./plans.ts";

// 100 of them, of all pairs both ways, are in long/.
for (const [i, way] of [[0, "folder"], [3, "pipe"], [5, "folder"]] as const) {
  const pair = PAIRS[i]!;
  judged(
    `a random history of ${pair.join(" and ")} (${way}) whose nights are planned first`,
    async (dovecot) => {
      const dsync = planning(await stageDsync(dovecot), way);
      await liveHistory(dovecot, dsync, 2000 - 2000 % PAIRS.length + i, false);
    },
  );
}

for (const [i, way] of [[1, "folder"], [4, "pipe"]] as const) {
  const pair = PAIRS[i]!;
  judged(
    `a random history of ${
      pair.join(" and ")
    } (${way}) whose plans no longer fit when they are done`,
    async (dovecot) => {
      const nights = overtaken(dovecot, await stageDsync(dovecot), way);
      await liveHistory(dovecot, nights, 2000 - 2000 % PAIRS.length + i, false);
    },
  );
}
