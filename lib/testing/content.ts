/**
 * What the cases of the contract share: homes, operations, and everything a store says of a mailbox.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { pipe } from "fp-ts/function.js";
import type { SyncError } from "../model/error.ts";
import { ALL_FLAGS, ANSWERED, DRAFT, FLAGGED, SEEN } from "../model/flags.ts";
import { mailboxGuid } from "../model/ids.ts";
import type { Mail, MailRecord } from "../model/mail.ts";
import { mailboxName } from "../model/mailbox.ts";
import type { MailOperation, Outcome, TreeOperation } from "../model/operation.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { collect, fromArray } from "../stream/chunks.ts";
import { readBody } from "../codec/read_body.ts";
import { hexGuid, type MailSpec } from "./mails.ts";

/** A place for one store. */
export interface Home {
  /** Opens the store that lives here, made if it is not there; each call gives an independent one. */
  readonly open: () => Promise<Store>;
  /** Removes it. */
  readonly dispose: () => Promise<void>;
}

/** Unpacks a Right; a Left fails the test with its text. */
export const run = async <A>(task: TaskEither<SyncError, A>): Promise<A> => {
  const end = await task();
  if (E.isLeft(end)) assert.fail(`unexpected error: ${JSON.stringify(end.left, null, 1)}`);
  return end.right;
};

/** The error of a task that must fail. */
export const failureOf = async <A>(task: TaskEither<SyncError, A>): Promise<SyncError> => {
  const end = await task();
  if (E.isRight(end)) assert.fail("it should have failed");
  return end.left;
};

/** For the cases. */
export const BOX = mailboxGuid("0123456789abcdef0123456789abcdef");
/** For the cases. */
export const OTHER = mailboxGuid("fedcba9876543210fedcba9876543210");
/** For the cases. */
export const CREATE: Extract<TreeOperation, { _tag: "CreateMailbox" }> = {
  _tag: "CreateMailbox",
  name: mailboxName("Archive/Entwürfe"),
  guid: BOX,
  uidValidity: 1_600_000_001,
};

export const apply = (mailbox: Mailbox, operations: readonly MailOperation[], chunk = 7) =>
  collect(mailbox.apply(fromArray(operations, chunk)));

export const applyTo = (store: Store, box: typeof BOX, operations: readonly MailOperation[]) =>
  run(store.withMailbox(box, (mailbox) => apply(mailbox, operations)));

export const allDone = (outcomes: readonly Outcome[]) =>
  assert.deepEqual(outcomes.filter((o) => o._tag === "Refused"), []);

export interface Content {
  readonly records: readonly MailRecord[];
  readonly mails: readonly (Omit<Mail, "body" | "copies"> & { readonly bytes: string })[];
  readonly status: Mailbox["status"];
}

/** Everything a store says of a mailbox, bodies read at once while they are good. */
export const contentOf = (store: Store, box: typeof BOX): Promise<Content> =>
  run(store.withMailbox(box, (mailbox) =>
    pipe(
      collect(mailbox.records()),
      TE.chain((records) => async () => {
        const mails: Content["mails"][number][] = [];
        for await (const chunk of mailbox.fetch(fromArray(records.map((r) => r.uid), 3))) {
          for (const fetched of chunk) {
            if (fetched._tag === "Lost") assert.fail(`UID ${fetched.uid}: ${fetched.error.what}`);
            const { body: _body, copies: _copies, ...rest } = fetched.mail;
            const bytes = new TextDecoder("latin1").decode(await readBody(fetched.mail));
            mails.push({ ...rest, bytes });
          }
        }
        return E.right({ records, mails, status: mailbox.status });
      }),
    )));

export const plainRecords = (records: readonly MailRecord[]) =>
  records.map(({ uid, guid, flags, keywords }) => ({ uid, guid, flags, keywords }));

/** Mails of every awkward kind. */
export const awkwardMails = (): readonly MailSpec[] => {
  const eightBit = new Uint8Array(1024).map((_, i) => i % 256);
  return [
    { uid: 1, flags: SEEN, keywords: ["Work", "$Forwarded"] },
    { uid: 2, bytes: "" },
    { uid: 3, bytes: eightBit, flags: ALL_FLAGS },
    { uid: 7, bytes: "Subject: crlf\r\n\r\nline\r\nlone\rcr\nlf\r\r\n", flags: ANSWERED },
    { uid: 8, bytes: "Subject: no body" },
    { uid: 9, bytes: "\n", flags: DRAFT, receivedAt: 0 },
    { uid: 10, bytes: "a\n\nno newline at the end", receivedAt: 946_684_799 },
    { uid: 11, bytes: `X: ${"h".repeat(1_000_000)}\n\nlong header\n` },
    { uid: 12, bytes: new Uint8Array(3_000_000).fill(0x0a), pieces: 65_536 },
    { uid: 40, guid: "1600000002.M1P1.host,S=37,W=41", keywords: ["work"] },
    { uid: 41, guid: "any opaque-text_1", flags: FLAGGED },
    { uid: 42, guid: hexGuid(1), bytes: "the same GUID once more\n" },
    { uid: 4_000_000_000, keywords: Array.from({ length: 40 }, (_, i) => `kw${i}`) },
  ];
};

/** Registers a test: `Deno.test`, or that of another runner. */
export type Register = (name: string, body: () => Promise<void>) => void;

/** What a format can hold. */
export interface Holds {
  /** Whether saved dates of one's choice are kept. */
  readonly savedDates: boolean;
  /** Whether a GUID may have spaces. */
  readonly spacesInGuids: boolean;
}

/** What the cases of one kind of store are given. */
export interface Cases {
  /** Registers a case; it gets a home and an empty store in it. */
  readonly test: (claim: string, body: (home: Home, store: Store) => Promise<void>) => void;
  /** Opens the home's store anew: what counts is what was kept. */
  readonly reopened: <A>(home: Home, use: (store: Store) => Promise<A>) => Promise<A>;
  /** What the format can hold. */
  readonly holds: Holds;
}
