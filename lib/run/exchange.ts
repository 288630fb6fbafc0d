/**
 * One mailbox of a session with a Dovecot at the other end: both tell what they have, each decides for itself by the same
 * rules, asks for the mails that it lacks, and carries out its own part.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import type {
  MailboxNumbers,
  MailboxState,
  MailChange,
  MailRequest,
} from "../codec/dsync_wire_item.ts";
import type { MailDecision } from "../model/decision.ts";
import { type SyncError, syncError, withPlace } from "../model/error.ts";
import { type Guid, type ModSeq, modSeq } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { MailboxName } from "../model/mailbox.ts";
import type { MailOperation } from "../model/operation.ts";
import { addSides, NOTHING_DONE, type SideReport } from "../model/report.ts";
import type { Peer } from "../port/peer.ts";
import type { MakeSpool } from "../port/spool.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { type Chunks, drain, failStream, fromArray } from "../stream/chunks.ts";
import {
  type ExchangePlan,
  isDoubtful,
  mailKey,
  planExchange,
  requestsOf,
  wantedCopies,
  withoutUnsent,
} from "../sync/exchange_plan.ts";
import type { MergeOperation } from "../sync/merge_mailbox.ts";
import type { Rules } from "../sync/session_order.ts";
import {
  changesToTell,
  type CommonState,
  descendsAt,
  isWanted,
  type MailFilter,
} from "../sync/wire_mailbox.ts";
import { hidesMails, withOutside } from "../sync/wire_outside.ts";
import { Arrivals } from "./arrivals.ts";
import type { Listening } from "./listening.ts";
import { decisionsIn } from "./decided.ts";
import { AttributeExchange } from "./exchange_attributes.ts";
import { gather } from "./gather.ts";
import type { Remembered } from "./session_options.ts";
import { UnsentMails } from "./stuck_mails.ts";
import { Tally } from "./tally.ts";
import {
  findAsked,
  type HashRule,
  sendAsked,
  Sender,
  tellMore,
  unwrap,
  withFullGuids,
} from "./told_mails.ts";

/** What the exchange of every mailbox of a session needs. */
export interface Exchange {
  /** The other end. */
  readonly peer: Peer;
  /** What may come from it. */
  readonly listening: Listening;
  /** The rules of the session. */
  readonly rules: Rules;
  /** One way, the destination keeps its own changes (-1). */
  readonly keepOwn: boolean;
  /** Which new mails are wanted. */
  readonly filter: MailFilter;
  /** Where mails wait that come out of order. */
  readonly makeSpool: MakeSpool;
  /** A GUID for a mail that comes without one. */
  readonly newGuid: () => Guid;
  /** How mails are known where one end has no usable GUIDs. */
  readonly hashes: Omit<HashRule, "isEmpty"> & { readonly emptyHeaderWorkaround: boolean };
  /** This end's mail. */
  readonly store: Store;
  /** Whether the names of the two ends are in doubt: then the other end has to run again whatever becomes of the mails. */
  readonly isTreeDoubtful: () => boolean;
  /** Told of what was decided for a mail of this end, and carried out. */
  readonly decided: (mailbox: MailboxName, decision: MailDecision) => void;
}

/** What an exchange came to. */
export interface Exchanged {
  /** What was done here. */
  readonly done: SideReport;
  /** What could not be read or done here. */
  readonly problems: readonly SyncError[];
  /** Mails of either end that could not be carried over, or that the filter left out; by UID. */
  readonly pending: Readonly<Record<"here" | "there", readonly number[]>>;
  /** Whether one end lacks mails of the other one that cannot be read there. */
  readonly hasUnsent: boolean;
  /** The state of the mailbox, to be told to the other end. */
  readonly state: MailboxState;
  /** Whether both ends had mails or flags to change: then the end is not proven by this session. */
  readonly isDoubtful: boolean;
  /** Where this end's history stands now. */
  readonly moment: string;
}

const NO_MODSEQ: ModSeq = modSeq(0n);

