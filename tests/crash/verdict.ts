/**
 * What must hold after a crash and after the run that follows it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { relative } from "node:path";
import { walk } from "@std/fs/walk";
import type { Side } from "../../lib/model/report.ts";
import { type DurableStep, makeOs } from "../../lib/os/os.ts";
import { copyTree, type Crash, type Verdict } from "./crash.ts";
import { audit } from "./mdbox_audit.ts";
import { type Picture, pictureOf } from "./picture.ts";
import type { Scenario } from "./scenario.ts";
import { type Formats, withSide } from "./sides.ts";

const SIDES: readonly Side[] = ["left", "right"];

/** What a client sees of both sides of a home. */
export type Pictures = Readonly<Record<Side, Picture>>;

/** Reads both sides. `isTorn` as with `pictureOf`. */
export const picturesOf = async (
  home: string,
  formats: Formats,
  isTorn: boolean = false,
): Promise<Pictures> => {
  const read = (side: Side) =>
    withSide(makeOs(), home, side, formats[side], (store) => pictureOf(store, isTorn));
  return { left: await read("left"), right: await read("right") };
};

/**
 * The paths below a home, each once, with a star for what every run chooses anew: names of mails and numbers of files
 * m.N. What a run leaves behind shows here, under whatever name.
 */
export const pathsIn = async (home: string): Promise<readonly string[]> => {
  const paths = new Set<string>();
  for await (const { path } of walk(home, { includeDirs: true })) {
    paths.add(
      relative(home, path)
        .replace(/(cur|new)\/.*$/, "$1/*")
        .replace(/storage\/m\.\d+$/, "storage/m.*"),
    );
  }
  return [...paths].sort();
};

const copyOf = async (home: string): Promise<string> => {
  const copy = `${home}-copy`;
  await copyTree(home, copy);
  return copy;
};

const bodiesIn = (...pictures: readonly Picture[]): Set<string> =>
  new Set(
    pictures.flatMap(({ mailboxes }) =>
      Object.values(mailboxes).flatMap(({ mails }) => mails.map(({ bytes }) => bytes))
    ),
  );

/** Nothing that the whole run keeps is gone, wherever it lies in between. */
const checkNothingLost = async (
  home: string,
  before: ReadonlySet<string>,
  kept: ReadonlySet<string>,
  formats: Formats,
  { torn }: Crash,
): Promise<void> => {
  // A look gives UIDs to mails that have none yet, which the next run shall do itself.
  const copy = await copyOf(home);
  const { left, right } = await picturesOf(copy, formats, torn);
  const there = bodiesIn(left, right);
  const lost = [...before].filter((mail) => kept.has(mail) && !there.has(mail));
  assert.deepEqual(lost, [], "mails are lost");
  await Deno.remove(copy, { recursive: true });
};

const checkStorage = (home: string, formats: Formats): void => {
  for (const side of SIDES) {
    if (formats[side] !== "mdbox") continue;
    assert.deepEqual(audit(`${home}/${side}`), { harm: [], litter: [] }, `the ${side} storage`);
  }
};

const stepsOfAnotherRun = async (scenario: Scenario, home: string): Promise<readonly string[]> => {
  const steps: DurableStep[] = [];
  await scenario.run(makeOs({ onStep: (step) => void steps.push(step) }), home);
  return steps.map(({ kind, path }) => `${kind} ${relative(home, path)}`);
};

/** So often another run may learn that what it finds has been as it is for two seconds, mailbox by mailbox. */
const MOST_LEARNING = 3;

/**
 * Runs once more: nothing is written, if the run before has done it all, but what a mirror remembers. That is written
 * once files have not been touched for two seconds, and then no more.
 */
const checkNothingIsWritten = async (
  scenario: Scenario,
  home: string,
  what: string,
): Promise<void> => {
  let steps: readonly string[] = [];
  for (let run = 0; run <= MOST_LEARNING; run++) {
    steps = await stepsOfAnotherRun(scenario, home);
    assert.deepEqual(steps.filter((step) => !/ memory(\/|$)/.test(step)), [], what);
    if (steps.length === 0) return;
  }
  assert.deepEqual(steps, [], what);
};

