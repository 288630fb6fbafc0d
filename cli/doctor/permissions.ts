/**
 * Whether the mail can be read and written by the one whose mail it is.
 *
 * @module
 */
import type { Location } from "../../lib/codec/location.ts";
import { type Complaint, firstOf, type Patient, run } from "./complaint.ts";
import { below, type Entry, infoOf, targetOf } from "./files.ts";

const PERMISSIONS = 0o777;

const modeText = (info: Deno.FileInfo): string =>
  ((info.mode ?? 0) & PERMISSIONS).toString(8).padStart(4, "0");

/** Files that are written in place; all others are only read, or replaced. */
const WRITTEN = /^(dovecot\.(index|map\.index|list\.index|mailbox\.log).*|m\.[0-9]+)$/;

/** What the owner has to be able to do with an entry, and how chmod and people call that. */
const neededOf = ({ info, name }: Entry): readonly [number, string, string] =>
  info.isDirectory
    ? [0o700, "u+rwx", "use"]
    : WRITTEN.test(name)
    ? [0o600, "u+rw", "read and write"]
    : [0o400, "u+r", "read"];

const closed = (entry: Entry): readonly Complaint[] => {
  const { path, info } = entry;
  const [needed, right, verb] = neededOf(entry);
  if (info.isSymlink || ((info.mode ?? needed) & needed) === needed) return [];
  return [{
    where: path,
    what: `its owner may not ${verb} it (${modeText(info)})`,
    mend: run("chmod", right, path),
  }];
};

/** Where a side has files: its root, and what the location puts elsewhere, as far as it is there. */
const placesOf = (location: Location): readonly string[] => {
  const { root, index, control } = location;
  const apart = [index, control, location.format === "maildir" ? location.inbox : location.alt]
    .filter((path) => path !== undefined && !`${path}/`.startsWith(`${root}/`));
  return [...new Set([root, ...apart as string[]])].filter((path) => targetOf(path) !== null);
};

/** A place with all that is below it; of a symlink where it leads. */
const entriesOf = (place: string): readonly Entry[] => {
  const [link, top] = [infoOf(place), targetOf(place)];
  const info = link?.isSymlink ? top : link ?? top;
  return info === null ? [] : [{ path: place, name: "", info }, ...below(place)];
};

/** What is wrong with owners and permissions of one side. */
export const examinePermissions = ({ location }: Patient): readonly Complaint[] => {
  const { root } = location;
  const top = targetOf(root);
  if (top === null) return [];
  const complaints: Complaint[] = [];
  const me = Deno.uid();
  // What root makes belongs to the owner of the directory it is made in.
  if (me !== 0 && me !== null && top.uid !== null && top.uid !== me) {
    complaints.push({
      where: root,
      what: `it belongs to the user ${top.uid}, and this is the user ${me}`,
      mend: { _tag: "Do", what: `run dsync as the user ${top.uid}, or as root with -u` },
    });
  }
  if (((top.mode ?? 0) & 0o002) !== 0) {
    const what = `everybody may write to it (${modeText(top)})`;
    complaints.push({ where: root, what, mend: run("chmod", "o-w", root) });
  }
  const places = placesOf(location).map((place) => ({ place, entries: entriesOf(place) }));
  const entries = places.flatMap((one) => one.entries);
  complaints.push(...firstOf(entries.flatMap(closed)));
  const isForeign = ({ info }: Entry): boolean => info.uid !== top.uid;
  const foreign = entries.filter(isForeign);
  if (foreign.length > 0) {
    const where = places.filter((one) => one.entries.some(isForeign)).map(({ place }) => place);
    const first = foreign[0]!;
    const what = `it belongs to the user ${first.info.uid}, and the mail to ${top.uid}` +
      (foreign.length > 1 ? ` (and ${foreign.length - 1} more)` : "");
    const mend = run("chown", "-hR", `${top.uid}:${top.gid}`, ...where);
    complaints.push({ where: first.path, what, mend });
  }
  return complaints;
};
