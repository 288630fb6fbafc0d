import assert from "node:assert/strict";
import { pathParts } from "./path_parts.ts";

const ROWS: readonly (readonly [path: string, directory: string, name: string])[] = [
  ["/home/a", "/home", "a"],
  ["/home/a/", "/home", "a"],
  ["/home//a//", "/home", "a"],
  ["/a", "/", "a"],
  ["//a", "/", "a"],
  ["/", "/", ""],
  ["a", ".", "a"],
  ["a/b", "a", "b"],
  ["./a", ".", "a"],
  [".", ".", "."],
];

for (const [path, directory, name] of ROWS) {
  Deno.test(`pathParts: ${path}`, () => assert.deepEqual(pathParts(path), [directory, name]));
}
