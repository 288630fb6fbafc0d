/**
 * Histories whose nights are planned first: the plan touches nothing, and what it has is all that the night needs; or
 * something changes before it is carried out, and then only what still fits is done.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import assert from "node:assert/strict";
import { join } from "node:path";
import { parsePlan, stepValue } from "../../lib/codec/plan_json.ts";
import type { PlanStep } from "../../lib/model/plan.ts";
import { live, type Touched } from "./acts.ts";
import { absolute, type Account, type Dovecot } from "./dovecot.ts";
import type { Dsync } from "./dsync.ts";
import { isTwiceInList, type Nights } from "./histories.ts";
import type { Ended } from "./machine.ts";
import { checkPromises, type Evening } from "./oracle.ts";
import { differences, type Picture, pictureNow } from "./picture.ts";
import { changesOf, changesOfStep } from "./steps.ts";
import { treeChanges, treeOf } from "./tree.ts";

/** How the second side is reached. */
export type Way = "folder" | "pipe";

/** The words of a second side. */
const wordsOf = (dsync: Dsync, to: Account, way: Way): readonly string[] =>
  way === "folder" ? [absolute(to)] : [
    "env",
    `DENO_DIR=${dsync.cache}`,
    dsync.program,
    ...dsync.args(["-o", `mail_location=${absolute(to)}`, "server"]),
  ];

/**
 * A dsync whose every sync is a plan, which must leave both sides and its own memory as they are, and then the plan
 * carried out. That ends with status 0 only if each step of it was done, and no other was needed.
 */
export const planning = (dsync: Dsync, way: Way): Pick<Dsync, "sync"> => ({
  sync: async (command, from, to, ...more) => {
    const file = join(dsync.home, "plan.json");
    const homes = [from.home, to.home];
    const before = homes.map((home) => treeOf(home, "ctime"));
    const words = [command, ...wordsOf(dsync, to, way)];
    const settings = ["-o", `mail_location=${absolute(from)}`];
    const planned = await dsync.run([...settings, "plan", "--out", file, ...words]);
    homes.forEach((home, i) =>
      assert.deepEqual(treeChanges(before[i]!, treeOf(home, "ctime")), [], "a plan touches nothing")
    );
    if (planned.code !== 0) return planned;
    return await dsync.run([...more, "apply", file]);
  },
});

const SIDES = ["left", "right"] as const;

type Both<A> = readonly [A, A];

const both = (a: Touched, b: Touched): Touched => ({
  flags: a.flags.union(b.flags),
  subscriptions: a.subscriptions.union(b.subscriptions),
  expunged: a.expunged.union(b.expunged),
});

/** What an `apply` told. */
interface Told {
  /** The steps that it says were not done, as JSON. */
  readonly notDone: ReadonlySet<string>;
  /** How many problems it told of. */
  readonly problems: number;
}

const toldBy = ({ stdout }: Ended): Told => {
  const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  return {
    notDone: new Set(
      lines.flatMap(({ event, step }) => event === "step" ? [JSON.stringify(step)] : []),
    ),
    problems: lines.filter(({ event }) => event === "problem").length,
  };
};

const renamedIn = (step: PlanStep | undefined): string | null =>
  step?._tag === "Tree" && step.operation._tag === "RenameMailbox" ? step.operation.guid : null;

/** Whether a step gives a mailbox a name on its way to another. */
const isOnTheWay = (step: PlanStep, later: readonly PlanStep[]): boolean =>
  renamedIn(step) !== null && later.some((one) => renamedIn(one) === renamedIn(step));

