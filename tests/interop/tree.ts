/**
 * Files as they lie on the disk: what of a tree has changed.
 *
 * @module
 */
import { join } from "node:path";
import { statSync } from "node:fs";

/** Size, mtime in nanoseconds and inode of each file and directory, by path below the root. */
export type Tree = ReadonlyMap<string, string>;

/**
 * Takes a picture of a tree; an absent root is an empty one. `ctime` also has that time, and the root: then no write at
 * all goes unseen.
 */
export const treeOf = (root: string, ctime: "ctime" | null = null): Tree => {
  const tree = new Map<string, string>();
  const more = (path: string): string => {
    if (ctime === null) return "";
    const { ctimeNs, nlink, mode } = statSync(path, { bigint: true });
    return `, ctime ${ctimeNs}, ${nlink} links, mode ${mode}`;
  };
  if (ctime !== null) tree.set(root, more(root));
  const walk = (directory: string): void => {
    for (const { name, isDirectory } of Deno.readDirSync(join(root, directory))) {
      const path = join(directory, name);
      const { size, mtimeNs, ino } = statSync(join(root, path), { bigint: true });
      tree.set(
        path,
        `${isDirectory ? "directory" : `${size} bytes`}, mtime ${mtimeNs}, inode ${ino}${
          more(join(root, path))
        }`,
      );
      if (isDirectory) walk(path);
    }
  };
  try {
    walk("");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return tree;
};

/** The differences of two pictures, in words. */
export const treeChanges = (before: Tree, after: Tree): string[] => [
  ...[...before].filter(([path]) => !after.has(path)).map(([path]) => `${path}: gone`),
  ...[...after].filter(([path]) => !before.has(path)).map(([path]) => `${path}: new`),
  ...[...before].filter(([path, was]) => after.has(path) && after.get(path) !== was)
    .map(([path, was]) => `${path}: was ${was}; is ${after.get(path)}`),
];
