/**
 * Dovecot's userdb lookup: what is asked on the socket auth-userdb, and what it answers (its doc/auth-protocol, "USER").
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";
import { escapeTabs, unescapeTabs } from "./dsync_wire_escape.ts";

/** What the userdb knows of a user. */
export interface UserdbEntry {
  /** The name, as the userdb spells it. */
  readonly user: string;
  /** User id; null: not told. */
  readonly uid: number | null;
  /** Group id; null: not told. */
  readonly gid: number | null;
  /** Home directory; null: not told. */
  readonly home: string | null;
  /** Settings that the user has otherwise; `mail` stands for mail_location. */
  readonly settings: ReadonlyMap<string, string>;
}

/** The lines that ask for a user. */
export const userdbQuestion = (user: string): string =>
  `VERSION\t1\t0\nUSER\t1\t${escapeTabs(user)}\tservice=doveadm\n`;

const number = (text: string | undefined): number | null =>
  text !== undefined && /^[0-9]{1,10}$/.test(text) ? Number(text) : null;

const FIELDS: ReadonlySet<string> = new Set(["uid", "gid", "home", "mail"]);

/**
 * Parses one line of the answer. Null: it is none of our question (a greeting), and the next one is read. Errors:
 * `Missing` where there is no such user, `Io` where the lookup failed.
 */
export const parseUserdbReply = (
  line: string,
  asked: string,
): Either<SyncError, UserdbEntry | null> => {
  const [kind, id, ...rest] = line.split("\t").map(unescapeTabs);
  if (id !== "1" || !["USER", "NOTFOUND", "FAIL"].includes(kind ?? "")) return E.right(null);
  if (kind === "NOTFOUND") {
    return E.left(syncError("Missing", "run", {}, `there is no user ${asked}`));
  }
  if (kind === "FAIL") {
    const why = rest.find((field) => field.startsWith("reason="))?.slice(7);
    const what = `the userdb lookup of ${asked} failed${why === undefined ? "" : `: ${why}`}`;
    return E.left(syncError("Io", "run", {}, what));
  }
  const [user = asked, ...fields] = rest;
  const values = new Map(fields.map((field): readonly [string, string] => {
    const at = field.indexOf("=");
    return at < 0 ? [field, "yes"] : [field.slice(0, at), field.slice(at + 1)];
  }));
  const settings = new Map([...values].filter(([key]) => !FIELDS.has(key)));
  const mail = values.get("mail");
  if (mail !== undefined) settings.set("mail_location", mail);
  return E.right({
    user,
    uid: number(values.get("uid")),
    gid: number(values.get("gid")),
    home: values.get("home") ?? null,
    settings,
  });
};
