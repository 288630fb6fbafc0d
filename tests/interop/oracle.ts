/**
 * What two people may expect of a mirror, told as naively as possible: from what there was in the morning, and what each
 * of them has in the evening.
 *
 * @module
 */
import { flagKey, mailKey, type Touched } from "./acts.ts";
import { boxNamed, type Picture, type PictureBox, type PictureMail } from "./picture.ts";

/** What one side did. */
export interface Evening {
  /** What it has. */
  readonly picture: Picture;
  /** What it touched. */
  readonly touched: Touched;
}

/** One day of two sides. */
export interface TwoSides {
  /** What both had in the morning. */
  readonly dawn: Picture;
  /** The two sides in the evening. */
  readonly sides: readonly [Evening, Evening];
  /** What both have after the mirror. */
  readonly night: Picture;
}

/** How often a mail may be in a mailbox at night, and with which flags. */
interface Expected {
  least: number;
  most: number;
  readonly flags: ((flags: ReadonlySet<string>) => string | null)[];
}

const text = (flags: ReadonlySet<string>): string => `(${[...flags].sort().join(" ")})`;

const sameFlags = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => text(a) === text(b);

/** Two new mails that became one: a flag that both have stays, one that neither has does not come. */
const flagsOfBoth = (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
(
  night: ReadonlySet<string>,
): string | null => {
  const isRight = a.intersection(b).isSubsetOf(night) && night.isSubsetOf(a.union(b));
  return isRight ? null : `${text(night)} should be of ${text(a)} and ${text(b)}`;
};

/** Where a mailbox of the evening is at night: the one with its GUID, else (two became one) the one with its name. */
const whereIs = (box: PictureBox, night: Picture): PictureBox | null =>
  night.boxes.get(box.guid) ?? boxNamed(night, box.name) ?? null;

/** A flag changed by one side alone has its value; by both, the one that both gave it. */
const mergedFlags = (
  { dawn, sides: [a, b] }: TwoSides,
  guid: string,
  uid: number,
) =>
(night: ReadonlySet<string>): string | null => {
  const was = dawn.boxes.get(guid)!.mails.get(uid)!.flags;
  const ofA = a.picture.boxes.get(guid)!.mails.get(uid)!.flags;
  const ofB = b.picture.boxes.get(guid)!.mails.get(uid)!.flags;
  for (const flag of new Set([...was, ...ofA, ...ofB, ...night])) {
    const [w, x, y] = [was.has(flag), ofA.has(flag), ofB.has(flag)];
    const expected = x !== w || y !== w ? !w : w;
    if (night.has(flag) === expected) continue;
    // Who sets a flag and clears it again may have meant it.
    const key = flagKey(guid, uid, flag);
    const meant = (x === w && a.touched.flags.has(key)) || (y === w && b.touched.flags.has(key));
    if (!(meant && x !== y)) {
      return `${flag} should be ${expected ? "set" : "cleared"}: it was ${text(was)}, became ` +
        `${text(ofA)} and ${text(ofB)}, and is ${text(night)}`;
    }
  }
  return null;
};

/** The mails of a box that were not there in the morning, with their UIDs. */
export const newMails = (
  box: PictureBox,
  dawn: Picture,
): readonly (readonly [number, PictureMail])[] => {
  const old = dawn.boxes.get(box.guid)?.mails;
  return [...box.mails].filter(([uid, { guid }]) => old?.get(uid)?.guid !== guid);
};

/**
 * Whether a new mail may be taken for one that the other side made and expunged in the same day: both copied one mail,
 * and the copies came to have one UID.
 */
const mayBeExpunged = (box: PictureBox, uid: number, guid: string, dawn: Picture, other: Evening) =>
  other.touched.expunged.has(mailKey(box.guid, uid)) &&
  [...dawn.boxes.values()].some(({ mails }) =>
    [...mails.values()].some((old) => old.guid === guid)
  );

const expectedMails = (
  day: TwoSides,
  wrong: string[],
): ReadonlyMap<string, ReadonlyMap<string, Expected>> => {
  const all = new Map<string, Map<string, Expected>>();
  const expect = (box: PictureBox, guid: string): Expected => {
    const mails = all.get(box.guid) ?? new Map<string, Expected>();
    all.set(box.guid, mails);
    const there = mails.get(guid) ?? { least: 0, most: 0, flags: [] };
    mails.set(guid, there);
    return there;
  };
  const { dawn, sides: [a, b], night } = day;
  for (const [guid, { mails }] of dawn.boxes) {
    const [x, y] = [a.picture.boxes.get(guid), b.picture.boxes.get(guid)];
    if (x === undefined || y === undefined) continue;
    for (const [uid, mail] of mails) {
      if (!x.mails.has(uid) || !y.mails.has(uid)) continue;
      const box = whereIs(x, night);
      if (box === null) {
        wrong.push(`${x.name} is lost`);
        break;
      }
      const expected = expect(box, mail.guid);
      expected.least++;
      expected.most++;
      expected.flags.push(mergedFlags(day, guid, uid));
    }
  }
  const news = day.sides.map(({ picture }, i) => {
    const counts = new Map<Expected, { least: number; most: number; mails: PictureMail[] }>();
    for (const box of picture.boxes.values()) {
      const added = newMails(box, dawn);
      const target = whereIs(box, night);
      if (target === null && added.length > 0) {
        wrong.push(`${box.name} is lost, with ${added.length} new mails`);
      }
      for (const [uid, mail] of target === null ? [] : added) {
        const expected = expect(target!, mail.guid);
        const { least, most, mails } = counts.get(expected) ?? { least: 0, most: 0, mails: [] };
        const sure = mayBeExpunged(box, uid, mail.guid, dawn, day.sides[1 - i]!) ? 0 : 1;
        counts.set(expected, { least: least + sure, most: most + 1, mails: [...mails, mail] });
        expected.flags.push((flags) =>
          sameFlags(flags, mail.flags) ? null : `${text(flags)} should be ${text(mail.flags)}`
        );
      }
    }
    return counts;
  });
  // One mail that both copied to one place may be one mail or two.
  for (const expected of new Set(news.flatMap((counts) => [...counts.keys()]))) {
    const [x, y] = news.map((counts) => counts.get(expected) ?? { least: 0, most: 0, mails: [] });
    for (const one of x!.mails) {
      for (const two of y!.mails) expected.flags.push(flagsOfBoth(one.flags, two.flags));
    }
    expected.least += Math.max(x!.least, y!.least);
    expected.most += x!.most + y!.most;
  }
  return all;
};

const checkMails = (day: TwoSides): string[] => {
  const wrong: string[] = [];
  const expected = expectedMails(day, wrong);
  for (const box of day.night.boxes.values()) {
    const wanted = expected.get(box.guid) ?? new Map<string, Expected>();
    const found = new Map<string, [number, PictureMail][]>();
    for (const [uid, mail] of box.mails) {
      found.set(mail.guid, [...found.get(mail.guid) ?? [], [uid, mail]]);
    }
    for (const [guid, { least, most, flags }] of wanted) {
      const mails = found.get(guid) ?? [];
      if (mails.length < least) {
        wrong.push(`${box.name}: mail ${guid} is there ${mails.length} times, not ${least}: lost`);
      }
      if (mails.length > most) {
        wrong.push(
          `${box.name}: mail ${guid} is there ${mails.length} times, not ${most}: doubled`,
        );
      }
      for (const [uid, mail] of mails) {
        // Of several copies each must be right by somebody's word.
        const words = flags.map((judge) => judge(mail.flags));
        if (!words.includes(null)) wrong.push(`${box.name} UID ${uid}: ${words[0]}`);
      }
    }
    for (const [guid, mails] of found) {
      if (!wanted.has(guid)) {
        wrong.push(
          `${box.name} UID ${mails[0]![0]}: mail ${guid} should not be there: it came back`,
        );
      }
    }
  }
  return wrong;
};

/** Names: what one side alone renamed, made or deleted is so; where names collide any is right. */
const checkNames = ({ dawn, sides: [a, b], night }: TwoSides): string[] => {
  const wrong: string[] = [];
  const guids = new Set([...a.picture.boxes.keys(), ...b.picture.boxes.keys()]);
  for (const guid of guids) {
    const [was, x, y, is] = [dawn, a.picture, b.picture, night].map(({ boxes }) => boxes.get(guid));
    const some = (x ?? y)!;
    const there = is ?? whereIs(some, night);
    const isDeleted = was !== undefined && (x === undefined || y === undefined);
    if (isDeleted && newMails(some, dawn).length === 0 && some.name !== "INBOX") {
      if (is !== undefined) {
        wrong.push(`mailbox ${is.name} was deleted as ${was.name}: it came back`);
      }
      continue;
    }
    if (there === null) {
      wrong.push(`mailbox ${some.name} is lost`);
      continue;
    }
    const renamed = [x, y].filter((box) => box !== undefined && box.name !== was?.name);
    const names = renamed.length === 0 ? [was!.name] : renamed.map((box) => box!.name);
    const free = names.every((name) => boxNamed(night, name) === undefined);
    if (!names.includes(there.name) && free) {
      wrong.push(`mailbox ${there.name} should be called ${names.join(" or ")}`);
    }
  }
  return wrong;
};

const checkSubscriptions = ({ dawn, sides: [a, b], night }: TwoSides): string[] => {
  const names = new Set(
    [dawn, a.picture, b.picture, night].flatMap(({ subscriptions }) => [...subscriptions]),
  );
  return [...names].flatMap((name) => {
    const [w, x, y, is] = [dawn, a.picture, b.picture, night].map(({ subscriptions }) =>
      subscriptions.has(name)
    );
    if (is === (x !== w || y !== w ? !w : w)) return [];
    const meant = (x === w && a.touched.subscriptions.has(name)) ||
      (y === w && b.touched.subscriptions.has(name));
    return meant && x !== y ? [] : [`subscription ${name} should ${is ? "not " : ""}be there`];
  });
};

/** What an IMAP client relies on: a UID that it has seen, or seen to be free, never becomes another mail. */
export const checkPromises = ({ dawn, sides, night }: TwoSides): string[] =>
  sides.flatMap(({ picture }, side) =>
    [...picture.boxes.values()].flatMap((box) => {
      const is = night.boxes.get(box.guid);
      const place = `side ${side + 1}, ${box.name}`;
      if (is === undefined) return [];
      const other = sides[1 - side]!.picture.boxes.get(box.guid);
      if (is.uidValidity !== box.uidValidity) {
        const mayChange = other === undefined || !dawn.boxes.has(box.guid);
        return mayChange ? [] : [`${place}: UIDVALIDITY has changed`];
      }
      const wrong: string[] = [];
      if (is.uidNext < box.uidNext) wrong.push(`${place}: UIDNEXT fell`);
      const [before, now] = [box.highestModSeq, is.highestModSeq];
      if (before !== null && now !== null && now < before) {
        wrong.push(`${place}: HIGHESTMODSEQ fell from ${before} to ${now}`);
      }
      for (const [uid, { guid }] of is.mails) {
        if (uid >= box.uidNext) continue;
        const known = box.mails.get(uid);
        if (known === undefined) wrong.push(`${place}: UID ${uid} was free below UIDNEXT`);
        else if (known.guid !== guid) wrong.push(`${place}: UID ${uid} has become another mail`);
      }
      return wrong;
    })
  );

/** What is wrong with a night, in words; none when it is as the two sides may expect. */
export const wrongAtNight = (day: TwoSides): string[] => [
  ...checkMails(day),
  ...checkNames(day),
  ...checkSubscriptions(day),
  ...checkPromises(day),
];
