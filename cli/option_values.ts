/**
 * Values of options: dates, sizes and numbers, as doveadm takes them.
 *
 * @module
 */
import type { DeleteLimit } from "../lib/run/brake.ts";

const UNITS: Readonly<Record<string, number>> = {
  sec: 1,
  min: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
};

/**
 * A moment in seconds since 1970: such a number, `YYYY-MM-DD` (its beginning in the local time zone), `now`, or an age
 * such as `2 weeks`; null where it is none. `now` in seconds.
 */
export const parseMoment = (text: string, now: number): number | null => {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  if (text === "now") return now;
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  if (year !== undefined) {
    const date = new Date(Number(year), Number(month) - 1, Number(day));
    const isIt = date.getMonth() === Number(month) - 1 && date.getDate() === Number(day);
    return isIt ? Math.floor(date.getTime() / 1000) : null;
  }
  const [, count, unit] = /^(\d{1,9}) *(sec|min|hour|day|week)[a-z]*$/i.exec(text) ?? [];
  return unit === undefined ? null : now - Number(count) * UNITS[unit.toLowerCase()]!;
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
