/**
 * The floor: what any converter must do, and nothing else. `floor.ts gather FROM TO N` reads every file below FROM, N at
 * a time (one is faster with warm caches, many with cold ones), counts its lines, and writes the bytes into one file in
 * big pieces; `floor.ts scatter FROM TO N` reads big files and writes their bytes out as N files of one size. Needs no
 * package: it is copied to where the runs are.
 *
 * @module
 */
import { join } from "node:path";

const PIECE = 2 << 20;
const LF = 10;

const filesBelow = (directory: string): readonly string[] =>
  [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) => {
    const path = join(directory, name);
    return isDirectory ? filesBelow(path) : [path];
  });

const linesIn = (bytes: Uint8Array): number => {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) lines++;
  return lines;
};

const writeAll = (file: Deno.FsFile, bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
};

const gather = async (from: string, to: string, inFlight: number): Promise<number> => {
  using out = Deno.openSync(join(to, "all"), { write: true, createNew: true });
  const paths = filesBelow(from);
  const piece = new Uint8Array(PIECE);
  let [next, used, lines] = [0, 0, 0];
  const keep = (bytes: Uint8Array): void => {
    lines += linesIn(bytes);
    if (used + bytes.length > PIECE) {
      writeAll(out, piece.subarray(0, used));
      used = 0;
    }
    if (bytes.length > PIECE) return writeAll(out, bytes);
    piece.set(bytes, used);
    used += bytes.length;
  };
  const reader = async (): Promise<void> => {
    while (next < paths.length) keep(await Deno.readFile(paths[next++]!));
  };
  if (inFlight > 1) await Promise.all(Array.from({ length: inFlight }, reader));
  else for (const path of paths) keep(Deno.readFileSync(path));
  writeAll(out, piece.subarray(0, used));
  return lines;
};

const scatter = (from: string, to: string, count: number): number => {
  const paths = filesBelow(from);
  const total = paths.reduce((sum, path) => sum + Deno.statSync(path).size, 0);
  const size = Math.max(1, Math.ceil(total / count));
  let [made, lines] = [0, 0];
  for (const path of paths) {
    const bytes = Deno.readFileSync(path);
    lines += linesIn(bytes);
    for (let at = 0; at < bytes.length; at += size) {
      Deno.writeFileSync(join(to, `${made++}`), bytes.subarray(at, at + size), { createNew: true });
    }
  }
  return lines;
};

if (import.meta.main) {
  const [work, from, to, number] = Deno.args;
  const run = work === "gather" ? gather : scatter;
  console.log(await run(from!, to!, Number(number)));
}
