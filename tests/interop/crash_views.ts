/**
 * What Dovecot makes of two stores that a killed run has left, and of what the next run makes of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Crash, Verdict } from "../crash/crash.ts";
import type { PairScenario } from "../crash/pairs.ts";
import type { Format } from "../crash/sides.ts";
import { compareViews } from "./compare.ts";
import type { Account, Dovecot } from "./dovecot.ts";
import { trials } from "./judge.ts";
import { type View, view } from "./view.ts";

const SIDES = ["left", "right"] as const;
type Side = typeof SIDES[number];

const locationOf = (side: Side, format: Format): string =>
  format === "mdbox"
    ? `mdbox:~/${side}`
    : `maildir:~/${side}${format === "fs" ? ":LAYOUT=fs" : ""}`;

/** A side of a home; where nothing is yet, null: Dovecot would make an account there. */
const accountAt = async (home: string, side: Side, format: Format): Promise<Account | null> => {
  try {
    await Deno.stat(`${home}/${side}`);
    return { home, location: locationOf(side, format) };
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    throw thrown;
  }
};

/** What Dovecot shows of both sides, asked on copies. */
const viewsOf = async (
  dovecot: Dovecot,
  { formats }: PairScenario,
  home: string,
): Promise<Partial<Record<Side, View>>> => {
  await dovecot.machine.own(home);
  const views: Partial<Record<Side, View>> = {};
  for (const side of SIDES) {
    const account = await accountAt(home, side, formats[side]);
    if (account !== null) views[side] = await view(dovecot, account);
  }
  return views;
};

/** Half a record of a log: Dovecot 2.3 gives up the log, its own as well as ours. A kill alone cannot do that. */
const isTornLog = ({ step, torn }: Crash): boolean => torn && step.path.endsWith(".log");

/** How often each mail, by its bytes, is in each mailbox. */
const mailsIn = (seen: View): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const [name, { mails }] of seen.mailboxes) {
    for (const { sha256 } of mails.values()) {
      const key = `${name}: ${sha256}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
  }
  return counts;
};

/**
 * Dovecot looks at copies: it finds nothing to complain of after the kill, and after the next run sees what the whole
 * run has left, which stands its trials.
 */
export const watched = (dovecot: Dovecot, pair: PairScenario): Verdict => {
  const expected: Partial<Record<Side, View>> = {};
  return {
    whole: async (_start, whole) => {
      Object.assign(expected, await viewsOf(dovecot, pair, whole));
    },
    crashed: async (home, crash) => {
      if (isTornLog(crash)) return;
      const views = await viewsOf(dovecot, pair, home);
      for (const side of SIDES) assert.deepEqual(views[side]?.complaints ?? [], [], side);
    },
    mended: async (home) => {
      const views = await viewsOf(dovecot, pair, home);
      for (const side of SIDES) {
        const differences = compareViews(expected[side]!, views[side]!, {
          modSeq: "ignore",
          saved: false,
        });
        assert.deepEqual(differences, [], side);
        const account = await accountAt(home, side, pair.formats[side]);
        assert.deepEqual(await trials(dovecot, account!, views[side]!), [], side);
      }
    },
  };
};

/**
 * Dovecot works in the stores themselves between the kill and the next run, and may give UIDs to what it finds: no mail
 * is lost or comes twice all the same, and both sides are alike.
 */
export const disturbed = (dovecot: Dovecot, pair: PairScenario): Verdict => {
  const expected: Partial<Record<Side, Record<string, number>>> = {};
  return {
    whole: async (_start, whole) => {
      const views = await viewsOf(dovecot, pair, whole);
      for (const side of SIDES) expected[side] = mailsIn(views[side]!);
    },
    crashed: async (home, crash) => {
      if (isTornLog(crash)) return;
      await dovecot.machine.own(home);
      for (const side of SIDES) {
        const account = await accountAt(home, side, pair.formats[side]);
        if (account === null) continue;
        await dovecot.quietly(account, ["mailbox", "status", "messages uidnext", "*"]);
        await dovecot.quietly(account, ["fetch", "uid guid flags", "ALL"]);
      }
    },
    mended: async (home) => {
      const { left, right } = await viewsOf(dovecot, pair, home) as Record<Side, View>;
      assert.deepEqual(mailsIn(left), expected.left, "left");
      assert.deepEqual(mailsIn(right), expected.right, "right");
      const differences = compareViews(left, right, { modSeq: "not lower", saved: false })
        .filter((line) => !line.startsWith("name "));
      assert.deepEqual(differences, []);
    },
  };
};