/**
 * What becomes of MODSEQs. "equal": a first copy has those of the original. "alike": a merge gives changed mails new
 * ones, how high depends on how often it was begun, but both sides have the same. "above": a backup never lowers those
 * that its destination has given to changes of its own.
 */
export type ModSeqRule = "equal" | "alike" | "above";

type ModSeqs = Readonly<Record<string, number>>;

/** MODSEQs by mailbox and UID; 0 stands for the highest. */
const modSeqsOf = ({ mailboxes }: Picture): ModSeqs =>
  Object.fromEntries(
    Object.entries(mailboxes).flatMap(([name, { highestModSeq, mails }]) => [
      [`${name} 0`, highestModSeq],
      ...mails.map(({ uid, modSeq }) => [`${name} ${uid}`, modSeq]),
    ]),
  );

/** \Recent is for the first who looks: a mail that lay there when the next run came has been looked at. */
const lasting = (picture: Picture): Picture => ({
  ...picture,
  mailboxes: Object.fromEntries(
    Object.entries(picture.mailboxes).map(([name, box]) => [name, {
      ...box,
      highestModSeq: 0,
      firstRecentUid: 0,
      mails: box.mails.map((mail) => ({ ...mail, modSeq: 0 })),
    }]),
  ),
});

const checkPictures = (actual: Pictures, expected: Pictures, rule: ModSeqRule): void => {
  for (const side of SIDES) {
    assert.deepEqual(lasting(actual[side]), lasting(expected[side]), side);
  }
  for (const [name, box] of Object.entries(actual.left.mailboxes)) {
    const least = expected.left.mailboxes[name]!.firstRecentUid;
    assert.ok(box.firstRecentUid >= least, `${name}: \\Recent mails have come back`);
    const other = actual.right.mailboxes[name]!.firstRecentUid;
    if (rule !== "above") assert.equal(other, box.firstRecentUid, `${name}: \\Recent on the right`);
  }
  const [left, right] = [modSeqsOf(actual.left), modSeqsOf(actual.right)];
  if (rule === "equal") assert.deepEqual(left, modSeqsOf(expected.left), "MODSEQs on the left");
  if (rule !== "above") assert.deepEqual(right, left, "MODSEQs of both sides");
  else {
    const lower = Object.keys(left).filter((key) => left[key]! > right[key]!);
    assert.deepEqual(lower, [], "MODSEQs that are lower on the right");
  }
};

/** The verdict on a scenario of two sides. */
export interface PairVerdict extends Verdict {
  /** Learns what to expect: what there was before, and what the run that nobody interrupted makes of it. */
  readonly whole: (start: string, whole: string) => Promise<void>;
  /** After the next run: all is as the whole run has left it, nothing is left over, a third run writes nothing. */
  readonly mended: (home: string) => Promise<void>;
}

/** Makes the verdict: after a crash no mail is lost, and the next run mends all. */
export const pairVerdict = (
  scenario: Scenario,
  formats: Formats,
  rule: ModSeqRule,
): PairVerdict => {
  let expected: Pictures;
  let paths: readonly string[];
  let before: ReadonlySet<string>;
  return {
    whole: async (start, whole) => {
      const copy = await copyOf(start);
      const { left, right } = await picturesOf(copy, formats);
      before = bodiesIn(left, right);
      await Deno.remove(copy, { recursive: true });
      expected = await picturesOf(whole, formats);
      paths = await pathsIn(whole);
      checkPictures(expected, expected, rule);
      checkStorage(whole, formats);
      await checkNothingIsWritten(scenario, whole, "a second run writes");
    },
    crashed: (home, crash) =>
      checkNothingLost(home, before, bodiesIn(expected.left, expected.right), formats, crash),
    mended: async (home) => {
      checkPictures(await picturesOf(home, formats), expected, rule);
      await checkNothingIsWritten(scenario, home, "a third run writes");
      checkStorage(home, formats);
      assert.deepEqual(await pathsIn(home), paths, "what is left over");
    },
  };
};
