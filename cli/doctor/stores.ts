/**
 * What only shows when both stores are opened: mailboxes that cannot be read, and names that one side cannot hold.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import { fitName, type Naming } from "../../lib/codec/mailbox_path.ts";
import type { SyncError } from "../../lib/model/error.ts";
import type { MailboxName, MailboxTree } from "../../lib/model/mailbox.ts";
import { given } from "../../lib/open/open_location.ts";
import type { Os } from "../../lib/port/os.ts";
import type { Store } from "../../lib/port/store.ts";
import { attempt } from "../../lib/store/account/or_fail.ts";
import { mailboxPaths } from "../../lib/store/maildir/layout.ts";
import { twinIn } from "../../lib/store/maildir/twin.ts";
import { layoutOf } from "../../lib/store/mdbox/layout.ts";
import { examineMap } from "../../lib/store/mdbox/map_check.ts";
import { errorText } from "../../lib/codec/error_text.ts";
import { type Complaint, type Patient, quoted, use } from "./complaint.ts";

/** A side that could be opened. */
export interface Opened {
  readonly patient: Patient;
  readonly store: Store;
  readonly tree: MailboxTree;
}

const resync = ({ text }: Patient, mailbox: string): Complaint["mend"] => ({
  _tag: "Run",
  command: `doveadm -o mail_location=${quoted(text)} force-resync ${quoted(mailbox)}`,
});

/** When a mailbox's directory was made, as far as the file system knows. */
const madeAt = ({ location }: Patient, name: MailboxName): number =>
  location.format === "maildir"
    ? Deno.statSync(mailboxPaths(location, name).mail).birthtime?.getTime() ?? 0
    : 0;

/** Gives the copy, which is the one that was made later, a GUID of its own; its UIDs stay. */
const separate = (patient: Patient, name: MailboxName, twin: MailboxName): Complaint["mend"] => {
  const copy = madeAt(patient, twin) > madeAt(patient, name) ? twin : name;
  const guid = crypto.randomUUID().replaceAll("-", "");
  return {
    _tag: "Run",
    command: `doveadm -o mail_location=${quoted(patient.text)} mailbox update ` +
      `--mailbox-guid ${guid} ${quoted(copy)}`,
  };
};

const unreadable = (patient: Patient, error: SyncError): Complaint => {
  const { mailbox } = error.where;
  const twin = twinIn(error);
  return {
    where: patient.text,
    what: errorText(error),
    mend: twin === null || mailbox === undefined
      ? resync(patient, mailbox ?? "*")
      : separate(patient, mailbox as MailboxName, twin),
  };
};

/** Whether the map of an mdbox can be written to. */
export const examineMapOf = (os: Os, patient: Patient): readonly Complaint[] => {
  const { location } = patient;
  if (location.format !== "mdbox") return [];
  const { format: _, root, utf8, ...elsewhere } = location;
  const layout = layoutOf({ root, utf8, ...given(elsewhere), create: false });
  const error = attempt(() => examineMap(os, layout), (thrown) => thrown);
  return error === null ? [] : [unreadable(patient, error)];
};

/** What cannot be read of one side. */
export const examineStore = async (
  { patient, store, tree }: Opened,
): Promise<readonly Complaint[]> => {
  const errors: SyncError[] = [...tree.problems];
  for (const node of tree.nodes) {
    if (node._tag !== "Mailbox") continue;
    const end = await store.withMailbox(node.guid, ({ problems }) => TE.right(problems))();
    const found = E.isLeft(end) ? [end.left] : end.right.slice(0, 1);
    errors.push(
      ...found.map((error) => ({ ...error, where: { mailbox: node.name, ...error.where } })),
    );
  }
  return errors.map((error) => unreadable(patient, error));
};

const namingFs = ({ utf8 }: { readonly utf8: boolean }): Naming => ({ layout: "fs", utf8 });

/** Names of one side that the other cannot hold as they are. */
export const examineNames = (from: Opened, to: Opened): readonly Complaint[] => {
  const names = from.tree.nodes.map(({ name }) => name)
    .filter((name) => to.store.fitName(name) !== name);
  const [first] = names;
  if (first === undefined) return [];
  const { patient, store: { fitName: fit } } = to;
  const { location } = patient;
  const more = names.length > 1 ? ` (and ${names.length - 1} more)` : "";
  const what = `this name of the other side would become ${fit(first)} here${more}`;
  const helpsFs = location.format === "maildir" && location.layout === "maildir++" &&
    names.every((name) => fitName(name, namingFs(location)) === name);
  return [{
    where: first,
    what,
    mend: helpsFs
      ? use(
        patient,
        [`maildir:${location.root}`, "LAYOUT=fs", ...patient.text.split(":").slice(2)].join(":"),
      )
      : {
        _tag: "Run",
        command: `doveadm -o mail_location=${quoted(from.patient.text)} mailbox rename ` +
          `${quoted(first)} ${quoted(fit(first))}`,
      },
  }];
};
