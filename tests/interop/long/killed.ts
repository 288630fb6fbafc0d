/** Random histories of which every mirror is first killed at a random moment: 200 kills. */
import assert from "node:assert/strict";
import { random } from "../../sample/random.ts";
import { judged } from "../dovecot.ts";
import { stageDsync } from "../dsync.ts";
import { liveHistory } from "../histories.ts";
import { MortalDsync } from "../mortal.ts";

const KILLS = 200;

judged(
  `${KILLS} kills at random moments of mirrors: nothing is lost or doubled`,
  async (dovecot) => {
    const dsync = new MortalDsync(dovecot, await stageDsync(dovecot), random(7));
    for (let seed = 9001; dsync.kills < KILLS; seed++) {
      await liveHistory(dovecot, dsync, seed, true);
    }
    assert.ok(dsync.traces > KILLS / 4, `only ${dsync.traces} kills left something`);
  },
);
