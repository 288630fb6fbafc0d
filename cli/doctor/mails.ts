/**
 * Mails that cannot be taken over as they are stored.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { nameSize } from "../../lib/codec/maildir_name.ts";
import { type Complaint, firstOf, type Patient, quoted, run } from "./complaint.ts";
import { below, type Entry, firstBytes } from "./files.ts";

/** What compressed files begin with, and the program that unpacks them. */
const COMPRESSIONS: readonly (readonly [string, readonly number[], string])[] = [
  ["gzip", [0x1f, 0x8b], "gzip -dc"],
  ["bzip2", [0x42, 0x5a, 0x68], "bzip2 -dc"],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz -dc"],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd], "zstd -dc"],
];

const isMail = ({ path, info }: Entry): boolean => info.isFile && /\/(cur|new)\/[^/]+$/.test(path);

/** Unpacks in place: name, time and owner stay. */
const unpack = (program: string, path: string): string => {
  const spare = quoted(join(dirname(dirname(path)), "tmp", "dsync-doctor"));
  const file = quoted(path);
  return `${program} < ${file} > ${spare} && touch -r ${file} ${spare} && ` +
    `cat ${spare} > ${file} && touch -r ${spare} ${file} && rm ${spare}`;
};

const examineMail = ({ path, name, info }: Entry): readonly Complaint[] => {
  const said = nameSize(name, "S");
  if (said === info.size) return [];
  const start = firstBytes(path, 6);
  const found = COMPRESSIONS.find(([, magic]) => magic.every((byte, i) => start[i] === byte));
  if (found !== undefined) {
    const [kind, , program] = found;
    const mend = { _tag: "Run", command: unpack(program, path) } as const;
    return [{ where: path, what: `a mail that is compressed with ${kind}`, mend }];
  }
  if (said === null) return [];
  const right = name.replace(/,S=[0-9]+/, `,S=${info.size}`).replace(/,W=[0-9]+/, "");
  const what = `its name says ${said} bytes, and it has ${info.size}`;
  return [{ where: path, what, mend: run("mv", path, join(dirname(path), right)) }];
};

/** The mails of one side, if they are files of their own. Cost: some bytes of each mail without a right size in its name. */
export const examineMails = ({ location }: Patient): readonly Complaint[] => {
  if (location.format !== "maildir") return [];
  return firstOf([...below(location.root)].filter(isMail).flatMap(examineMail));
};
