import { judged } from "../dovecot.ts";
import { stageDsync } from "../dsync.ts";
import { liveHistory } from "../histories.ts";
import { overtaken } from "../plans.ts";

const FIRST = Number(Deno.env.get("DSYNC_SEED") ?? 0);
const COUNT = Number(Deno.env.get("DSYNC_HISTORIES") ?? 100);

let [steps, undone, nights] = [0, 0, 0];

for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
  const way = Math.floor(seed / 6) % 2 === 0 ? "folder" : "pipe";
  judged(
    `random history ${seed} (${way}): plans that no longer fit are done as far as they do`,
    async (dovecot) => {
      const later = overtaken(dovecot, await stageDsync(dovecot), way, (planned, left) => {
        steps += planned;
        undone += left;
        nights += left > 0 ? 1 : 0;
      });
      await liveHistory(dovecot, later, seed, false);
    },
  );
}

judged("what the plans came to", () => {
  console.log(`${steps} steps were planned; ${undone}, in ${nights} nights, no longer fitted`);
  return Promise.resolve();
});
