/**
 * Histories whose mirrors' decisions are held against what they did, as Dovecot shows it.
 *
 * @module
 */
import { type DecisionJson, parseLedgerLine } from "../../lib/codec/decision_json.ts";
import { guid128Hex } from "../../lib/codec/guid.ts";
import {
  type BoxBefore,
  happenedTo,
  lineOf,
  type SeenBox,
  type SideStory,
  wrongReasons,
} from "../property/happened.ts";
import type { Account, Dovecot } from "./dovecot.ts";
import type { Dsync } from "./dsync.ts";
import type { Nights } from "./histories.ts";
import type { Doings } from "./known_box.ts";
import type { TwoSides } from "./oracle.ts";
import { boxNamed, type Picture, type PictureBox } from "./picture.ts";
import { view } from "./view.ts";

const SIDES = ["left", "right"] as const;

/** The MODSEQ of a mail, by mailbox name and UID. */
type ModSeqs = (name: string, uid: number) => bigint;

/** The MODSEQs of an account. */
const modSeqsOf = async (dovecot: Dovecot, account: Account): Promise<ModSeqs> => {
  const { mailboxes } = await view(dovecot, account);
  return (name, uid) => mailboxes.get(name)!.mails.get(uid)!.modSeq;
};

const seenBox = (box: PictureBox, modSeqs: ModSeqs): SeenBox => ({
  ...box,
  mails: new Map(
    [...box.mails].map(([uid, { guid, flags }]) => [uid, {
      guid: guid128Hex(guid),
      flags,
      modSeq: modSeqs(box.name, uid),
    }]),
  ),
});

/** What became of a mailbox: the one with its GUID, or the one that it was made one with. */
const becameOf = (box: PictureBox, other: Picture, { dawn, night }: TwoSides) => {
  const is = night.boxes.get(box.guid);
  if (is !== undefined) return is;
  const isDeleted = dawn.boxes.has(box.guid) && !other.boxes.has(box.guid);
  const since = dawn.boxes.get(box.guid)?.uidNext ?? 0;
  if (isDeleted && [...box.mails.keys()].every((uid) => uid < since)) return null;
  const twin = boxNamed(other, box.name);
  return (twin === undefined ? undefined : night.boxes.get(twin.guid)) ??
    boxNamed(night, box.name) ?? null;
};

/** By mailbox GUID, the GUIDs of mails that users of a side ever expunged from it. */
type Expunged = ReadonlyMap<string, ReadonlySet<string>>;

const storyOf = (
  day: TwoSides,
  doings: ReadonlyMap<string, Doings>,
  side: 0 | 1,
  expunged: Expunged,
  modSeqs: ModSeqs,
): SideStory => {
  const { picture } = day.sides[side];
  const other = day.sides[1 - side]!.picture;
  return [...picture.boxes.values()].map((box) => {
    const done = doings.get(box.guid);
    const was: BoxBefore = {
      ...seenBox(box, modSeqs),
      commonUidNext: day.dawn.boxes.get(box.guid)?.uidNext ?? null,
      expunged: new Set([...expunged.get(box.guid) ?? [], ...done?.expunged ?? []]),
      wishes: done?.wishes ?? new Map(),
    };
    const is = becameOf(box, other, day);
    return { was, is: is === null ? null : seenBox(is, () => 0n) };
  });
};

const expungedIn = (story: SideStory): Expunged =>
  new Map(story.flatMap(({ was, is }) => is === null ? [] : [[is.guid, was.expunged]]));

const linesOf = (bytes: Uint8Array): readonly string[] =>
  new TextDecoder().decode(bytes).split("\n").filter((line) => line !== "");

const decisionsIn = (stdout: Uint8Array): readonly DecisionJson[] =>
  linesOf(stdout).map((line) => JSON.parse(line)).filter(({ event }) => event === "decision")
    .map(({ decision }) => decision as DecisionJson);

const differences = (what: string, told: readonly string[], happened: readonly string[]) => {
  const left = [...happened];
  const surplus = told.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [
    ...surplus.map((line) => `${what}: told, but did not happen: ${line}`),
    ...left.map((line) => `${what}: happened, but was not told: ${line}`),
  ];
};

/**
 * Mirrors of one history, each with its decisions looked at: those that it tells are all that happened, none is told that
 * did not, each has the right reason, and the ledger has the same. `count` is told of each decision.
 */
export const withLedger = (
  dovecot: Dovecot,
  dsync: Dsync,
  count: (decision: DecisionJson) => void = () => {},
): Nights => {
  let before: readonly Account[] = [];
  let decisions: readonly DecisionJson[] = [];
  let expunged: readonly [Expunged, Expunged] = [new Map(), new Map()];
  let logged = 0;
  const ledger = async (): Promise<readonly string[]> => {
    const { stdout } = await dsync.run(["log", "--json"]);
    const entries = linesOf(stdout).map((line) => parseLedgerLine(line)!);
    const fresh = entries.slice(logged).map((entry) => JSON.stringify(plain(entry)));
    logged = entries.length;
    return differences("ledger", fresh, decisions.map((one) => JSON.stringify(plain(one))));
  };
  return {
    sync: async (command, left, right, ...more) => {
      before = [await dovecot.copy(left), await dovecot.copy(right)];
      const ended = await dsync.sync(command, left, right, ...more, "--json");
      decisions = decisionsIn(ended.stdout);
      return ended;
    },
    after: async (day, doings) => {
      const asks = decisions.some(({ kind }) => kind === "flags lost");
      const [a, b] = await Promise.all(
        before.map((copy) => asks ? modSeqsOf(dovecot, copy) : () => 0n),
      );
      const stories = {
        left: storyOf(day, doings[0]!, 0, expunged[0], a!),
        right: storyOf(day, doings[1]!, 1, expunged[1], b!),
      };
      expunged = [expungedIn(stories.left), expungedIn(stories.right)];
      for (const { home } of before) await Deno.remove(home, { recursive: true });
      decisions.forEach(count);
      return [
        ...SIDES.flatMap((side) => {
          const told = decisions.filter((one) => one.side === side);
          const other = side === "left" ? stories.right : stories.left;
          return differences(side, told.map(lineOf), happenedTo(stories[side], other, told));
        }),
        ...wrongReasons(decisions, stories),
        ...await ledger(),
      ];
    },
  };
};

/** A decision without what only the ledger has, in one order. */
const plain = ({ kind, side, mailbox, uid, guid, to, reason }: DecisionJson): DecisionJson => ({
  kind,
  side,
  mailbox,
  uid,
  guid,
  to,
  reason,
});
