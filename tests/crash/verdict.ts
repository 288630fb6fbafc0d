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
import type { Verdict } from "./crash.ts";
import { audit } from "./mdbox_audit.ts";
import { type Picture, pictureOf } from "./picture.ts";
import type { Scenario } from "./scenario.ts";
import { type Formats, withSide } from "./sides.ts";

const SIDES: readonly Side[] = ["left", "right"];

/** What a client sees of both sides of a home. */
export type Pictures = Readonly<Record<Side, Picture>>;

/** Reads both sides. */
export const picturesOf = async (home: string, formats: Formats): Promise<Pictures> => ({
  left: await withSide(makeOs(), home, "left", formats.left, pictureOf),
  right: await withSide(makeOs(), home, "right", formats.right, pictureOf),
});

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
  const { success, stderr } = await new Deno.Command("cp", { args: ["-a", home, copy] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return copy;
};

const guidsIn = (...pictures: readonly Picture[]): Set<string> =>
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
): Promise<void> => {
  // A look gives UIDs to mails that have none yet, which the next run shall do itself.
  const copy = await copyOf(home);
  const { left, right } = await picturesOf(copy, formats);
  const there = guidsIn(left, right);
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

/** Runs once more and gives what was written: nothing, if the run before has done it all. */
const stepsOfAnotherRun = async (scenario: Scenario, home: string): Promise<string[]> => {
  const steps: DurableStep[] = [];
  await scenario.run(makeOs({ onStep: (step) => void steps.push(step) }), home);
  return steps.map(({ kind, path }) => `${kind} ${relative(home, path)}`);
};

/**
 * The verdict on a scenario of two sides. After a crash: no mail is lost. After the next run: both sides are as the run
 * that was not interrupted has left them, no file is left over, refcounts are exact, and a third run writes nothing.
 */
export const pairVerdict = (
  scenario: Scenario,
  formats: Formats,
): Verdict & { readonly whole: (start: string, whole: string) => Promise<void> } => {
  let expected: Pictures;
  let paths: readonly string[];
  let before: ReadonlySet<string>;
  return {
    whole: async (start, whole) => {
      const copy = await copyOf(start);
      const { left, right } = await picturesOf(copy, formats);
      before = guidsIn(left, right);
      await Deno.remove(copy, { recursive: true });
      expected = await picturesOf(whole, formats);
      paths = await pathsIn(whole);
      checkStorage(whole, formats);
      assert.deepEqual(await stepsOfAnotherRun(scenario, whole), [], "the second run");
    },
    crashed: (home) =>
      checkNothingLost(home, before, guidsIn(expected.left, expected.right), formats),
    mended: async (home) => {
      assert.deepEqual(await picturesOf(home, formats), expected);
      assert.deepEqual(await stepsOfAnotherRun(scenario, home), [], "a third run");
      checkStorage(home, formats);
      assert.deepEqual(await pathsIn(home), paths, "what is left over");
    },
  };
};
