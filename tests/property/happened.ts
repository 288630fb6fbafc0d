/**
 * What a mirror did to one side, told from what there was before and after and from what the users had done, without any
 * of the mirror's own rules: what the decisions of a run are held against.
 *
 * @module
 */
import type { DecisionJson } from "../../lib/codec/decision_json.ts";

/** A mail. */
export interface SeenMail {
  /** GUID in its 128-bit form, hex digits. */
  readonly guid: string;
  /** Flags and keywords, in lower case. */
  readonly flags: ReadonlySet<string>;
  /** MODSEQ. */
  readonly modSeq: bigint;
}

/** What users did last to the flags and keywords of a mail since the sides were last equal; in lower case. */
export interface Wishes {
  /** Those that they set. */
  readonly set: ReadonlySet<string>;
  /** Those that they cleared. */
  readonly cleared: ReadonlySet<string>;
}

/** A mailbox at one moment. */
export interface SeenBox {
  /** Its name. */
  readonly name: string;
  /** Mailbox GUID. */
  readonly guid: string;
  /** UIDVALIDITY. */
  readonly uidValidity: number;
  /** UIDNEXT. */
  readonly uidNext: number;
  /** By UID. */
  readonly mails: ReadonlyMap<number, SeenMail>;
}

/** A mailbox before a mirror. */
export interface BoxBefore extends SeenBox {
  /** Its UIDNEXT when the sides were last equal; null: they never were. */
  readonly commonUidNext: number | null;
  /** GUIDs of the mails that users of this side ever expunged from it. */
  readonly expunged: ReadonlySet<string>;
  /** By UID. */
  readonly wishes: ReadonlyMap<number, Wishes>;
}

/** A mailbox before, and what became of it; null: it is gone. */
export interface BoxStory {
  /** Before. */
  readonly was: BoxBefore;
  /** After. */
  readonly is: SeenBox | null;
}

/** What became of the mailboxes of a side. */
export type SideStory = readonly BoxStory[];

const SYSTEM_FLAGS = ["\\answered", "\\deleted", "\\draft", "\\flagged", "\\seen"];

/** Whether all flags were written anew, or it looks like that: then what a log calls cleared may have been so before. */
const isWholesale = ({ set, cleared }: Wishes): boolean =>
  SYSTEM_FLAGS.every((flag) => set.has(flag) || cleared.has(flag));

/** The UIDs of a mailbox's mails that were told to have others now, as far as that is so. */
const movedIn = (
  { was, is }: BoxStory,
  told: readonly DecisionJson[],
): ReadonlyMap<number, number> => {
  const moved = new Map<number, number>();
  // Of copies of one mail it cannot be seen which went where: that much is taken from what was told, and checked.
  for (const { kind, mailbox, uid, to } of told) {
    if (kind !== "renumbered" || mailbox !== is?.name) continue;
    const guid = was.mails.get(uid!)?.guid;
    if (guid !== undefined && guid === is.mails.get(Number(to))?.guid) moved.set(uid!, Number(to));
  }
  return moved;
};

/** Whether the other side's users deleted a mailbox that both sides had. */
const isDeletedThere = ({ was }: BoxStory, other: SideStory): boolean =>
  was.commonUidNext !== null && other.every(({ was: { guid } }) => guid !== was.guid);

/** The mails of a mailbox that the other side never had. */
const newcomersOf = ({ commonUidNext, mails }: BoxBefore): readonly number[] =>
  [...mails.keys()].filter((uid) => uid >= (commonUidNext ?? 0));

