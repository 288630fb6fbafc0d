/**
 * For tests: the storage of an mdbox, in a directory of its own.
 *
 * @module
 */
import { makeOs } from "../../os/os.ts";
import { type Layout, layoutOf } from "./layout.ts";

export const os = makeOs();
export const bytes = (text: string) => new TextEncoder().encode(text);

export const inStorage = (
  claim: string,
  body: (layout: Layout) => void | Promise<void>,
  rotateSize = 4096,
): void =>
  Deno.test(claim, async () => {
    const root = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${root}/storage`);
      await body(layoutOf({ root, rotateSize, alt: `${root}/alt`, create: true }));
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });

export const fileNames = (layout: Layout) =>
  (os.files.list(layout.storage) ?? []).map(({ name }) => name).sort();
