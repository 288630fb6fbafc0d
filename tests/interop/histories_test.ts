import { judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import { liveHistory, PAIRS } from "./histories.ts";

// 300 of them are in long/.
const EACH = 4;
/** Of those that once ended badly. 36: both sides copied one mail to one UID, and one expunged its copy. */
const ONCE_BAD = [36, 144];

for (const [i, pair] of PAIRS.entries()) {
  judged(
    `random histories of ${pair.join(" and ")} end as their users may expect`,
    async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      for (let n = 0; n < EACH; n++) {
        await liveHistory(dovecot, dsync, 1000 + i + n * PAIRS.length, false);
      }
    },
  );
}

for (const seed of ONCE_BAD) {
  judged(`random history ${seed} does not end badly again`, async (dovecot) => {
    await liveHistory(dovecot, await stageDsync(dovecot), seed, true);
  });
}
