/**
 * One mailbox of a backup: scan both sides, diff, plan, resolve, apply.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { pipe } from "fp-ts/function.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { MailDecision } from "../model/decision.ts";
import { type SyncError, withPlace } from "../model/error.ts";
import type { Guid, Uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { MailOperation, PlannedOperation } from "../model/operation.ts";
import type { SideReport } from "../model/report.ts";
import type { Mailbox } from "../port/store.ts";
import { sameGuid } from "../codec/guid.ts";
import { type Chunks, collect, concat, drain, filter, fromArray, map } from "../stream/chunks.ts";
import { type Joined, mergeJoin } from "../stream/merge_join.ts";
import { diff } from "../sync/diff.ts";
import {
  type BackupContext,
  type BackupSurvey,
  emptySurvey,
  mustRebuild,
  planBackup,
  type Proposal,
  raiseStatus,
  settledOperations,
  survey,
} from "../sync/plan_backup.ts";
import { recordKey } from "../sync/record_key.ts";
import { attachMails, type RecoverMail } from "./attach.ts";
import { copyAttributes } from "./attributes.ts";
import { Tally } from "./tally.ts";

/** What syncing one mailbox came to. */
export interface MailboxResult {
  /** What was done in the destination. */
  readonly done: SideReport;
  /** What could not be read or done. */
  readonly problems: readonly SyncError[];
  /** Whether somebody changed the destination meanwhile, so that another try is worth it. */
  readonly changed: boolean;
  /** What somebody may wonder about. */
  readonly decisions: readonly MailDecision[];
}

const uidOf = (record: MailRecord): number => record.uid;

/** What has to become of the destination's mailbox, and the mails of the source that turned out unreadable. */
export interface Verdict {
  /** Mend: operations on the mailbox that is there. Rebuild: a new copy in its place. */
  readonly _tag: "Mend" | "Rebuild";
  /** One for each mail that the destination lacks and the source cannot read. */
  readonly problems: readonly SyncError[];
  /** Why a rebuild. */
  readonly reason: string;
}

const TAKEN = "UIDs of the source's mails belong to other mails there, or cannot be given any more";

/** The UIDs that a mailbox has but could not read. */
export const unreadableUids = (mailbox: Mailbox): ReadonlySet<number> =>
  new Set(mailbox.problems.flatMap((problem) => problem.where.uid ?? []));

/** The UIDs that a mailbox has and does not show: what it could not read, and what it hides. */
export const withheldUids = (mailbox: Mailbox): ReadonlySet<number> =>
  new Set([...unreadableUids(mailbox), ...mailbox.hidden?.map(({ uid }) => uid) ?? []]);

/** Why a mailbox is no source of a backup: mails that it does not show would be taken for removed. Null: it is one. */
export const incompleteness = ({ isIncomplete, problems }: Mailbox): SyncError | null =>
  isIncomplete === true ? problems.find(({ where }) => where.uid === undefined) ?? null : null;

/** What *plan* must know of two mailboxes of which the second shall become like the first. */
export const backupContext = (source: Mailbox, destination: Mailbox): BackupContext => ({
  source: source.status,
  destination: destination.status,
  unreadable: unreadableUids(source),
  hiddenInSource: source.hidden ?? [],
  hiddenInDestination: destination.hidden ?? [],
});

const proposals = (source: Mailbox, destination: Mailbox): Chunks<Proposal, SyncError> =>
  pipe(
    diff(source.records(destination), destination.records(source)),
    planBackup(backupContext(source, destination)),
  );

/** Reads both sides once and counts what a backup would do. */
const surveyMailbox = (
  source: Mailbox,
  destination: Mailbox,
): TaskEither<SyncError, BackupSurvey> => {
  const found = emptySurvey();
  return pipe(
    drain(proposals(source, destination), (chunk) => survey(found, chunk)),
    TE.map(() => found),
  );
};

/**
 * Decides between mending and rebuilding. Mails that the destination passed over call for a rebuild only if at least
 * one of them can be read: a damaged mail must not cause one on every run.
 */
export const decide = (
  source: Mailbox,
  destination: Mailbox,
): TaskEither<SyncError, Verdict> => {
  if (mustRebuild(source.status, destination.status)) {
    const reason = "it is another mailbox there, by GUID or UIDVALIDITY, or has gone beyond";
    return TE.right({ _tag: "Rebuild", problems: [], reason });
  }
  return pipe(
    surveyMailbox(source, destination),
    TE.chain((found): TaskEither<SyncError, Verdict> =>
      found.taken > 0
        ? TE.right({ _tag: "Rebuild", problems: [], reason: TAKEN })
        : probePassed(source, found.passed)
    ),
  );
};

const probePassed =
  (source: Mailbox, uids: readonly Uid[]): TaskEither<SyncError, Verdict> => async () => {
    const problems: SyncError[] = [];
    for (const uid of uids) {
      const answer = await collect(source.fetch(fromArray([uid])))();
      if (E.isLeft(answer)) return answer;
      for (const fetched of answer.right) {
        if (fetched._tag === "Mail") {
          return E.right({ _tag: "Rebuild", problems: [], reason: TAKEN });
        }
        problems.push(withPlace(fetched.error, { mailbox: source.name }));
      }
    }
    return E.right({ _tag: "Mend", problems, reason: "" });
  };

const resultOf = ({ done, problems, changed, gone }: Tally): MailboxResult => ({
  done,
  problems,
  changed,
  decisions: gone.map(({ uid, guid }): MailDecision => ({
    kind: "removed",
    uid,
    guid,
    to: null,
    reason: "the source does not have it",
  })),
});

