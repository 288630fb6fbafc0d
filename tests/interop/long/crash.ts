/** Every kill of every scenario, with Dovecot as the judge. */
import { crashEverywhere } from "../../crash/crash.ts";
import { PAIRS } from "../../crash/pairs.ts";
import { disturbed, watched } from "../crash_views.ts";
import { judged } from "../dovecot.ts";

for (const pair of PAIRS) {
  const { title, module, atLeast } = pair;
  judged(`${title}: Dovecot finds nothing wrong after a kill at any step`, async (dovecot) => {
    await crashEverywhere(module, watched(dovecot, pair), { atLeast });
  });
  judged(`${title}: Dovecot may come between any kill and the next run`, async (dovecot) => {
    await crashEverywhere(module, disturbed(dovecot, pair), { atLeast });
  });
}
