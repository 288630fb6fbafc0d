/**
 * Random histories of two accounts that are mirrored every night.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Random, random } from "../sample/random.ts";
import { type Day, live } from "./acts.ts";
import { compareViews } from "./compare.ts";
import type { Account, Dovecot } from "./dovecot.ts";
import type { Dsync } from "./dsync.ts";
import type { Doings } from "./known_box.ts";
import { type Evening, newMails, type TwoSides, wrongAtNight } from "./oracle.ts";
import { differences, EMPTY_PICTURE, type Picture, pictureNow, pictureOf } from "./picture.ts";
import { type View, view } from "./view.ts";

const ROUNDS = 5;

const MAILDIR = "maildir:~/Maildir:LAYOUT=fs";
const MAILDIRPP = "maildir:~/Maildir";
const MDBOX = "mdbox:~/mdbox";

/** The pairs of stores that histories take turns with. */
export const PAIRS: readonly (readonly [string, string])[] = [
  [MAILDIR, MDBOX],
  [MDBOX, MDBOX],
  [MAILDIR, MAILDIRPP],
  [MDBOX, MAILDIRPP],
  [MDBOX, MAILDIR],
  [MAILDIRPP, MAILDIRPP],
];

/**
 * What Dovecot said, but not that it failed to open a name that it lists: with Maildir++ it takes one that is no mailbox
 * any more, but has children, for one that can be selected.
 */
export const withoutImplied = ({ complaints, names }: View): readonly string[] => {
  const isImplied = (line: string): boolean => {
    const [, name = ""] = /Mailbox doesn't exist: (.*)$/.exec(line) ?? [];
    return name !== "" && names.some((other) => other.startsWith(`${name}/`));
  };
  const rest = complaints.filter((line) => !isImplied(line));
  return rest.length === complaints.length ? rest : rest.filter((line) => !/: exit 68$/.test(line));
};

/**
 * A view in what both formats can hold and both sides keep: without \NoSelect names that have no mailbox below them.
 */
const common = (seen: View): View => ({
  ...seen,
  complaints: withoutImplied(seen),
  names: seen.names.filter((name) =>
    [...seen.mailboxes.keys()].some((box) => `${box}/`.startsWith(`${name}/`))
  ),
});

/** What both sides hold after a mirror, and what is wrong with it. */
interface Night {
  readonly picture: Picture;
  readonly wrong: readonly string[];
}

/**
 * Compares both sides in everything that can be seen of them. `ownSaves`: GUIDs of mails that both sides saved for
 * themselves (each moved its copy of one mail to one place): each keeps the date that its users have seen.
 */
const lookClosely = async (
  dovecot: Dovecot,
  sides: readonly [Account, Account],
  ownSaves: ReadonlySet<string>,
): Promise<Night> => {
  const [left, right] = await Promise.all(
    sides.map(async (side) => common(await view(dovecot, side))),
  );
  const isOwn = (line: string): boolean => {
    const [, name = "", uid = ""] = /^mailbox (.*) UID (\d+): saved is/.exec(line) ?? [];
    return ownSaves.has(left!.mailboxes.get(name)?.mails.get(Number(uid))?.guid ?? "");
  };
  // Each MODSEQ is compared where the expected side keeps them.
  const wrong = [...compareViews(left!, right!), ...compareViews(right!, left!)]
    .filter((line) => !isOwn(line));
  return { picture: pictureOf(left!), wrong };
};

/** GUIDs of mails that both sides have where they were not in the morning. */
const savedByBoth = (dawn: Picture, days: TwoSides["sides"]): readonly string[] => {
  const [a, b] = days.map(({ picture }) =>
    [...picture.boxes.values()].flatMap((box) => newMails(box, dawn).map(([, { guid }]) => guid))
  );
  return a!.filter((guid) => b!.includes(guid));
};

/** Compares both sides in what a session tells of them: a tenth of the time. */
const glance = async (
  dovecot: Dovecot,
  sides: readonly [Account, Account],
  tracked: readonly [boolean, boolean],
): Promise<Night> => {
  const [left, right] = await Promise.all(
    ([0, 1] as const).map((side) => pictureNow(dovecot, sides[side], tracked[side])),
  );
  return { picture: left!, wrong: differences(left!, right!) };
};

/** What is taken for right where another than dsync takes part. */
export interface Leniency {
  /** Names of mailboxes that it cannot have. */
  readonly without: readonly string[];
  /** Whether it says so of its own doing. */
  readonly isKnown: (line: string) => boolean;
  /** Whether it may be so, by its own rules. */
  readonly isFine: (line: string, day: TwoSides) => boolean;
}

