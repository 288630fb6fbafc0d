/**
 * `dsync status`: what is in a store.
 *
 * @module
 */
import { dryOs } from "../lib/os/dry_os.ts";
import { makeOs } from "../lib/os/os.ts";
import { complainOf, EXIT, failWith, statusOfError, tell } from "./exit.ts";
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { visibleText } from "../lib/codec/visible_text.ts";
import type { SyncError } from "../lib/model/error.ts";
import type { MailboxStatus } from "../lib/model/mailbox.ts";
import type { Os } from "../lib/port/os.ts";
import { drain } from "../lib/stream/chunks.ts";
import type { StatusCommand } from "./command.ts";
import { firstLocation, openSide } from "./locations.ts";

/** One mailbox. */
export interface MailboxLine {
  /** Its name. */
  readonly mailbox: string;
  /** Its numbers; null where it holds no mail, or cannot be read. */
  readonly status: MailboxStatus | null;
  /** Stored bytes of its mails. */
  readonly bytes: number;
  /** Whether its name is subscribed. */
  readonly isSubscribed: boolean;
}

/** What is in a store, mailboxes in order of their names. */
export interface StoreStatus {
  /** The mailboxes and \NoSelect names. */
  readonly lines: readonly MailboxLine[];
  /** What could not be read. */
  readonly problems: readonly SyncError[];
}

/** Reads a store, and writes nothing: every index, and of each mail how long it is. */
export const statusOf = async (
  os: Os,
  { settings, location }: StatusCommand,
): Promise<Either<SyncError, StoreStatus>> => {
  const place = location === null ? firstLocation(settings) : E.right(location);
  if (E.isLeft(place)) return place;
  const store = await openSide({ os, settings }, place.right, false);
  if (E.isLeft(store)) return store;
  try {
    const tree = await store.right.tree();
    if (E.isLeft(tree)) return tree;
    const subscribed = new Set<string>(tree.right.subscriptions);
    const problems = [...tree.right.problems];
    const lines: MailboxLine[] = [];
    for (const node of tree.right.nodes) {
      const line = { mailbox: node.name, isSubscribed: subscribed.has(node.name) };
      if (node._tag !== "Mailbox") {
        lines.push({ ...line, status: null, bytes: 0 });
        continue;
      }
      const seen = await store.right.withMailbox(node.guid, (mailbox) => async () => {
        let bytes = 0;
        const uids = (async function* () {
          for await (const chunk of mailbox.records()) yield chunk.map(({ uid }) => uid);
        })();
        const end = await drain(mailbox.fetch(uids), (chunk) => {
          for (const one of chunk) {
            if (one._tag === "Mail") bytes += one.mail.size;
            else problems.push(one.error);
          }
        })();
        return E.isLeft(end) ? end : E.right({ status: mailbox.status, bytes });
      })();
      if (E.isLeft(seen)) problems.push(seen.left);
      lines.push({ ...line, ...(E.isRight(seen) ? seen.right : { status: null, bytes: 0 }) });
    }
    return E.right({ lines, problems });
  } finally {
    await store.right.close();
  }
};

const COLUMNS = ["mails", "bytes", "UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ"] as const;

const cellsOf = ({ status, bytes }: MailboxLine): readonly string[] =>
  status === null ? COLUMNS.map(() => "-") : [
    String(status.messages),
    String(bytes),
    String(status.uidValidity),
    String(status.uidNext),
    String(status.highestModSeq),
  ];

/** A table for people. */
export const statusText = ({ lines }: StoreStatus): string => {
  const rows = [
    ["mailbox", ...COLUMNS],
    ...lines.map((line) => [
      `${visibleText(line.mailbox)}${line.isSubscribed ? " (subscribed)" : ""}`,
      ...cellsOf(line),
    ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ")
  ).join("\n");
};

/** A line of JSON for each mailbox. */
export const statusJson = ({ lines }: StoreStatus): string =>
  lines.map(({ mailbox, isSubscribed, status, bytes }) =>
    JSON.stringify({
      mailbox,
      subscribed: isSubscribed,
      ...(status === null ? { selectable: false } : {
        selectable: true,
        mails: status.messages,
        bytes,
        guid: status.guid,
        uidValidity: status.uidValidity,
        uidNext: status.uidNext,
        highestModSeq: String(status.highestModSeq),
      }),
    })
  ).join("\n");

/** Runs `dsync status` and gives its exit status. */
export const runStatus = async (command: StatusCommand): Promise<number> => {
  const status = await statusOf(dryOs(makeOs()), command);
  if (E.isLeft(status)) return failWith(status.left, command, statusOfError(status.left));
  tell(command.json ? statusJson(status.right) : statusText(status.right));
  for (const problem of status.right.problems) complainOf(problem, command.debug);
  return status.right.problems.length === 0 ? EXIT.inSync : EXIT.runAgain;
};
