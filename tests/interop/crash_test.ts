/** A sample of kills, with Dovecot as the judge; all of them are in long/crash.ts. */
import { crashEverywhere } from "../crash/crash.ts";
import { PAIRS } from "../crash/pairs.ts";
import { disturbed, watched } from "./crash_views.ts";
import { judged } from "./dovecot.ts";

/** The pairs of the ordinary run: each format is written to, and each scenario comes with it. */
const TITLES = [
  "first_mirror, mdbox to maildir",
  "merge, maildir to mdbox",
  "backup, mdbox to fs",
];

for (const pair of PAIRS.filter(({ title }) => TITLES.includes(title))) {
  const { title, module, atLeast } = pair;
  judged(`${title}: Dovecot finds nothing wrong after a kill`, async (dovecot) => {
    await crashEverywhere(module, watched(dovecot, pair), { atLeast, sample: 3 });
  });
  judged(`${title}: Dovecot may come between a kill and the next run`, async (dovecot) => {
    await crashEverywhere(module, disturbed(dovecot, pair), { atLeast, sample: 3 });
  });
}
