/**
 * Whether there is mail where it is said to be, and in the form that it is said to have.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { MaildirLocation } from "../../lib/codec/location.ts";
import type { Os } from "../../lib/port/os.ts";
import { rootError, rootKind } from "../../lib/store/maildir/mailbox_tree.ts";
import { type Complaint, type Patient, run, use } from "./complaint.ts";
import { below, isDirectory, namesIn, targetOf } from "./files.ts";

const PARTS = ["cur", "new", "tmp"];

const optionsOf = (text: string): readonly string[] => text.split(":").slice(2);

/** The location with another format or path. */
const withHead = (text: string, head: string): string => [head, ...optionsOf(text)].join(":");

const missingRoot = ({ text, location, mayBeMissing, side }: Patient): readonly Complaint[] => {
  const { root } = location;
  if (isDirectory(root)) return [];
  if (targetOf(root) !== null) {
    const what = "it is a file, and no directory of mail";
    return [{ where: root, what, mend: { _tag: "Do", what: `name the directory as ${side}` } }];
  }
  if (mayBeMissing) return [];
  const parent = dirname(root);
  const alike = namesIn(parent).filter((name) =>
    name.toLowerCase() === root.slice(parent.length + 1).toLowerCase()
  );
  const what = "it is not there, and a sync has to have something to read";
  const look = `${what}: look at the path first, and make it only if the account is new`;
  if (alike.length > 0) {
    const [format] = text.split(":");
    const mend = {
      _tag: "Use",
      side,
      location: withHead(text, `${format}:${join(parent, alike[0]!)}`),
    };
    return [{ where: root, what, mend: mend as Complaint["mend"] }];
  }
  return [{
    where: root,
    what: look,
    mend: location.format === "maildir"
      ? run("mkdir", "-p", ...PARTS.map((part) => join(root, part)))
      : run("mkdir", "-p", join(root, "mailboxes"), join(root, "storage")),
  }];
};

const otherFormat = (patient: Patient): readonly Complaint[] => {
  const { text, location: { format, root } } = patient;
  const isMaildir = PARTS.every((part) => isDirectory(join(root, part)));
  const isMdbox = isDirectory(join(root, "storage")) && isDirectory(join(root, "mailboxes"));
  if (format === "mdbox" && isMaildir && !isMdbox) {
    const mend = use(patient, withHead(text, `maildir:${root}`));
    return [{ where: root, what: "it is a Maildir, and no mdbox", mend }];
  }
  if (format === "maildir" && isMdbox && !isMaildir) {
    const mend = use(patient, withHead(text, `mdbox:${root}`));
    return [{ where: root, what: "it is an mdbox, and no Maildir", mend }];
  }
  return [];
};

const isMaildirAt = (path: string): boolean => isDirectory(join(path, "cur"));

type MaildirPatient = Patient & { readonly location: MaildirLocation };

const otherLayout = (os: Os, patient: MaildirPatient): readonly Complaint[] => {
  const { text, location: { root, layout } } = patient;
  const names = namesIn(root).filter((name) =>
    !PARTS.includes(name) && isMaildirAt(join(root, name))
  );
  const dotted = names.filter((name) => name.startsWith("."));
  const plain = names.filter((name) => !name.startsWith("."));
  // A home with a Maildir in it is no Maildir of either layout.
  const couldBeFs = rootKind(os, { ...patient.location, layout: "fs" }) === "maildir";
  if (layout === "maildir++" && plain.length > 0 && couldBeFs) {
    const options = optionsOf(text).filter((option) => !option.startsWith("LAYOUT="));
    const location = [`maildir:${root}`, "LAYOUT=fs", ...options].join(":");
    const what = `mailboxes such as ${plain[0]} lie in it as directories without a dot`;
    return [{ where: root, what, mend: use(patient, location) }];
  }
  if (layout === "fs" && dotted.length > 0 && plain.length === 0) {
    const options = optionsOf(text).filter((option) => !option.startsWith("LAYOUT="));
    const what = `mailboxes such as ${dotted[0]} lie in it as Maildir++ has them`;
    return [{ where: root, what, mend: use(patient, [`maildir:${root}`, ...options].join(":")) }];
  }
  return [];
};

