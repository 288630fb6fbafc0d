/**
 * Paths of the command line that are no locations.
 *
 * @module
 */

/** The home of whoever this is; null where nothing says it. */
export const homeDirectory = (): string | null => Deno.env.get("HOME") || null;

/** The path with `~/` put in as locations have it: a shell leaves it alone behind "=". Without a home it stays as it is. */
export const homePath = (path: string): string => {
  const home = homeDirectory();
  return home !== null && path.startsWith("~/") ? `${home}/${path.slice(2)}` : path;
};
