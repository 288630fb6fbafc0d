/**
 * For tests: which files a program has let go of.
 *
 * @module
 */

/**
 * The paths of the open files below a directory, a removed one with " (deleted)" behind it.
 *
 * Only below one directory: other tests run in this process at the same time (`deno test
 * --parallel`), so how many files it has open in all changes at any moment.
 */
export const openFilesBelow = (directory: string): readonly string[] => {
  const root = `${Deno.realPathSync(directory)}/`;
  return [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      const path = Deno.readLinkSync(`/proc/self/fd/${name}`);
      return path.startsWith(root) ? [path] : [];
    } catch {
      // Closed meanwhile, as the descriptor is that lists them.
      return [];
    }
  });
};
