/**
 * What one account holds at one moment, as far as histories are judged by it: taken over a running IMAP session (cheap),
 * or from a {@linkcode View}.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { parseModifiedUtf7 } from "../../lib/codec/modified_utf7.ts";
import type { Account, Dovecot } from "./dovecot.ts";
import { type ImapSession, imapString } from "./imap.ts";
import type { View } from "./view.ts";

/** One mail. */
export interface PictureMail {
  /** GUID. */
  readonly guid: string;
  /** Flags and keywords in lower case, without \Recent. */
  readonly flags: ReadonlySet<string>;
}

/** One mailbox. */
export interface PictureBox {
  /** Its name at that moment. */
  readonly name: string;
  /** Mailbox GUID. */
  readonly guid: string;
  /** UIDVALIDITY. */
  readonly uidValidity: number;
  /** UIDNEXT. */
  readonly uidNext: number;
  /** HIGHESTMODSEQ; null where it was not asked for. */
  readonly highestModSeq: bigint | null;
  /** By UID. */
  readonly mails: ReadonlyMap<number, PictureMail>;
}

/** An account. */
export interface Picture {
  /** By mailbox GUID. */
  readonly boxes: ReadonlyMap<string, PictureBox>;
  /** Subscribed names. */
  readonly subscriptions: ReadonlySet<string>;
}

/** Nothing. */
export const EMPTY_PICTURE: Picture = { boxes: new Map(), subscriptions: new Set() };

const flagSet = (words: string): ReadonlySet<string> =>
  new Set(
    words.toLowerCase().split(" ").filter((word) => word !== "" && word !== "\\recent").sort(),
  );

const must = (match: RegExpExecArray | null, line: string): RegExpExecArray => {
  if (match === null) throw new Error(`not understood: ${line}`);
  return match;
};

/** The names that LIST or LSUB tells, \NoSelect ones left out. */
const namesIn = (untagged: readonly string[]): string[] =>
  untagged.filter((line) => /^(LIST|LSUB) /.test(line) && !/^LIST \([^)]*\\Noselect/i.test(line))
    .map((line) => {
      const [, quoted, plain = ""] = must(/ "\/" (?:"(.*)"|(.*))$/.exec(line), line);
      const name = parseModifiedUtf7(quoted?.replace(/\\(.)/g, "$1") ?? plain);
      if (E.isLeft(name)) throw new Error(line);
      return name.right;
    });

const takeBox = async (
  imap: ImapSession,
  name: string,
  tracked: boolean,
): Promise<PictureBox | null> => {
  const items = `X-GUID UIDVALIDITY UIDNEXT${tracked ? " HIGHESTMODSEQ" : ""}`;
  // SELECT brings the mailbox in order first: a Maildir's files may have changed.
  const select = `SELECT ${imapString(name)}${tracked ? " (CONDSTORE)" : ""}`;
  const selected = await imap.send(select);
  // With Maildir++ a name that is no mailbox any more, but has children, may still be listed as one.
  if (selected.status === "NO" && selected.text.startsWith("Mailbox doesn't exist")) return null;
  if (selected.status !== "OK") throw new Error(`${select}: ${selected.text}`);
  const { untagged: [status = ""] } = await imap.ok(`STATUS ${imapString(name)} (${items})`);
  const number = (key: string): string =>
    must(RegExp(`${key} ([0-9a-f]+)`).exec(status), status)[1]!;
  const { untagged } = await imap.ok("UID FETCH 1:* (FLAGS X-GUID)");
  const mails = new Map(
    untagged.filter((line) => / FETCH \(UID /.test(line)).map((line): [number, PictureMail] => {
      const [, uid, flags, guid] = must(
        /FETCH \(UID (\d+) FLAGS \(([^)]*)\) X-GUID ([^ )]+)/.exec(line),
        line,
      );
      return [Number(uid), { guid: guid!, flags: flagSet(flags!) }];
    }),
  );
  return {
    name,
    guid: number("X-GUID"),
    uidValidity: Number(number("UIDVALIDITY")),
    uidNext: Number(number("UIDNEXT")),
    highestModSeq: tracked ? BigInt(number("HIGHESTMODSEQ")) : null,
    mails,
  };
};

/** Takes a picture over a session; `tracked`: with MODSEQs, which Dovecot keeps from then on. Selects mailboxes. */
export const takePicture = async (imap: ImapSession, tracked: boolean): Promise<Picture> => {
  const boxes = new Map<string, PictureBox>();
  for (const name of namesIn((await imap.ok(`LIST "" "*"`)).untagged)) {
    const box = await takeBox(imap, name, tracked);
    if (box !== null) boxes.set(box.guid, box);
  }
  const subscriptions = new Set(namesIn((await imap.ok(`LSUB "" "*"`)).untagged));
  return { boxes, subscriptions };
};

/** A picture of an account in a session of its own. */
export const pictureNow = async (
  dovecot: Dovecot,
  account: Account,
  tracked: boolean,
): Promise<Picture> => {
  await using imap = await dovecot.imap(account);
  const picture = await takePicture(imap, tracked);
  const said = await imap.close();
  if (said !== "") throw new Error(said);
  return picture;
};

/** The picture that a view shows. */
export const pictureOf = ({ mailboxes, subscriptions }: View): Picture => ({
  boxes: new Map(
    [...mailboxes].map(([name, { guid, uidValidity, uidNext, highestModSeq, mails }]) => [guid, {
      name,
      guid,
      uidValidity,
      uidNext,
      highestModSeq,
      mails: new Map(
        [...mails].map(([uid, mail]) => [uid, { guid: mail.guid, flags: flagSet(mail.flags) }]),
      ),
    }]),
  ),
  subscriptions: new Set(subscriptions),
});

/** The mailbox of a name. */
export const boxNamed = ({ boxes }: Picture, name: string): PictureBox | undefined =>
  [...boxes.values()].find((box) => box.name === name);

const boxText = ({ name, uidValidity, uidNext, mails }: PictureBox): string =>
  [
    `${name} UIDVALIDITY ${uidValidity} UIDNEXT ${uidNext}`,
    ...[...mails].map(([uid, mail]) => `${uid} ${mail.guid} (${[...mail.flags].join(" ")})`),
  ].join("\n");

/** How two pictures differ, in words; MODSEQs apart. */
export const differences = (left: Picture, right: Picture): string[] => {
  const wrong: string[] = [];
  for (const guid of new Set([...left.boxes.keys(), ...right.boxes.keys()])) {
    const [a, b] = [left, right].map(({ boxes }) => boxes.get(guid));
    const [x, y] = [a, b].map((box) => box === undefined ? "nothing" : boxText(box));
    if (x !== y) wrong.push(`mailbox ${guid}: left ${x}\nright ${y}`);
  }
  const [x, y] = [left, right].map(({ subscriptions }) => [...subscriptions].sort().join(", "));
  if (x !== y) wrong.push(`subscriptions: left ${x}; right ${y}`);
  return wrong;
};