/** A root that holds what is no mail, as a home does. */
const strangers = (os: Os, patient: MaildirPatient): readonly Complaint[] => {
  const { side, text, location, mayBeMissing } = patient;
  if (rootKind(os, location) !== "foreign") return [];
  const inside = join(location.root, "Maildir");
  const mend: Complaint["mend"] = mayBeMissing || isMaildirAt(inside)
    ? use(patient, withHead(text, `maildir:${inside}`))
    : { _tag: "Do", what: `name the directory that holds the mail as ${side}` };
  return [{ where: location.root, what: rootError(os, location, "foreign").what, mend }];
};

/** Maildirs without one of their three directories. */
const lackingParts = ({ location: { root } }: Patient): readonly Complaint[] => {
  const lacks = (path: string): readonly string[] =>
    PARTS.filter((part) => !isDirectory(join(path, part)));
  const boxes = [
    root,
    ...[...below(root)].filter(({ info, name }) => info.isDirectory && !PARTS.includes(name)).map((
      { path },
    ) => path),
  ];
  return boxes.flatMap((path): readonly Complaint[] => {
    const missing = lacks(path);
    if (missing.length === 0 || missing.length === PARTS.length) return [];
    const what = `a Maildir without ${missing.join(" and ")}`;
    return [{ where: path, what, mend: run("mkdir", ...missing.map((part) => join(path, part))) }];
  });
};

const missingAlt = (patient: Patient): readonly Complaint[] => {
  const { location, text } = patient;
  if (location.format !== "mdbox" || location.alt === undefined || isDirectory(location.alt)) {
    return [];
  }
  const what = "the second storage is not there: mails in it cannot be read; is it not mounted?";
  const without = text.split(":").filter((part) => !part.startsWith("ALT=")).join(":");
  return [{ where: location.alt, what, mend: use(patient, without) }];
};

/** What is wrong with the place of one side. */
export const examinePlace = (os: Os, patient: Patient): readonly Complaint[] => {
  const missing = missingRoot(patient);
  if (missing.length > 0) return missing;
  const other = otherFormat(patient);
  if (other.length > 0) return other;
  const { location } = patient;
  if (location.format !== "maildir") return missingAlt(patient);
  const layout = otherLayout(os, { ...patient, location });
  if (layout.length > 0) return [...layout, ...lackingParts(patient)];
  const foreign = strangers(os, { ...patient, location });
  return foreign.length > 0 ? foreign : lackingParts(patient);
};

/** The nearest directory that is there. */
const existing = (path: string): string =>
  isDirectory(path) || path === "/" ? path : existing(dirname(path));

const sizeBelow = (root: string): number => {
  let bytes = 0;
  for (const { info } of below(root)) if (info.isFile) bytes += info.size;
  return bytes;
};

/** What is wrong with two places together. */
export const examinePair = (one: Patient, two: Patient): readonly Complaint[] => {
  const [a, b] = [one, two].map(({ location: { root } }) => {
    const there = existing(root);
    return Deno.realPathSync(there) + root.slice(there.length);
  }) as [string, string];
  const beside = (root: string): string => `${two.location.format}:${root}.copy`;
  if (a === b) {
    const what = "both sides are the same mail";
    return [{ where: two.text, what, mend: use(two, beside(a)) }];
  }
  if (b.startsWith(`${a}/`) || a.startsWith(`${b}/`)) {
    const what = `one side is inside the other: ${a} and ${b}`;
    const mend = use(two, beside(b.startsWith(`${a}/`) ? a : `${a}-`));
    return [{ where: two.text, what, mend }];
  }
  const { bavail, bsize, ffree, files } = statfsSync(existing(b));
  const wanted = sizeBelow(a) - sizeBelow(b);
  const free = bavail * bsize;
  if (wanted > free) {
    const what = `${wanted} bytes of mail are to come, and ${free} are free`;
    const mend = {
      _tag: "Do",
      what: "make room, or name a LOCATION2 where there is some",
    } as const;
    return [{ where: b, what, mend }];
  }
  const mails = two.location.format !== "maildir"
    ? 0
    : [...below(a)].filter(({ info }) => info.isFile).length;
  if (files > 0 && mails > ffree) {
    const what = `some ${mails} files are to come, and ${ffree} can be made`;
    return [{ where: b, what, mend: use(two, `mdbox:${two.location.root}`) }];
  }
  return [];
};