/** What is wrong with how a plan was carried out. */
const wrongApply = (
  steps: readonly PlanStep[],
  before: Both<Picture>,
  after: Both<Picture>,
  ended: Ended,
): readonly string[] => {
  const wrong: string[] = [];
  const { notDone, problems } = toldBy(ended);
  let isWhole = differences(...after).length === 0;
  for (const i of [0, 1] as const) {
    const own = steps.filter(({ side }) => side === SIDES[i]);
    const changes = new Set(changesOf(before[i], after[i], own));
    const planned = new Set(own.flatMap(changesOfStep));
    for (const change of changes.difference(planned)) {
      wrong.push(`${SIDES[i]}: done, but not planned: ${change}`);
    }
    for (const [at, step] of own.entries()) {
      const text = JSON.stringify(stepValue(step));
      const of = changesOfStep(step);
      // Of names without mails only what is told is known.
      const isDone = of.length === 0
        ? !notDone.has(text)
        : of.every((change) => changes.has(change)) || isOnTheWay(step, own.slice(at + 1));
      isWhole &&= isDone;
      if (isDone === notDone.has(text)) {
        wrong.push(`${SIDES[i]}: ${isDone ? "" : "not "}done, told otherwise: ${text}`);
      }
    }
  }
  const { code, stderr } = ended;
  const expected = notDone.size === 0 && problems === 0 ? 0 : 2;
  if (code !== expected) wrong.push(`exit ${code}, should be ${expected}: ${stderr}`);
  if (isWhole !== (code === 0)) {
    wrong.push(`exit ${code}, though the plan was ${isWhole ? "" : "not "}all: ${stderr}`);
  }
  const count = notDone.size === 0 ? "" : `${notDone.size} of ${steps.length} steps were not done:`;
  if (!stderr.includes(count)) wrong.push(`"${count}" is not in: ${stderr}`);
  return wrong;
};

/**
 * Nights in which a plan is made, then one side changes (or both do), and then the plan is carried out: only planned steps
 * are done, what no longer fits is named and left, and the mirror that comes last settles the rest. `count` is told how
 * many steps there were, and how many were done.
 */
export const overtaken = (
  dovecot: Dovecot,
  dsync: Dsync,
  way: Way,
  count: (planned: number, left: number) => void = () => {},
): Nights => {
  const file = join(dsync.home, "plan.json");
  let seen: Both<Evening> | null = null;
  return {
    sync: (command, from, to, ...more) =>
      dsync.run([
        "-o",
        `mail_location=${absolute(from)}`,
        ...more,
        command,
        ...wordsOf(dsync, to, way),
      ]),
    before: async ({ sides, accounts, chance, tracked, label, dawn }) => {
      const [left, right] = accounts;
      const words = ["mirror", ...wordsOf(dsync, right, way)];
      const settings = ["-o", `mail_location=${absolute(left)}`];
      const planned = await dsync.run([...settings, "plan", "--out", file, ...words]);
      assert.deepEqual([planned.code, planned.stderr], [0, ""]);
      const plan = parsePlan(await Deno.readTextFile(file));
      if (E.isLeft(plan)) throw new Error(plan.left.what);
      const { steps } = plan.right;
      const diary: string[] = [`planned: ${steps.length} steps`];
      const changed: Evening[] = [];
      const who = chance.pick(["left", "right", "both"]);
      for (const i of [0, 1] as const) {
        const { picture, touched } = sides[i];
        if (who !== "both" && who !== SIDES[i]) {
          changed.push(sides[i]);
          continue;
        }
        const name = `${label}.${i + 1}.late`;
        const day = await live(dovecot, accounts[i], picture, {
          acts: 1 + chance.int(8),
          chance,
          label: name,
          tracked: tracked[i],
          without: [],
          isFine: isTwiceInList,
        });
        diary.push(...day.diary.map((line) => `${name} ${line}`));
        changed.push({ picture: day.picture, touched: both(touched, day.touched) });
      }
      const evening: Both<Evening> = [changed[0]!, changed[1]!];
      const applied = await dsync.run(["--json", "apply", file]);
      const now = [
        await pictureNow(dovecot, left, tracked[0]),
        await pictureNow(dovecot, right, tracked[1]),
      ] as const;
      seen = [
        { picture: now[0], touched: evening[0].touched },
        { picture: now[1], touched: evening[1].touched },
      ];
      const before = [evening[0].picture, evening[1].picture] as const;
      const wrong = [
        ...wrongApply(steps, before, now, applied),
        ...checkPromises({ dawn, sides: [evening[0], evening[1]], night: now[0] })
          .filter((line) => line.startsWith("side 1")),
        ...checkPromises({ dawn, sides: [evening[0], evening[1]], night: now[1] })
          .filter((line) => line.startsWith("side 2")),
      ];
      const text = new TextDecoder().decode(applied.stdout);
      diary.push(`apply: exit ${applied.code}\n${text}${applied.stderr}`);
      count(steps.length, toldBy(applied).notDone.size);
      return { sides: evening, diary, wrong };
    },
    after: (day) => Promise.resolve(checkPromises({ ...day, sides: seen! })),
  };
};