const mailLines = (story: BoxStory, told: readonly DecisionJson[]): readonly string[] => {
  const { was } = story;
  const is = story.is!;
  const lines: string[] = [];
  const isSame = (uid: number): boolean =>
    is.mails.has(uid) && is.mails.get(uid)!.guid === was.mails.get(uid)?.guid;
  const moved = movedIn(story, told);
  const targets = new Set(moved.values());
  for (const uid of was.mails.keys()) {
    if (isSame(uid)) continue;
    if (moved.has(uid)) lines.push(`renumbered: ${is.name} ${uid} ${moved.get(uid)}`);
    else lines.push(`removed: ${is.name} ${uid}`);
  }
  for (const [uid, { guid }] of is.mails) {
    if (!isSame(uid) && !targets.has(uid) && was.expunged.has(guid)) {
      lines.push(`came back: ${is.name} ${uid}`);
    }
  }
  for (const [uid, wishes] of was.wishes) {
    const before = was.mails.get(uid);
    const at = moved.get(uid) ?? uid;
    const after = is.mails.get(at);
    if (before === undefined || after?.guid !== before.guid) continue;
    const isClear = (flag: string): boolean => !isWholesale(wishes) || !flag.startsWith("\\");
    const undone = [
      ...[...wishes.set].filter((flag) => before.flags.has(flag) && !after.flags.has(flag))
        .map((flag) => `+${flag}`),
      ...[...wishes.cleared].filter(isClear)
        .filter((flag) => !before.flags.has(flag) && after.flags.has(flag))
        .map((flag) => `-${flag}`),
    ];
    if (undone.length > 0) lines.push(`flags lost: ${is.name} ${at} ${undone.sort().join(" ")}`);
  }
  return lines;
};

/**
 * What happened to a side, as lines that what was told of it must come to ({@linkcode lineOf}), sorted. `other`: what
 * happened to the other side.
 */
export const happenedTo = (
  side: SideStory,
  other: SideStory,
  told: readonly DecisionJson[],
): readonly string[] =>
  side.flatMap((story) => {
    const { was, is } = story;
    if (is === null) return [`mailbox removed: ${was.name}`];
    const lines: string[] = [];
    if (is.name !== was.name) lines.push(`mailbox renamed: ${was.name} ${is.name}`);
    if (is.guid !== was.guid || is.uidValidity !== was.uidValidity) {
      lines.push(`mailbox merged: ${is.name}`);
    }
    if (isDeletedThere(story, other)) {
      lines.push(`mailbox kept: ${is.name} ${newcomersOf(was).length}`);
    }
    return [...lines, ...mailLines(story, told)];
  }).sort();

/** What was told, as one of the lines of {@linkcode happenedTo}. */
export const lineOf = ({ kind, mailbox, uid, to }: DecisionJson): string => {
  const what = kind === "flags lost" ? to!.toLowerCase().split(" ").sort().join(" ") : to;
  return [`${kind}:`, mailbox, uid, what].filter((part) => part !== null).join(" ");
};

/** The reasons of a mirror. */
const REASON = {
  deleted: "it was deleted on the other side",
  named: "the other side has it by that name",
  nameTaken: "another mailbox has the name that it had",
  united: "the other side has a mailbox of that name, which was made apart from this one",
  stays: "mail has come to it since that the other side never saw",
  boxGone: "the other side deleted the mailbox when it was in it",
  expunged: "it was expunged on the other side",
  surplus: "it is a second copy of a mail of which the other side has fewer",
  otherMail: "the other side has another mail at that UID",
  elsewhere: (uid: number) => `the other side has the mail at UID ${uid}`,
  passed: "the other side can give that UID to no mail any more",
  ownCopy: "it was expunged here, but the other side has it as a mail of its own",
  higher: "the other side's change has the higher MODSEQ",
  singleFlags: "all flags were written anew here, and only single ones on the other side",
  tie: "both changes have one MODSEQ, and then the other side's counts",
} as const;

/** A mailbox as the mails of two sides are merged: of a deleted one that stays only the newcomers are left. */
const mergedMails = (story: BoxStory, other: SideStory): ReadonlyMap<number, SeenMail> =>
  isDeletedThere(story, other)
    ? new Map(newcomersOf(story.was).map((uid) => [uid, story.was.mails.get(uid)!]))
    : story.was.mails;

const withGuid = (mails: ReadonlyMap<number, SeenMail>, guid: string): readonly number[] =>
  [...mails].filter(([, mail]) => mail.guid === guid).map(([uid]) => uid);

