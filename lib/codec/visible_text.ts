/**
 * Text of others, such as names of mailboxes, as a part of a line for people.
 *
 * @module
 */

/** Control characters of ASCII and Latin-1, and what Unicode has for line ends. */
// deno-lint-ignore no-control-regex -- these are what it is about
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g;

/**
 * The text with control characters written as `\n`, `\t` or by their numbers, `\x1b`: nobody's name may begin a line of
 * its own, or tell a terminal what to do.
 */
export const visibleText = (text: string): string =>
  text.replaceAll(CONTROL, (one) => {
    if (one === "\n") return "\\n";
    if (one === "\t") return "\\t";
    const code = one.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
  });
