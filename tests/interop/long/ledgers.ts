import { judged } from "../dovecot.ts";
import { stageDsync } from "../dsync.ts";
import { liveHistory } from "../histories.ts";
import { withLedger } from "../ledgers.ts";

const FIRST = Number(Deno.env.get("DSYNC_SEED") ?? 0);
const COUNT = Number(Deno.env.get("DSYNC_HISTORIES") ?? 100);

/** How often each reason was given. */
const counts = new Map<string, number>();

// Without those of few mails hardly a flag would be contested.
for (const [fewMails, count] of [[false, COUNT], [true, COUNT / 2]] as const) {
  for (let seed = FIRST; seed < FIRST + count; seed++) {
    const what = `${seed}${fewMails ? " of few mails" : ""}`;
    judged(
      `random history ${what}: all decisions are told once, with their reasons`,
      async (dovecot) => {
        const nights = withLedger(dovecot, await stageDsync(dovecot), ({ kind, reason }) => {
          const text = `${kind}: ${reason.replace(/UID \d+$/, "another UID")}`;
          counts.set(text, (counts.get(text) ?? 0) + 1);
        });
        await liveHistory(dovecot, { ...nights, fewMails }, seed, false);
      },
    );
  }
}

judged("what the histories had in them", () => {
  for (const [what, count] of [...counts].sort()) console.log(`${count} ${what}`);
  return Promise.resolve();
});