const NOT_COMMON: CommonState = { uid: 0, modSeq: NO_MODSEQ };

const isMove = (operation: MergeOperation): boolean =>
  operation._tag === "CopyMail" || operation._tag === "RenumberMail";

const damaged = (what: string): never =>
  failStream<SyncError>(syncError("Damaged", "run", {}, what));

/** The exchange of one mailbox whose two ends are both known to have it. */
export class MailboxExchange {
  readonly #exchange: Exchange;
  readonly #mailbox: Mailbox;
  readonly #theirs: MailboxNumbers;
  readonly #common: CommonState;
  readonly #remembered: Remembered;
  readonly #attributes: AttributeExchange;
  readonly #planned = Promise.withResolvers<ExchangePlan>();
  readonly #told = Promise.withResolvers<readonly MailChange[]>();
  readonly #own = Promise.withResolvers<readonly MailRecord[]>();
  readonly #asked = Promise.withResolvers<readonly MailRequest[]>();
  readonly #arrivals = Promise.withResolvers<Arrivals>();
  #open: Arrivals | null = null;
  readonly #sent = Promise.withResolvers<void>();
  readonly #unsent = new UnsentMails();
  /** Mails of the other end that it told of and did not send; by UID. */
  readonly #unheard = new Set<number>();
  readonly #tally = new Tally();

  constructor(
    exchange: Exchange,
    mailbox: Mailbox,
    theirs: MailboxNumbers,
    common: CommonState,
    remembered: Remembered,
  ) {
    this.#exchange = exchange;
    this.#mailbox = mailbox;
    this.#theirs = theirs;
    this.#common = common;
    this.#remembered = remembered;
    this.#attributes = new AttributeExchange(exchange, mailbox, common.modSeq);
  }

