/**
 * Values of options: dates, sizes and numbers, as doveadm takes them.
 *
 * @module
 */
import type { DeleteLimit } from "../lib/run/brake.ts";

/** Units of ages with their seconds; a beginning of a name is enough, as doveadm has it. */
const UNITS: readonly (readonly [string, number])[] = [
  ["seconds", 1],
  ["secs", 1],
  ["minutes", 60],
  ["mins", 60],
  ["hours", 3600],
  ["days", 86_400],
  ["weeks", 604_800],
];

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** The end of the year 9999 in UTC: what is later has no date that could be told. */
const LATEST = 253_402_300_799;

/** Midnight of a day in seconds since 1970, by the clock of this place or of UTC; null where there is no such day. */
const dayOf = (year: number, month: number, day: number, isUtc: boolean): number | null => {
  const utc = new Date(Date.UTC(year, month, day));
  if (utc.getUTCMonth() !== month || utc.getUTCDate() !== day) return null;
  return Math.floor((isUtc ? utc : new Date(year, month, day)).getTime() / 1000);
};

const momentOf = (text: string, now: number): number | null => {
  if (/^[0-9]{1,12}$/.test(text)) return Number(text);
  if (text === "now") return now;
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  if (year !== undefined) return dayOf(Number(year), Number(month) - 1, Number(day), false);
  const [, date, name, of] = /^ ?(\d{1,2})-([a-z]{3})-(\d{4})$/i.exec(text) ?? [];
  if (name !== undefined) {
    const at = MONTHS.indexOf(name.toLowerCase());
    return at < 0 ? null : dayOf(Number(of), at, Number(date), true);
  }
  const [, count, unit] = /^(\d{1,12}) *([a-z]+)$/i.exec(text) ?? [];
  const [, seconds] =
    UNITS.find(([one]) => unit !== undefined && one.startsWith(unit.toLowerCase())) ?? [];
  return seconds === undefined ? null : now - Number(count) * seconds;
};

/**
 * A moment in seconds since 1970: such a number, `YYYY-MM-DD` (its beginning in the local time zone), `DD-Mon-YYYY` (its
 * beginning in UTC, as doveadm has it), `now`, or an age such as `2 weeks` or `1d`; null where it is none, or not between
 * 1970 and the year 9999. `now` in seconds.
 */
export const parseMoment = (text: string, now: number): number | null => {
  const moment = momentOf(text, now);
  return moment === null || moment < 0 || moment > LATEST ? null : moment;
};

const POWERS = "bkmgt";

/** A size in bytes: a number, with B, k, M, G or T behind it; null where it is none. */
export const parseSize = (text: string): number | null => {
  const [, digits, unit = "b"] = /^([0-9]{1,15})([bkmgt])?b?$/i.exec(text) ?? [];
  if (digits === undefined) return null;
  const size = Number(digits) * 1024 ** POWERS.indexOf(unit.toLowerCase());
  return Number.isSafeInteger(size) && size > 0 ? size : null;
};

/** A number of mails, or of a hundred with a "%" behind it; null where it is none. */
export const parseDeleteLimit = (text: string): DeleteLimit | null => {
  const [, digits, percent] = /^([0-9]{1,9})(%)?$/.exec(text) ?? [];
  if (digits === undefined) return null;
  if (percent === undefined) return { _tag: "Mails", count: Number(digits) };
  return Number(digits) <= 100 ? { _tag: "Share", percent: Number(digits) } : null;
};

/** A number of seconds above 0; null where it is none. */
export const parseSeconds = (text: string): number | null =>
  /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : null;

/** The same, or 0. */
export const parseSecondsOrNone = (text: string): number | null =>
  text === "0" ? 0 : parseSeconds(text);
