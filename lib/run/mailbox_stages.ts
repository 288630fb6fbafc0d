/**
 * The ends of a pipe of stages: a mailbox as what is scanned, and as what operations are applied to.
 *
 * @module
 */
import type * as TE from "fp-ts/TaskEither.js";
import type { SyncError } from "../model/error.ts";
import type { MailRecord } from "../model/mail.ts";
import type { MailOperation, Outcome } from "../model/operation.ts";
import type { Mailbox } from "../port/store.ts";
import type { Chunks } from "../stream/chunks.ts";
import type { MergeSide } from "../sync/merge_mailbox.ts";
import { gather } from "./gather.ts";

// `deno doc --lint` takes the types of other packages for private ones (denoland/deno#27364), but not these.
/** @internal */
type TaskEither<E, A> = TE.TaskEither<E, A>;

/** The stage *scan*: a mailbox's index becomes records, ascending by UID. */
export const scan = (mailbox: Mailbox): Chunks<MailRecord, SyncError> => mailbox.records();

/**
 * The stage *apply*: carries operations out in a mailbox, in durable batches, with one outcome for each, in order. What a
 * stage makes of the outcomes decides how far it goes: it works as fast as they are read.
 */
export const apply = (
  mailbox: Mailbox,
): (operations: Chunks<MailOperation, SyncError>) => Chunks<Outcome, SyncError> => mailbox.apply;

/** The stage *scan* of a mirror: all that is known of one side of a mailbox, in memory, as `mergeMailbox` takes it. */
export const mergeSide = (mailbox: Mailbox): TaskEither<SyncError, MergeSide> => () =>
  gather(mailbox, [], undefined);
