/** Every recorded merge that needs no mode of ours, with a real doveadm at the other end of a pipe. */
import { type Deviation, DEVIATIONS } from "../../scenarios/deviations.ts";
import { type OtherRun, playAll } from "../../scenarios/play.ts";
import { linesOf, readScenarios, type SideName, visibleOf } from "../../scenarios/scenario.ts";
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

if (hasDovecot) {
  const dovecot = await Dovecot.start();
  addEventListener("unload", () => void Deno.removeSync(dovecot.machine.root, { recursive: true }));
  const play = (other: OtherRun, leftOut: readonly string[]): void =>
    playAll(
      ({ id, stores, command }) => command.includes("-s") || leftOut.includes(id) ? [] : [stores],
      other,
    );
  play({
    title: "ours is the master",
    run: oursIsMaster(dovecot),
    deviations: deviations("b", [...NOTICED, "backup-dest-expunged", "backup-reverse"]),
  }, []);
  play({
    title: "ours is the slave",
    run: oursIsSlave(dovecot),
    deviations: deviations("a", ["backup-dest-expunged"]),
    // There the Dovecot deletes its INBOX and gives up.
  }, ["backup-reverse"]);
}
