/**
 * Mails that cannot be taken over as they are stored.
 *
 * @module
 */
import { dirname, join } from "node:path";
import {
  type Compression,
  compressionOf,
  isReadable,
  MAGIC_SIZE,
} from "../../lib/codec/compression.ts";
import { nameSize } from "../../lib/codec/maildir_name.ts";
import { type Complaint, firstOf, type Mend, type Patient, quoted, run } from "./complaint.ts";
import { below, type Entry, firstBytes } from "./files.ts";

/** The programs that decompress; null: none can. */
const PROGRAMS: Readonly<Record<Compression, string | null>> = {
  gzip: "gzip -dc",
  bzip2: "bzip2 -dc",
  xz: "xz -dc",
  zstd: "zstd -dc",
  lz4: null,
  mail_crypt: null,
};

const isMail = ({ path, info }: Entry): boolean => info.isFile && /\/(cur|new)\/[^/]+$/.test(path);

/** Unpacks in place: name, time and owner stay. */
const unpack = (program: string, path: string): string => {
  const spare = quoted(join(dirname(dirname(path)), "tmp", "dsync-doctor"));
  const file = quoted(path);
  return `${program} < ${file} > ${spare} && touch -r ${file} ${spare} && ` +
    `cat ${spare} > ${file} && touch -r ${spare} ${file} && rm ${spare}`;
};

const examineCompressed = (path: string, kind: Compression): Complaint => {
  const program = PROGRAMS[kind];
  const mend: Mend = program === null
    ? {
      _tag: "Do",
      what: "sync it through a Dovecot that can read it: LOCATION `doveadm dsync-server`",
    }
    : { _tag: "Run", command: unpack(program, path) };
  return { where: path, what: `a mail that is stored changed (${kind})`, mend };
};

const examineMail = ({ path, name, info }: Entry): readonly Complaint[] => {
  const said = nameSize(name, "S");
  if (said === info.size) return [];
  const kind = compressionOf(firstBytes(path, MAGIC_SIZE));
  // Its name has to say how many bytes clients see.
  if (kind !== null && said !== null && isReadable(kind)) return [];
  if (kind !== null) return [examineCompressed(path, kind)];
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
