/**
 * Where a path leads, and by which name.
 *
 * @module
 */

/** A path as the directory that holds it, and its name there. "/" and "." are in themselves, by the names "" and ".". */
export const pathParts = (path: string): readonly [directory: string, name: string] => {
  const bare = path.replace(/\/+$/, "");
  const at = bare.lastIndexOf("/");
  if (at < 0) return bare === "" ? ["/", ""] : [".", bare];
  return [bare.slice(0, at).replace(/\/+$/, "") || "/", bare.slice(at + 1)];
};
