/**
 * Variables in Dovecot's settings: `%u`, `%n`, `%d`, `%h` and their long names.
 *
 * @module
 */

/** Whose settings they are. */
export interface VariableUser {
  /** The whole name, "eve@example.org". */
  readonly user: string;
  /** The home directory. */
  readonly home: string;
  /** User id, where it is known. */
  readonly uid: number | null;
  /** Group id, where it is known. */
  readonly gid: number | null;
}

const NAMES: Readonly<Record<string, string>> = {
  u: "user",
  n: "username",
  d: "domain",
  h: "home",
  i: "uid",
};

const plainValue = (name: string, { user, home, uid, gid }: VariableUser): string | null => {
  const at = user.indexOf("@");
  switch (name) {
    case "user":
      return user;
    case "username":
      return at < 0 ? user : user.slice(0, at);
    case "domain":
      return at < 0 ? "" : user.slice(at + 1);
    case "home":
      return home;
    case "uid":
      return uid === null ? null : String(uid);
    case "gid":
      return gid === null ? null : String(gid);
    default:
      return null;
  }
};

/** 2.4's filters behind "|" in braces. */
const filtered = (value: string, filter: string, user: VariableUser): string | null => {
  switch (filter) {
    case "lower":
      return value.toLowerCase();
    case "upper":
      return value.toUpperCase();
    case "username":
      return plainValue("username", { ...user, user: value });
    case "domain":
      return plainValue("domain", { ...user, user: value });
    default:
      return null;
  }
};

const longValue = (text: string, user: VariableUser): string | null => {
  const [name = "", ...filters] = text.split("|").map((part) => part.trim());
  let value = plainValue(name, user);
  for (const filter of filters) value = value === null ? null : filtered(value, filter, user);
  return value;
};

/** The modifiers L and U, and a part: `%2.1n` is the third character of the name. */
const shortValue = (modifiers: string, letter: string, user: VariableUser): string | null => {
  const name = NAMES[letter];
  let value = name === undefined ? null : plainValue(name, user);
  if (value === null) return null;
  if (modifiers.includes("L")) value = value.toLowerCase();
  if (modifiers.includes("U")) value = value.toUpperCase();
  const [, skip, width] = /(?:(\d+)\.)?(\d+)/.exec(modifiers) ?? [];
  return width === undefined ? value : value.slice(Number(skip ?? 0)).slice(0, Number(width));
};

/**
 * Puts the values of variables into a setting. Null where it has one that we do not know: then it cannot be used.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { expandVariables } from "./dovecot_variables.ts";
 *
 * const eve = { user: "Eve@example.org", home: "/home/eve", uid: 1000, gid: null };
 * assert.equal(expandVariables("/mail/%d/%Ln", eve), "/mail/example.org/eve");
 * assert.equal(expandVariables("%{user | username | lower}:%h", eve), "eve:/home/eve");
 * assert.equal(expandVariables("%{session}", eve), null);
 * ```
 */
export const expandVariables = (text: string, user: VariableUser): string | null => {
  let isKnown = true;
  const expanded = text.replace(
    /%(?:%|\{([^}]*)\}|([LU0-9.]*)([a-zA-Z]))/g,
    (whole, long: string | undefined, modifiers: string | undefined, letter?: string) => {
      if (whole === "%%") return "%";
      const value = long === undefined
        ? shortValue(modifiers ?? "", letter ?? "", user)
        : longValue(long, user);
      if (value === null) isKnown = false;
      return value ?? "";
    },
  );
  return isKnown ? expanded : null;
};