const applyAll = (
  source: Mailbox,
  destination: Mailbox,
  operations: Chunks<MailOperation, SyncError>,
  tally: Tally,
): TaskEither<SyncError, MailboxResult> =>
  pipe(
    drain(destination.apply(operations), (outcomes) => tally.take(outcomes)),
    TE.chainTaskK(() => () => copyAttributes(source, destination)),
    TE.map((attributes) => {
      tally.takeAttributes(attributes);
      return resultOf(tally);
    }),
    TE.mapLeft((error) => withPlace(error, { mailbox: source.name })),
  );

const reportLost = (source: Mailbox, tally: Tally): RecoverMail => (_copy, error) => {
  tally.lose(withPlace(error, { mailbox: source.name }));
  return Promise.resolve(null);
};

const countersLast = (
  source: Mailbox,
  destination: Mailbox,
  tally: Tally,
): Chunks<PlannedOperation, SyncError> =>
  (async function* () {
    // Asked when the mails before have been read: a lost mail must stay retrievable at its UID.
    const lost = tally.problems.flatMap((problem) => problem.where.uid ?? []);
    const lowestLost = lost.reduce((least, uid) => Math.min(least, uid), Infinity);
    const raise = raiseStatus(
      { ...source.status, uidNext: Math.min(source.status.uidNext, lowestLost) },
      destination.status,
    );
    if (raise !== null) yield [raise];
  })();

/** Brings the destination's mailbox to the source's state by single operations. */
export const mendMailbox = (
  source: Mailbox,
  destination: Mailbox,
): TaskEither<SyncError, MailboxResult> => {
  const tally = new Tally();
  const planned = concat(
    settledOperations(proposals(source, destination)),
    countersLast(source, destination, tally),
  );
  const attach = attachMails(source.fetch, reportLost(source, tally));
  return applyAll(source, destination, attach(planned), tally);
};

/** Mails of the old destination that stay, because the source has them but could not read them. */
const keptRecords = (source: Mailbox, old: Mailbox): Chunks<MailRecord, SyncError> => {
  const unreadable = unreadableUids(source);
  return pipe(old.records(), filter((record: MailRecord) => unreadable.has(record.uid)));
};

/** All mails of the source, with those that it does not show as far as the old destination has them. */
const sourceRecords = async function* (
  source: Mailbox,
  old: Mailbox | null,
): AsyncGenerator<readonly MailRecord[]> {
  const { hidden = [] } = source;
  if (old === null || hidden.length === 0) return yield* source.records();
  const there = new Set<string>();
  for await (const chunk of old.records()) for (const one of chunk) there.add(recordKey(one));
  const staying = hidden.filter((record) => there.has(recordKey(record)));
  const joined = mergeJoin(source.records(), fromArray(staying), uidOf, uidOf);
  yield* map((one: Joined<MailRecord, MailRecord>) =>
    one._tag === "OnlyRight" ? one.right : one.left
  )(joined);
};

/**
 * Fills `fresh`, a new mailbox with the source's identity. A mail that the source cannot read is taken from `old`, the
 * destination's mailbox that `fresh` will replace, where it has it.
 */
export const refillMailbox = (
  source: Mailbox,
  old: Mailbox | null,
  fresh: Mailbox,
  reason: string,
): TaskEither<SyncError, MailboxResult> => {
  const tally = new Tally();
  const wanted = pipe(
    mergeJoin(
      sourceRecords(source, old) as Chunks<MailRecord, SyncError>,
      old === null ? fromArray<MailRecord>([]) : keptRecords(source, old),
      uidOf,
      uidOf,
    ),
    map((joined): PlannedOperation => {
      const from = joined._tag === "OnlyRight" ? joined.right : joined.left;
      return { _tag: "CopyMail", from, uid: from.uid, keepModSeq: source.status.modSeqTracked };
    }),
  );
  const attach = attachMails(
    source.fetch,
    old === null ? reportLost(source, tally) : takeFromOld(source, old, tally),
  );
  return pipe(
    applyAll(
      source,
      fresh,
      attach(concat(wanted, countersLast(source, fresh, tally))),
      tally,
    ),
    TE.map((result) => ({
      ...result,
      done: { ...result.done, mailboxesRebuilt: 1 },
      decisions: [{ kind: "mailbox replaced", uid: null, guid: null, to: null, reason }],
    })),
  );
};

/** The GUIDs of a mailbox's mails by UID; none where they cannot be read. */
const guidsIn = async (mailbox: Mailbox): Promise<ReadonlyMap<number, Guid>> => {
  const records = await collect(mailbox.records())();
  return new Map(E.isLeft(records) ? [] : records.right.map(({ uid, guid }) => [uid, guid]));
};

/** Reports the lost mail, and takes the old copy's where that has the same one. */
const takeFromOld = (source: Mailbox, old: Mailbox, tally: Tally): RecoverMail => {
  const unreadable = unreadableUids(source);
  let spares: Promise<ReadonlyMap<number, Guid>> | null = null;
  return async (copy, error) => {
    if (!unreadable.has(copy.uid)) tally.lose(withPlace(error, { mailbox: source.name }));
    if (error._tag === "Changed") return null;
    const spare = (await (spares ??= guidsIn(old))).get(copy.uid);
    if (spare === undefined || !sameGuid(spare, copy.from.guid)) return null;
    const fetched = await collect(old.fetch(fromArray([copy.uid])))();
    const answer = E.isRight(fetched) ? fetched.right[0] : undefined;
    return answer?._tag === "Mail" ? answer.mail : null;
  };
};
