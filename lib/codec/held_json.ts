/**
 * What a hold knows of its mails, as JSON lines: one for each mail that was taken away, and one for each that was put
 * back.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import * as t from "io-ts";
import type { HeldMail } from "../model/held.ts";
import { guid, uid } from "../model/ids.ts";
import { mailboxName } from "../model/mailbox.ts";

const number = t.refinement(t.Int, (n) => n >= 1 && n <= 0xffffffff);

const LINE = t.type({
  at: t.string,
  location: t.string,
  mailbox: t.string,
  uid: number,
  guid: t.string,
  reason: t.string,
  heldIn: t.string,
  heldUid: number,
  isBack: t.boolean,
});

/** A line for a mail that was taken away, or put back. */
export const formatHeldLine = (held: HeldMail, isBack: boolean): string =>
  `${JSON.stringify({ ...held, isBack })}\n`;

const parseLine = (line: string): readonly [HeldMail, boolean] | null => {
  try {
    const read = LINE.decode(JSON.parse(line));
    if (E.isLeft(read)) return null;
    const { isBack, ...held } = read.right;
    return [{
      ...held,
      mailbox: mailboxName(held.mailbox),
      uid: uid(held.uid),
      guid: guid(held.guid),
      heldIn: mailboxName(held.heldIn),
      heldUid: uid(held.heldUid),
    }, isBack];
  } catch {
    return null;
  }
};

/** The mails of a hold that have not been put back, oldest first; lines that cannot be read are left out. */
export const parseHeld = (text: string): readonly HeldMail[] => {
  const held = new Map<string, HeldMail>();
  for (const line of text.split("\n")) {
    const read = parseLine(line);
    if (read === null) continue;
    const [mail, isBack] = read;
    const key = `${mail.heldUid} ${mail.heldIn}`;
    if (isBack) held.delete(key);
    else held.set(key, mail);
  }
  return [...held.values()];
};
