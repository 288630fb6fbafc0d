import { judged } from "../dovecot.ts";
import { stageDsync } from "../dsync.ts";
import { liveHistory, PAIRS } from "../histories.ts";

// Another first seed tells other stories: DSYNC_SEED=777 deno test -A tests/interop/long/histories.ts
const FIRST = Number(Deno.env.get("DSYNC_SEED") ?? 0);
const EACH = 50;

for (const [i, pair] of PAIRS.entries()) {
  for (let n = 0; n < EACH; n++) {
    const seed = FIRST + i + n * PAIRS.length;
    judged(`random history ${seed} of ${pair.join(" and ")}`, async (dovecot) => {
      await liveHistory(dovecot, await stageDsync(dovecot), seed, true);
    });
  }
}
