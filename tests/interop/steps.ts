/**
 * What really changed on a side while a plan was carried out, as Dovecot shows it, beside what was planned.
 *
 * @module
 */
import { guid128Hex } from "../../lib/codec/guid.ts";
import { flagNames } from "../../lib/model/flags.ts";
import type { PlanStep } from "../../lib/model/plan.ts";
import type { Picture, PictureBox } from "./picture.ts";

const mailThere = (box: string, uid: number, guid: string): string =>
  `mail there: ${box} ${uid} ${guid128Hex(guid)}`;
const mailGone = (box: string, uid: number, guid: string): string =>
  `mail gone: ${box} ${uid} ${guid128Hex(guid)}`;
const flagIs = (box: string, uid: number, flag: string): string =>
  `flag: ${box} ${uid} ${flag.toLowerCase()}`;

/** The changes that a step is made of, each as a line. */
export const changesOfStep = (step: PlanStep): readonly string[] => {
  if (step._tag === "Mail") {
    const { mailbox, operation } = step;
    switch (operation._tag) {
      case "CopyMail":
        return [mailThere(mailbox, operation.uid, operation.from.guid)];
      case "RenumberMail": {
        const { uid, newUid, guid } = operation;
        return [mailGone(mailbox, uid, guid), mailThere(mailbox, newUid, guid)];
      }
      case "Expunge":
        return [mailGone(mailbox, operation.uid, operation.guid)];
      case "UpdateFlags": {
        const { uid, add, remove, addKeywords, removeKeywords } = operation;
        return [
          ...[...flagNames(add), ...addKeywords].map((flag) => flagIs(mailbox, uid, `+${flag}`)),
          ...[...flagNames(remove), ...removeKeywords]
            .map((flag) => flagIs(mailbox, uid, `-${flag}`)),
        ];
      }
    }
  }
  if (step._tag !== "Tree") throw new Error(`no step of a mirror: ${step._tag}`);
  const { operation } = step;
  switch (operation._tag) {
    case "CreateMailbox":
      return [`mailbox there: ${operation.guid} ${operation.uidValidity} ${operation.name}`];
    case "DeleteMailbox":
      return [`mailbox gone: ${operation.guid} below UID ${step.gone?.uidNext}`];
    case "RenameMailbox":
      return [`mailbox renamed: ${operation.guid} ${operation.newName}`];
    case "ReidentifyMailbox": {
      const { guid, newGuid, newUidValidity } = operation;
      return [`mailbox is another: ${guid} ${newGuid} ${newUidValidity}`];
    }
    case "Subscribe":
      return [`subscribed: ${operation.name}`];
    case "Unsubscribe":
      return [`unsubscribed: ${operation.name}`];
    case "CreateDirectory":
    case "DeleteDirectory":
      // Names without mails are not looked at.
      return [];
  }
};

/** Where a mailbox is afterwards: under its GUID, or under the one that it was planned to get. */
const successorOf = (
  { guid }: PictureBox,
  after: Picture,
  planned: readonly PlanStep[],
): PictureBox | undefined => {
  const identity =
    planned.flatMap((step) =>
      step._tag === "Tree" && step.operation._tag === "ReidentifyMailbox" &&
        step.operation.guid === guid
        ? [step.operation.newGuid]
        : []
    )[0];
  return after.boxes.get(guid) ?? after.boxes.get(identity ?? "");
};

const mailChanges = (
  was: PictureBox | undefined,
  is: PictureBox,
  planned: readonly PlanStep[],
): readonly string[] => {
  const changes: string[] = [];
  const old = was?.mails ?? new Map();
  const moved = new Map(
    planned.flatMap((step) =>
      step._tag === "Mail" && step.mailbox === is.guid && step.operation._tag === "RenumberMail"
        ? [[step.operation.newUid as number, step.operation.uid as number]]
        : []
    ),
  );
  for (const [uid, { guid }] of old) {
    if (is.mails.get(uid)?.guid !== guid) changes.push(mailGone(is.guid, uid, guid));
  }
  for (const [uid, { guid, flags }] of is.mails) {
    const isSame = old.get(uid)?.guid === guid;
    if (!isSame) changes.push(mailThere(is.guid, uid, guid));
    const before = isSame ? old.get(uid) : old.get(moved.get(uid) ?? 0);
    if (before?.guid !== guid) continue;
    for (const flag of flags.difference(before.flags)) {
      changes.push(flagIs(is.guid, uid, `+${flag}`));
    }
    for (const flag of before.flags.difference(flags)) {
      changes.push(flagIs(is.guid, uid, `-${flag}`));
    }
  }
  return changes;
};

/** The changes of a side, each as a line like those of {@linkcode changesOfStep}; `planned`: the steps for that side. */
export const changesOf = (
  before: Picture,
  after: Picture,
  planned: readonly PlanStep[],
): readonly string[] => {
  const changes: string[] = [];
  const stayed = new Set<string>();
  for (const was of before.boxes.values()) {
    const is = successorOf(was, after, planned);
    if (is === undefined) {
      changes.push(`mailbox gone: ${was.guid} below UID ${was.uidNext}`);
      continue;
    }
    stayed.add(is.guid);
    if (is.name !== was.name) changes.push(`mailbox renamed: ${was.guid} ${is.name}`);
    if (is.guid !== was.guid || is.uidValidity !== was.uidValidity) {
      changes.push(`mailbox is another: ${was.guid} ${is.guid} ${is.uidValidity}`);
    }
    changes.push(...mailChanges(was, is, planned));
  }
  for (const is of after.boxes.values()) {
    if (stayed.has(is.guid)) continue;
    changes.push(`mailbox there: ${is.guid} ${is.uidValidity} ${is.name}`);
    changes.push(...mailChanges(undefined, is, planned));
  }
  for (const name of after.subscriptions.difference(before.subscriptions)) {
    changes.push(`subscribed: ${name}`);
  }
  for (const name of before.subscriptions.difference(after.subscriptions)) {
    changes.push(`unsubscribed: ${name}`);
  }
  return changes;
};
