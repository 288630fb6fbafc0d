/** Recorded merges with a real doveadm at the other end of a pipe, ours in either role. */
import { type Deviation, DEVIATIONS } from "../../scenarios/deviations.ts";
import { type OtherRun, playAll } from "../../scenarios/play.ts";
import type { Format } from "../../scenarios/account.ts";
import {
  linesOf,
  readScenarios,
  type Scenario,
  type SideName,
  visibleOf,
} from "../../scenarios/scenario.ts";
import { Dovecot, hasDovecot, oursIsMaster, oursIsSlave } from "./scenarios.ts";

/** Where two Dovecots differ after the first run: ours comes to what the Dovecot has, so both are equal at once. */
const SETTLED_AT_ONCE: readonly string[] = [
  "rename-to-created",
  "swap-names",
  "rename-parent",
  "rename-child-out",
  "rename-and-subscribe",
];

/** As a master ours has a mailbox compared although its numbers are equal; as a slave it cannot. */
const NOTICED: readonly string[] = [
  "uid-conflict-1-1",
  "uid-gap-both",
  "expunge-both-different",
  "flag-add-both-equal-count",
  "flag-replace-a",
  "backup-both-new-mail",
  "backup-both-flags-equal-count",
  "oneway-both-new",
  "only-mailbox",
];

/** As a master ours goes on where a saved state does not fit. */
const COMPARED_ANEW: Deviation = {
  why:
    "compares all, and ends as two Dovecots without a state; a Dovecot fails, and has to be called again",
  end: ["INBOX box1 V1 next 4: 1 m1, 2 m2, 3 m3", "work box2 V2 next 6: 2 w2, 3 b3, 4 w1, 5 x1"],
};

const deviations = (
  dovecotIs: SideName,
  asOurs: readonly string[],
): Readonly<Record<string, Deviation>> =>
  Object.fromEntries([
    ...asOurs.map((id) => [id, DEVIATIONS[id]!]),
    ...readScenarios().filter(({ id }) => SETTLED_AT_ONCE.includes(id)).map((scenario) => [
      scenario.id,
      {
        why: "equal at once",
        end: linesOf(scenario, visibleOf(scenario, scenario.after[dovecotIs])),
      },
    ]),
  ]);

/** The formats of both sides. */
export type Formats = Readonly<Record<SideName, Format>>;

/** As the destination of a backup a Dovecot would delete its INBOX, which a Maildir cannot: it gives up each time. */
const DELETES_INBOX: readonly string[] = [
  "backup-dest-new-mail",
  "backup-both-new-mail",
  "backup-dest-expunged",
];

/** Whether a Dovecot with a Maildir at its end comes to the end; there it makes \NoSelect names selectable, too. */
const isForMaildir = (id: string): boolean =>
  !DELETES_INBOX.includes(id) && id !== "create-directory";

/** Plays every recorded merge in the pairs of formats that `pairsOf` gives for it. */
export const playWithDovecot = async (
  pairsOf: (scenario: Scenario) => readonly Formats[],
  anyIdentity = false,
): Promise<void> => {
  if (!hasDovecot) return;
  const dovecot = await Dovecot.start();
  addEventListener("unload", () => void Deno.removeSync(dovecot.machine.root, { recursive: true }));
  const play = (other: OtherRun, dovecotIs: SideName, leftOut: readonly string[]): void =>
    playAll(
      (scenario) =>
        leftOut.includes(scenario.id)
          ? []
          : pairsOf(scenario).filter((formats) =>
            dovecotIs === "a" || formats.b !== "maildir" || isForMaildir(scenario.id)
          ),
      other,
    );
  play(
    {
      title: "ours is the master",
      run: oursIsMaster(dovecot),
      complaints: {},
      deviations: {
        ...deviations("b", [
          ...NOTICED,
          "backup-dest-expunged",
          "backup-reverse",
          "stateful-b-only",
        ]),
        "stateful-stale": COMPARED_ANEW,
      },
      anyIdentity,
    },
    "b",
    [],
  );
  play(
    {
      title: "ours is the slave",
      run: oursIsSlave(dovecot),
      // As a Dovecot would, ours says that it has lost the mailbox: the next run compares all.
      complaints: { "stateful-stale": /the saved state does not fit/ },
      deviations: deviations("a", ["backup-dest-expunged"]),
      anyIdentity,
    },
    "a",
    // There the Dovecot deletes its INBOX and gives up.
    ["backup-reverse"],
  );
};
