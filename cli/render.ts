/**
 * The one place where data becomes text for people.
 *
 * @module
 */
import type { DecisionJson } from "../lib/codec/decision_json.ts";
import { visibleText } from "../lib/codec/visible_text.ts";
import type { HeldMail } from "../lib/model/held.ts";
import {
  isNothing,
  type KeptMailbox,
  type Report,
  type Side,
  type SideReport,
  type SyncEvent,
} from "../lib/model/report.ts";

const count = (n: number, one: string, many: string): string | null =>
  n === 0 ? null : `${n} ${n === 1 ? one : many}`;

/** What was done on one side, in words. */
export const sideText = (side: SideReport): string => {
  if (isNothing(side)) return "nothing to do";
  const parts = [
    count(side.mailboxesCreated, "mailbox made", "mailboxes made"),
    count(side.mailboxesRenamed, "mailbox renamed", "mailboxes renamed"),
    count(side.mailboxesRebuilt, "mailbox filled anew", "mailboxes filled anew"),
    count(side.mailboxesDeleted, "mailbox deleted", "mailboxes deleted"),
    count(side.subscriptions, "subscription changed", "subscriptions changed"),
    count(side.attributes, "mailbox attribute changed", "mailbox attributes changed"),
    side.saved === 0
      ? null
      : `${side.saved} ${side.saved === 1 ? "mail" : "mails"} saved (${side.savedBytes} bytes)`,
    count(side.updated, "mail's flags or numbers changed", "mails' flags or numbers changed"),
    count(side.expunged, "mail expunged", "mails expunged"),
  ];
  return parts.filter((part) => part !== null).join(", ");
};

/** What a user should know of a deleted mailbox that stays. */
export const keptText = ({ name, mails }: KeptMailbox): string =>
  visibleText(
    `${name}: deleted on one side, but it stays for ${mails} ${
      mails === 1 ? "mail that has" : "mails that have"
    } come since`,
  );

const decided = ({ kind, uid, to }: DecisionJson): string => {
  switch (kind) {
    case "renumbered":
      return `UID ${uid} became UID ${to}`;
    case "flags lost":
      return `UID ${uid}: ${to} was undone`;
    case "came back":
      return `UID ${uid} came back`;
    case "removed":
      return `UID ${uid} was expunged`;
    case "mailbox renamed":
      return `it was renamed to ${to}`;
    case "mailbox merged":
      return "it became one with the other side's";
    case "mailbox removed":
      return "it was deleted";
    case "mailbox replaced":
      return "it was filled anew";
    case "mailbox kept":
      return `it stays for ${to} of its mails`;
  }
};

/** A decision as a sentence. */
export const decisionText = (
  decision: DecisionJson,
  names: Readonly<Record<Side, string>>,
): string =>
  visibleText(
    `${decision.mailbox}: ${names[decision.side]}: ${decided(decision)}, as ${decision.reason}`,
  );

/** A held mail as a line. */
export const heldText = ({ at, location, mailbox, uid, guid, reason }: HeldMail): string =>
  visibleText(`${at} ${mailbox}: ${location}: UID ${uid}, GUID ${guid}: ${reason}`);

/** An event as a line for `-v`, or null where it says nothing to people. Problems are errors and not among these. */
export const eventText = (
  event: SyncEvent,
  names: { left: string; right: string },
): string | null => {
  switch (event._tag) {
    case "MailboxBegun":
    case "Progress":
    case "Problem":
      return null;
    case "MailboxKept":
      return keptText(event.mailbox);
    case "Decided":
      return decisionText(event.decision, names);
    case "MailboxDone": {
      const sides = (["left", "right"] as const).filter((side) => !isNothing(event[side]));
      return sides.length === 0
        ? null
        : sides.map((side) =>
          visibleText(`${event.name}: ${names[side]}: ${sideText(event[side])}`)
        ).join("\n");
    }
    case "TreeChanged": {
      const { operation } = event;
      const words: Record<typeof operation._tag, string> = {
        CreateMailbox: "mailbox made",
        CreateDirectory: "directory made",
        DeleteMailbox: "mailbox deleted",
        DeleteDirectory: "directory deleted",
        RenameMailbox: "renamed",
        ReidentifyMailbox: "given another identity",
        Subscribe: "subscribed",
        Unsubscribe: "unsubscribed",
      };
      const more = operation._tag === "RenameMailbox" ? ` to ${operation.newName}` : "";
      return visibleText(
        `${operation.name}: ${names[event.side]}: ${words[operation._tag]}${more}`,
      );
    }
  }
};

/** The last line for people at a terminal, who have not asked for more. */
export const lastLine = (report: Report, names: { left: string; right: string }): string => {
  const { mailboxes, mails, problems } = report;
  const done = (["left", "right"] as const).filter((side) => !isNothing(report[side]))
    .map((side) => visibleText(`${names[side]}: ${sideText(report[side])}`));
  return [
    `${count(mailboxes, "mailbox", "mailboxes") ?? "no mailbox"}, ${
      count(mails, "mail", "mails") ?? "no mail"
    } compared`,
    ...done.length === 0 ? ["nothing to do"] : done,
    ...problems.length === 0
      ? []
      : [`${count(problems.length, "thing is", "things are")} left: run it again`],
  ].join("; ");
};

/** The last lines of `-v`: what the run came to. */
export const reportText = (report: Report, names: { left: string; right: string }): string =>
  [
    `${report.mailboxes} mailboxes with ${report.mails} mails compared`,
    `${names.left}: ${sideText(report.left)}`,
    `${names.right}: ${sideText(report.right)}`,
  ].map(visibleText).join("\n");