/**
 * Dovecot 2.3.19.1 may give a copy in a Maildir the file of another mail with the same GUID, where that is named like the
 * GUID: its uidlist then has the file twice, and it wonders about that when it reads it.
 */
export const isTwiceInList = (line: string): boolean =>
  /dovecot-uidlist: Duplicate file entry at line/.test(line);

const STRICT: Leniency = { without: [], isKnown: isTwiceInList, isFine: () => false };

/** An evening, before the mirror. */
export interface LivedEvening extends Omit<TwoSides, "night"> {
  /** The two sides. */
  readonly accounts: readonly [Account, Account];
  /** Chance that goes on. */
  readonly chance: Random;
  /** Whether a side's sessions ask for MODSEQs. */
  readonly tracked: readonly [boolean, boolean];
  /** Stands in mails that come now. */
  readonly label: string;
}

/** What mirrors, and what else happens at night. */
export interface Nights extends Pick<Dsync, "sync"> {
  /** Whether the days go to a few mails of the INBOX, which both sides change. */
  readonly fewMails?: boolean;
  /** Happens before the mirror; gives what both sides did until then, what was done, and what was wrong with it. */
  readonly before?: (evening: LivedEvening) => Promise<{
    readonly sides: readonly [Evening, Evening];
    readonly diary: readonly string[];
    readonly wrong: readonly string[];
  }>;
  /** Says what else is wrong after the mirror; `doings`: what was done on either side in the day. */
  readonly after?: (
    day: TwoSides,
    doings: readonly ReadonlyMap<string, Doings>[],
  ) => Promise<readonly string[]>;
}

/** One history: five days on two sides, a mirror every night. Throws with all that was done when something is wrong. */
export const liveHistory = async (
  dovecot: Dovecot,
  nights: Nights,
  seed: number,
  thorough: boolean,
  leniency: Leniency = STRICT,
): Promise<void> => {
  const chance = random(seed);
  const locations = PAIRS[seed % PAIRS.length]!;
  const sides = [
    await dovecot.account(locations[0]),
    await dovecot.account(locations[1]),
  ] as const;
  const tracked = [chance.chance(50), chance.chance(50)] as const;
  const diary: string[] = [];
  const ownSaves = new Set<string>();
  let dawn: Picture = EMPTY_PICTURE;
  for (let round = 1; round <= ROUNDS; round++) {
    const days: Day[] = [];
    for (const side of [0, 1] as const) {
      const most = round === 1 ? 30 : 14;
      const acts = chance.chance(30) ? 0 : 1 + chance.int(most);
      const label = `${seed}.${round}.${side + 1}`;
      const { without, isKnown } = leniency;
      const how = {
        acts,
        chance,
        label,
        tracked: tracked[side],
        without,
        isFine: isKnown,
        fewMails: nights.fewMails === true,
      };
      const day = await live(dovecot, sides[side], dawn, how);
      diary.push(...day.diary.map((line) => `${label} ${line}`));
      days.push(day);
    }
    const label = `${seed}.${round}`;
    const lived: TwoSides["sides"] = [days[0]!, days[1]!];
    const evening = { dawn, sides: lived, accounts: sides, chance, tracked, label };
    const interlude = await nights.before?.(evening);
    diary.push(...interlude?.diary ?? []);
    const sidesAtNight = interlude?.sides ?? lived;
    savedByBoth(dawn, sidesAtNight).forEach((guid) => ownSaves.add(guid));
    const { code, stderr, stdout } = await nights.sync("mirror", ...sides, "-v");
    diary.push(`mirror ${round}: exit ${code}\n${new TextDecoder().decode(stdout)}`);
    const night = thorough || round === ROUNDS
      ? await lookClosely(dovecot, sides, ownSaves)
      : await glance(dovecot, sides, tracked);
    const whole: TwoSides = { dawn, sides: sidesAtNight, night: night.picture };
    const wrong = [
      ...interlude?.wrong ?? [],
      ...(code === 0 && stderr === "" ? [] : [`exit ${code}: ${stderr}`]),
      ...[...night.wrong, ...wrongAtNight(whole)].filter((line) =>
        !leniency.isKnown(line) && !leniency.isFine(line, whole)
      ),
      ...await nights.after?.(whole, days.map(({ doings }) => doings)) ?? [],
    ];
    const place = `history ${seed} (${locations.join(", ")}), round ${round}`;
    assert.deepEqual(wrong, [], `${place}\n${diary.join("\n")}`);
    dawn = night.picture;
  }
  for (const { home } of sides) await Deno.remove(home, { recursive: true });
};
