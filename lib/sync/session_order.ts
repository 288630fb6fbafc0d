/**
 * What the other end of a dsync session may say next: a pure machine over items, the same for master and slave. Whoever
 * listens sends each item through {@linkcode hear} before it is looked at.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { WireItem } from "../codec/dsync_wire_item.ts";
import { type SyncError, syncError } from "../model/error.ts";
import type { Role } from "./merge_flags.ts";

/** Which way mails go, from the view of this end: both ways, to the other end, or to here. */
export type Flow = "both" | "out" | "in";

/** What this end is listening for. */
export type Stage =
  /** The states of a stateful sync, until the list ends; a slave hears them. */
  | "states"
  /** The other end's tree, until the list ends. */
  | "tree"
  /** What the other end deleted. */
  | "deletes"
  /** The next mailbox, or the answer to it. */
  | "mailbox"
  /** Attributes of the mailbox, until the list ends. */
  | "attributes"
  /** What is known of its mails, until the list ends. */
  | "changes"
  /** Mails that are asked for, until the list ends. */
  | "requests"
  /** Mails that were asked for, until the list ends. */
  | "mails"
  /** How far the mailbox is in common now. */
  | "state"
  /** The slave's last word. */
  | "finish"
  /** Nothing more. */
  | "closed";

/** How a session is heard. */
export interface Rules {
  /** This end's role. */
  readonly role: Role;
  /** Which way mails go. */
  readonly flow: Flow;
  /** Whether there are attribute lists: the other end's minor version knows them. */
  readonly attributes: boolean;
  /** Whether mails are asked for one by one; else all new ones come unasked. */
  readonly requests: boolean;
  /** Whether the session has saved states. */
  readonly stateful: boolean;
}

/** The first stage behind the handshakes. */
export const firstStage = (rules: Rules): Stage =>
  rules.stateful && rules.role === "slave" ? "states" : "tree";

/** The stages of a mailbox whose mails are synced, in order. */
export const mailboxStages = ({ flow, attributes, requests }: Rules): readonly Stage[] => {
  const told: readonly Stage[] = attributes ? ["attributes", "changes"] : ["changes"];
  const asked: readonly Stage[] = requests ? ["requests"] : [];
  switch (flow) {
    case "both":
      return [...told, ...asked, "mails", "state"];
    case "in":
      return [...told, "mails", "state"];
    case "out":
      return [...asked, "state"];
  }
};

/** The stage behind the answer to a mailbox: its mails are synced, or the next mailbox comes. */
export const stageBehindMailbox = (rules: Rules, synced: boolean): Stage =>
  synced ? mailboxStages(rules)[0]! : "mailbox";

/** The stage behind the last mailbox. */
export const stageBehindMailboxes = (rules: Rules): Stage =>
  rules.role === "master" ? "finish" : "closed";

const ITEM_OF: Readonly<Partial<Record<Stage, WireItem["_tag"]>>> = {
  states: "MailboxState",
  tree: "TreeNode",
  deletes: "Deletes",
  mailbox: "MailboxNumbers",
  attributes: "Attribute",
  changes: "MailChange",
  requests: "MailRequest",
  mails: "RequestedMail",
  state: "MailboxState",
  finish: "Finish",
};

const isList = (stage: Stage): boolean =>
  ["states", "tree", "attributes", "changes", "requests", "mails"].includes(stage);

/** The stage behind the end of a list. */
const behindList = (rules: Rules, stage: Stage): Stage => {
  if (stage === "states") return "tree";
  if (stage === "tree") return "deletes";
  const stages = mailboxStages(rules);
  return stages[stages.indexOf(stage) + 1] ?? "mailbox";
};

const WORDS: Readonly<Record<Stage, string>> = {
  states: "saved states",
  tree: "mailboxes of the tree",
  deletes: "deleted mailboxes",
  mailbox: "a mailbox",
  attributes: "attributes",
  changes: "changes of mails",
  requests: "requests for mails",
  mails: "mails",
  state: "the state of the mailbox",
  finish: "the end of the session",
  closed: "nothing more",
};

/**
 * The stage behind an item; an error where the item may not come: the other end broke the order. `X` in any place is
 * an error, too, but for the end: the other end gave up (its stderr says why). A mailbox that arrives leaves the stage as
 * it is: whether its mails are synced is decided from its numbers, see {@linkcode stageBehindMailbox}.
 */
export const hear = (rules: Rules, stage: Stage, item: WireItem): Either<SyncError, Stage> => {
  if (item._tag === "BodyPiece" || item._tag === "BodyEnd") return E.right(stage);
  if (item._tag === "Done") {
    return stage === "closed" ? E.right(stage) : E.left(
      syncError("Io", "run", {}, `the other end gave up, when ${WORDS[stage]} should have come`),
    );
  }
  if (item._tag === "EndOfList") {
    if (isList(stage)) return E.right(behindList(rules, stage));
    if (stage === "mailbox" && rules.role === "slave") return E.right(stageBehindMailboxes(rules));
    return unexpected(stage, "the end of a list");
  }
  if (item._tag !== ITEM_OF[stage]) return unexpected(stage, item._tag);
  switch (stage) {
    case "deletes":
    case "state":
      return E.right("mailbox");
    case "finish":
      return E.right("closed");
    default:
      return E.right(stage);
  }
};

const unexpected = (stage: Stage, found: string): Either<SyncError, never> =>
  E.left(
    syncError("Damaged", "run", {}, `the other end sent ${found} where ${WORDS[stage]} must come`),
  );