  get #imports(): boolean {
    return this.#exchange.rules.flow !== "out";
  }

  /**
   * How mails are told by their headers; null: by GUIDs, as this end can keep those that it is given. What the other end
   * cannot give a GUID to is known by its header there, and so here; but a source with GUIDs is only read.
   */
  get #hashRule(): HashRule | null {
    const { rules, hashes } = this.#exchange;
    const { haveGuids, haveSaveGuids, messages } = this.#theirs;
    if (haveSaveGuids || (haveGuids && rules.flow === "in")) return null;
    return { ...hashes, isEmpty: messages === 0 };
  }

  get #exports(): boolean {
    return this.#exchange.rules.flow !== "in";
  }

  /** Runs the exchange to its end, all but the last word. */
  async run(): Promise<Exchanged> {
    const gates = [
      this.#attributes.own,
      this.#planned,
      this.#told,
      this.#own,
      this.#asked,
      this.#arrivals,
      this.#sent,
    ];
    // Those that nobody waits for must not be taken for unhandled.
    for (const gate of gates) gate.promise.catch(() => {});
    const guarded = async (work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (thrown) {
        for (const gate of gates) gate.reject(thrown);
        this.#open?.fail(thrown);
        throw thrown;
      }
    };
    const works = [
      guarded(() => this.#send()),
      guarded(() => this.#listen()),
      guarded(() => this.#apply()),
    ];
    try {
      await Promise.all(works);
    } finally {
      await Promise.allSettled(works);
      this.#open?.close();
    }
    return await this.#exchanged();
  }

  async #send(): Promise<void> {
    const { peer, rules, filter, hashes } = this.#exchange;
    const hashRule = this.#hashRule;
    const sender = new Sender(peer);
    const { pending, pendingThere, equalBelow } = this.#remembered;
    const gathered = unwrap(await gather(this.#mailbox, pending, undefined));
    if (rules.attributes) await this.#attributes.send(sender);
    // In full, as both ends order new mails by them, letter by letter.
    const full = { ...gathered, records: await this.#fullRecords(gathered.records) };
    const more = await tellMore(this.#mailbox, full.records, filter, hashRule);
    const ours = changesToTell(full, NOT_COMMON, more);
    const side = { ...full, stuck: await this.#stuckAmong(ours) };
    if (this.#exports) {
      this.#own.resolve(side.records);
      const changes = this.#common.uid === 0 ? ours : changesToTell(side, this.#common, more);
      if (hidesMails(this.#exchange, this.#common)) {
        const heard = { numbers: this.#theirs, theirs: await this.#told.promise };
        await sender.list(withOutside(changes, heard, filter));
      } else await sender.list(changes);
    }
    if (this.#imports) {
      const theirs = await this.#told.promise;
      const { role, flow } = rules;
      const plan = planExchange(
        {
          side,
          ours,
          theirs,
          numbers: this.#theirs,
          common: this.#common,
          pendingThere,
          equalBelow,
        },
        { role, flow, filter, byHeaders: hashRule === null ? null : hashes },
      );
      this.#planned.resolve(
        unwrap(
          E.mapLeft((error: SyncError) => withPlace(error, { mailbox: this.#mailbox.name }))(plan),
        ),
      );
      const planned = await this.#planned.promise;
      if (rules.requests) await sender.list(requestsOf(planned.here));
    }
    if (!this.#exports) return this.#sent.resolve();
    const own = await this.#own.promise;
    const requests = rules.requests
      ? await this.#asked.promise
      : own.map((record): MailRequest => ({
        _tag: "MailRequest",
        guid: record.guid,
        uid: record.uid,
      }));
    await sendAsked(this.#mailbox, findAsked(own, requests), sender, this.#unsent);
    this.#sent.resolve();
  }

  /** Which mails that could not be carried over before, and that the filter lets through, cannot be read still. */
  async #stuckAmong(ours: readonly MailChange[]): Promise<ReadonlySet<number>> {
    const { filter } = this.#exchange;
    const { pending } = this.#remembered;
    if (!this.#exports || pending.size === 0) return new Set();
    const isTried = (mail: MailChange): boolean =>
      mail.type === "s" && pending.has(mail.uid) && isWanted(filter, mail);
    return await this.#unsent.find(this.#mailbox, ours.filter(isTried).map(({ uid }) => uid));
  }

  /** GUIDs as the other end knows them. A master may wait for its list first: a Dovecot does not wait for ours. */
  async #fullRecords(records: readonly MailRecord[]): Promise<readonly MailRecord[]> {
    const { store, rules } = this.#exchange;
    if (store.caps.fullGuids) return records;
    const known = new Map<number, Guid>();
    if (rules.role === "master" && this.#imports) {
      for (const change of await this.#told.promise) {
        if (change.type !== "e" && change.guid !== null) known.set(change.uid, change.guid);
      }
    }
    return await withFullGuids(this.#mailbox, records, known);
  }

  async #listen(): Promise<void> {
    const { listening, makeSpool, rules } = this.#exchange;
    if (this.#imports) {
      const attributes = await this.#attributes.take();
      if (attributes !== null) this.#tally.takeAttributes(attributes);
      const changes: MailChange[] = [];
      for await (const chunk of listening.list("changes")) {
        const wrong = descendsAt(chunk, changes.at(-1)?.uid ?? 0);
        if (wrong !== null) {
          damaged(`the other end's list of changes does not ascend at UID ${wrong}`);
        }
        for (const change of chunk) changes.push(change);
      }
      this.#told.resolve(changes);
    }
    if (this.#exports && rules.requests) {
      const requests: MailRequest[] = [];
      for await (const chunk of listening.list("requests")) requests.push(...chunk);
      this.#asked.resolve(requests);
    }
    if (!this.#imports) return;
    const { here } = await this.#planned.promise;
    const arrivals = new Arrivals(wantedCopies(here), makeSpool);
    this.#open = arrivals;
    this.#arrivals.resolve(arrivals);
    await listening.mails((mail, body) => arrivals.take(mail, body));
    arrivals.end();
  }

  async #apply(): Promise<void> {
    if (!this.#imports) return;
    const { here } = await this.#planned.promise;
    // Until all that was asked for is sent, every mail has to be found where it was told to be.
    if (here.some(({ _tag }) => _tag === "RenumberMail")) await this.#sent.promise;
    const { here: possible } = withoutUnsent(await this.#planned.promise, this.#unsent.uids);
    await this.#carryOut(this.#arriving(possible.filter(isMove)));
    await this.#sent.promise;
    const rest = possible.filter((operation) => !isMove(operation)) as MailOperation[];
    const spared = await this.#unsent.sparing(this.#mailbox, rest, await this.#told.promise);
    await this.#carryOut(fromArray(spared));
  }

  async #carryOut(operations: Chunks<MailOperation, SyncError>): Promise<void> {
    const { explain } = await this.#planned.promise;
    const { name } = this.#mailbox;
    unwrap(
      await drain(this.#mailbox.apply(operations), (outcomes) => {
        this.#tally.take(outcomes);
        for (const one of decisionsIn(outcomes, explain)) this.#exchange.decided(name, one);
      })(),
    );
  }

  /** The planned copies with their mails, as these arrive. */
  async *#arriving(
    operations: readonly MergeOperation[],
  ): AsyncGenerator<readonly MailOperation[]> {
    const arrivals = await this.#arrivals.promise;
    for (const operation of operations) {
      if (operation._tag !== "CopyMail") {
        yield [operation];
        continue;
      }
      const mail = await arrivals.get(mailKey(operation.from));
      if (mail !== null) {
        const known = mail.guid === "" ? { ...mail, guid: this.#exchange.newGuid() } : mail;
        yield [{ _tag: "SaveMail", copy: operation, mail: known }];
      } else {
        this.#unheard.add(operation.from.uid);
        const where = { mailbox: this.#mailbox.name, uid: operation.from.uid };
        const [tag, what] = this.#remembered.pendingThere.has(operation.from.uid)
          ? ["Damaged", "the other end has it, and cannot send it"] as const
          : ["Changed", "the other end lost the mail while it was synced"] as const;
        this.#tally.lose(syncError(tag, "message", where, what));
      }
    }
  }

  async #exchanged(): Promise<Exchanged> {
    const { store } = this.#exchange;
    const { guid } = this.#mailbox.status;
    const fresh = unwrap(
      await store.withMailbox(guid, ({ status, moment }) => TE.right({ status, moment }))(),
    );
    const place = (error: SyncError): SyncError =>
      withPlace(error, { mailbox: this.#mailbox.name });
    const planned = this.#imports ? await this.#planned.promise : null;
    const own = this.#mailbox.status;
    const { pending, pendingThere } = this.#remembered;
    return {
      done: addSides(NOTHING_DONE, this.#tally.done),
      problems: [this.#mailbox, this.#tally, this.#unsent].flatMap((part) =>
        part.problems.map(place)
      ),
      hasUnsent: this.#unsent.uids.size > 0 ||
        [...this.#unheard].some((uid) => pendingThere.has(uid)),
      pending: {
        here: [...new Set([...planned?.pending.here ?? pending, ...this.#unsent.uids])],
        there: [...new Set([...planned?.pending.there ?? pendingThere, ...this.#unheard])],
      },
      isDoubtful: planned !== null && isDoubtful(withoutUnsent(planned, this.#unsent.uids)),
      moment: fresh.moment,
      state: {
        _tag: "MailboxState",
        guid: own.guid,
        uidValidity: fresh.status.uidValidity,
        commonUid: (planned?.uidNext ?? own.uidNext) - 1,
        commonModSeq: planned === null ? own.highestModSeq : this.#theirs.highestModSeq,
        commonPrivateModSeq: planned === null ? NO_MODSEQ : this.#theirs.highestPrivateModSeq,
        messages: planned === null ? own.messages : fresh.status.messages,
        changedMeanwhile: this.#tally.changed || this.#exchange.isTreeDoubtful(),
      },
    };
  }
}
