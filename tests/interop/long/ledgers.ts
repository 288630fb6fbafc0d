import { judged } from "../dovecot.ts";
import { stageDsync } from "../dsync.ts";
import { liveHistory } from "../histories.ts";
import { withLedger } from "../ledgers.ts";

const FIRST = Number(Deno.env.get("DSYNC_SEED") ?? 0);
const COUNT = Number(Deno.env.get("DSYNC_HISTORIES") ?? 100);

/** How often each reason was given. */
const counts = new Map<string, number>();

for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
  judged(
    `random history ${seed}: all decisions are told once, with their reasons`,
    async (dovecot) => {
      const nights = withLedger(dovecot, await stageDsync(dovecot), ({ kind, reason }) => {
        const what = `${kind}: ${reason}`;
        counts.set(what, (counts.get(what) ?? 0) + 1);
      });
      await liveHistory(dovecot, nights, seed, false);
    },
  );
}

judged("what the histories had in them", () => {
  for (const [what, count] of [...counts].sort()) console.log(`${count} ${what}`);
  return Promise.resolve();
});
