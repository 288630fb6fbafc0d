import { judged } from "../dovecot.ts";
import { stageDsync } from "../dsync.ts";
import { liveHistory } from "../histories.ts";
import { planning } from "../plans.ts";

const FIRST = Number(Deno.env.get("DSYNC_SEED") ?? 0);

for (let seed = FIRST; seed < FIRST + 100; seed++) {
  const way = Math.floor(seed / 6) % 2 === 0 ? "folder" : "pipe";
  judged(`random history ${seed} (${way}), each night planned first`, async (dovecot) => {
    await liveHistory(dovecot, planning(await stageDsync(dovecot), way), seed, false);
  });
}
