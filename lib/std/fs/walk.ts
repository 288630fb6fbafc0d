/**
 * Stand-in for `@std/fs/walk`: every entry under a directory.
 *
 * @module
 */
import { basename, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

/** An entry that {@linkcode walk} found. */
export interface WalkEntry extends Deno.DirEntry {
  /** Its path, which begins with the root's. */
  path: string;
}

/** Settings of {@linkcode walk}. */
export interface WalkOptions {
  /** How deep to go; 0 is the root alone. Default: to the bottom. */
  maxDepth?: number;
  /** Whether files are given. Default true. */
  includeFiles?: boolean;
  /** Whether directories are given, the root among them. Default true. */
  includeDirs?: boolean;
  /** Whether symlinks are given; they are never followed. Default true. */
  includeSymlinks?: boolean;
  /** Endings of names; others are not given, but are walked through. */
  exts?: string[];
  /** Paths that match one of these are not given and not walked through. */
  skip?: RegExp[];
}

/** Gives the root and all that lies under it, a directory before its entries, otherwise in no order. */
export async function* walk(
  root: string | URL,
  options: WalkOptions = {},
): AsyncIterableIterator<WalkEntry> {
  const { maxDepth = Infinity, includeFiles = true, includeDirs = true, includeSymlinks = true } =
    options;
  const exts = options.exts?.map((ext) => ext.startsWith(".") ? ext : `.${ext}`);
  const skipped = (path: string): boolean =>
    options.skip?.some((pattern) => path.match(pattern) !== null) ?? false;
  const wanted = (path: string): boolean =>
    (exts?.some((ext) => path.endsWith(ext)) ?? true) && !skipped(path);

  if (maxDepth < 0) return;
  const top = root instanceof URL ? fileURLToPath(root) : root;
  if (includeDirs && wanted(top)) {
    const path = normalize(top);
    const { isFile, isDirectory, isSymlink } = await Deno.stat(path);
    yield { path, name: basename(path), isFile, isDirectory, isSymlink };
  }
  if (maxDepth < 1 || skipped(top)) return;
  for await (const entry of Deno.readDir(top)) {
    const path = join(top, entry.name);
    if (entry.isDirectory) {
      yield* walk(path, { ...options, maxDepth: maxDepth - 1 });
    } else if ((entry.isSymlink ? includeSymlinks : includeFiles) && wanted(path)) {
      yield { path, ...entry };
    }
  }
}