const flagReasons = (
  here: BoxBefore,
  there: BoxBefore,
  uid: number,
  { side, to }: DecisionJson,
): readonly string[] => {
  const [mail, mine] = [here.mails.get(uid)!, here.wishes.get(uid)!];
  const others = withGuid(there.mails, mail.guid);
  // Of several copies it cannot be seen which is whose.
  return (others.includes(uid) ? [uid] : others).flatMap((at) => {
    const theirs = there.wishes.get(at);
    if (theirs === undefined) return [];
    const higher = there.mails.get(at)!.modSeq - mail.modSeq;
    if (higher > 0n) return [REASON.higher];
    const isOfFlags = /[+-]\\/.test(to!);
    if (isOfFlags && isWholesale(mine) && !isWholesale(theirs)) return [REASON.singleFlags];
    // The left side is the master.
    return higher === 0n && side === "right" ? [REASON.tie] : [];
  });
};

/** The reasons that are right for a decision: one, but where it cannot be seen of which copies it speaks. */
const reasonsOf = (
  decision: DecisionJson,
  stories: Readonly<Record<"left" | "right", SideStory>>,
  told: readonly DecisionJson[],
): readonly string[] => {
  const { kind, side, mailbox, uid, to } = decision;
  const [own, other] = side === "left"
    ? [stories.left, stories.right]
    : [stories.right, stories.left];
  const isOld = kind === "mailbox removed" || kind === "mailbox renamed";
  const story = own.find(({ was, is }) => (isOld ? was : is)?.name === mailbox);
  // After the mirror both sides know a mailbox by one GUID.
  const twin = other.find(({ is }) => is?.guid === story?.is?.guid) ?? null;
  const there = twin === null ? null : { ...twin.was, mails: mergedMails(twin, own) };
  if (story === undefined) return [];
  const { was } = story;
  switch (kind) {
    case "mailbox removed":
      return isDeletedThere(story, other) ? [REASON.deleted] : [];
    case "mailbox renamed":
      return there?.name === to ? [REASON.named] : own.some(({ is }) => is?.name === was.name) ||
          other.some(({ was: { name } }) => name === was.name)
        ? [REASON.nameTaken]
        : [];
    case "mailbox merged":
      return there !== null && there.guid !== was.guid ? [REASON.united] : [];
    case "mailbox kept":
      return [REASON.stays];
    case "came back": {
      const guid = story.is!.mails.get(uid!)!.guid;
      return there !== null && withGuid(there.mails, guid).length > 0 ? [REASON.ownCopy] : [];
    }
    case "flags lost": {
      const moved = [...movedIn(story, told)].find(([, target]) => target === uid);
      return there === null ? [] : flagReasons(was, there, moved?.[0] ?? uid!, decision);
    }
    case "removed": {
      if (isDeletedThere(story, other) && uid! < was.commonUidNext!) return [REASON.boxGone];
      const { guid } = was.mails.get(uid!)!;
      if (there === null) return [];
      if (there.expunged.has(guid)) return [REASON.expunged];
      const count = (mails: ReadonlyMap<number, SeenMail>) => withGuid(mails, guid).length;
      return count(was.mails) > Math.max(1, count(there.mails)) ? [REASON.surplus] : [];
    }
    case "renumbered": {
      const { guid } = was.mails.get(uid!)!;
      if (there === null) return [];
      const at = there.mails.get(uid!);
      if (at !== undefined && at.guid !== guid) return [REASON.otherMail];
      const others = withGuid(there.mails, guid).filter((one) => one !== uid);
      if (others.length > 0) return others.map(REASON.elsewhere);
      return uid! < there.uidNext ? [REASON.passed] : [];
    }
    case "mailbox replaced":
      return [];
  }
};

/** The decisions whose reason is not right, each with those that would be. */
export const wrongReasons = (
  decisions: readonly DecisionJson[],
  stories: Readonly<Record<"left" | "right", SideStory>>,
): readonly string[] =>
  decisions.flatMap((decision) => {
    const told = decisions.filter(({ side }) => side === decision.side);
    const right = reasonsOf(decision, stories, told);
    return right.includes(decision.reason) ? [] : [
      `${decision.side}: ${lineOf(decision)}: "${decision.reason}", should be ${
        right.map((reason) => `"${reason}"`).join(" or ") || "no decision"
      }`,
    ];
  });
