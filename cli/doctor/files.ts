/**
 * The files below a mail root, as they are found without opening one.
 *
 * @module
 */
import { join } from "node:path";

/** One file or directory. */
export interface Entry {
  /** Its path. */
  readonly path: string;
  /** Its name. */
  readonly name: string;
  /** What the system says of it; a symlink is not followed. */
  readonly info: Deno.FileInfo;
}

const isGone = (thrown: unknown): boolean =>
  thrown instanceof Deno.errors.NotFound || thrown instanceof Deno.errors.PermissionDenied ||
  (thrown instanceof Error && "code" in thrown && thrown.code === "ENOTDIR");

/** What `look` gives; `otherwise` where there is nothing, or nothing that may be seen. */
const seen = <A>(look: () => A, otherwise: A): A => {
  try {
    return look();
  } catch (thrown) {
    if (isGone(thrown)) return otherwise;
    throw thrown;
  }
};

/** What is at a path; null: nothing, or nothing that may be seen. */
export const infoOf = (path: string): Deno.FileInfo | null =>
  seen(() => Deno.lstatSync(path), null);

/** The same; a symlink is followed. */
export const targetOf = (path: string): Deno.FileInfo | null =>
  seen(() => Deno.statSync(path), null);

/** Whether a directory is at a path. */
export const isDirectory = (path: string): boolean => targetOf(path)?.isDirectory === true;

/** The names in a directory, sorted; none where it is not there or may not be read. */
export const namesIn = (path: string): readonly string[] =>
  seen(() => [...Deno.readDirSync(path)].map(({ name }) => name).sort(), []);

/** Everything below a directory, parents first. Symlinks are not followed. */
export const below = function* (path: string): Generator<Entry> {
  for (const name of namesIn(path)) {
    const inner = join(path, name);
    const info = infoOf(inner);
    if (info === null) continue;
    yield { path: inner, name, info };
    if (info.isDirectory) yield* below(inner);
  }
};

/** The first bytes of a file; none where it may not be read. */
export const firstBytes = (path: string, length: number): Uint8Array =>
  seen(() => {
    const bytes = new Uint8Array(length);
    using file = Deno.openSync(path);
    return bytes.subarray(0, file.readSync(bytes) ?? 0);
  }, new Uint8Array());

/** The whole text of a small file; "" where it may not be read. */
export const smallText = (path: string): string => new TextDecoder().decode(firstBytes(path, 4096));
