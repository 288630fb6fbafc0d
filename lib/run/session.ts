/**
 * A whole session of the dsync protocol with another program, a Dovecot above all, at the other end: in either role, in
 * any direction.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { wireAbilities } from "../codec/dsync_wire_hello.ts";
import {
  DONE,
  END_OF_LIST,
  type MailboxNumbers,
  type MailboxState,
} from "../codec/dsync_wire_item.ts";
import { type SyncError, syncError, withPlace } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import type { MailboxName } from "../model/mailbox.ts";
import { NOTHING_DONE, type SideReport } from "../model/report.ts";
import type { Peer } from "../port/peer.ts";
import type { Store } from "../port/store.ts";
import { StreamFailure } from "../stream/chunks.ts";
import type { Rules } from "../sync/session_order.ts";
import { isOpen } from "../sync/wire_mailbox.ts";
import type { Exchange, Exchanged } from "./exchange.ts";
import { Listening } from "./listening.ts";
import { endsRun, RunLog } from "./run.ts";
import { SessionBackup } from "./session_backup.ts";
import { type MailboxSession, sessionMailbox } from "./session_mailbox.ts";
import type { SeenMailbox, SessionOptions, SessionResult } from "./session_options.ts";
import { SessionTalk } from "./session_talk.ts";
import { SessionTree, type TreeMailbox } from "./session_tree.ts";
import { withSaidKeywords } from "./partial_keywords.ts";
import { pacedPeer, underOptions } from "./supervised.ts";
import { Sender } from "./told_mails.ts";

const fail = (error: SyncError): never => {
  throw new StreamFailure(error);
};

/** One session. */
class Session {
  readonly #peer: Peer;
  readonly #options: SessionOptions;
  readonly #rules: Rules;
  readonly #listening: Listening;
  readonly #exchange: Exchange;
  readonly #talk: SessionTalk;
  readonly #log: RunLog;
  readonly #tree: SessionTree;
  readonly #doubtful = new Set<MailboxGuid>();
  readonly #seen = new Map<MailboxGuid, SeenMailbox>();
  readonly #pending = new Map<MailboxGuid, Exchanged["pending"]>();
  #hasUnsent = false;
  #fullResync = false;
  #changedMeanwhile = false;

  constructor(store: Store, peer: Peer, options: SessionOptions) {
    this.#peer = peer;
    this.#options = options;
    this.#rules = {
      role: options.role,
      flow: options.flow,
      attributes: wireAbilities(peer.minor).attributes,
      requests: options.requests,
      stateful: options.syncType === "state",
    };
    this.#listening = new Listening(peer, this.#rules);
    this.#talk = new SessionTalk(peer, this.#listening, options.syncType === "changed");
    this.#log = new RunLog(
      options,
      options.flow === "both" || options.keepOwn ? "mirror" : "backup",
    );
    this.#exchange = {
      peer,
      listening: this.#listening,
      rules: this.#rules,
      keepOwn: options.keepOwn,
      filter: options.filter,
      makeSpool: options.makeSpool,
      newGuid: options.newGuid,
      hashes: {
        headers: options.hashedHeaders,
        version: wireAbilities(peer.minor).headerHash,
        emptyHeaderWorkaround: options.emptyHeaderWorkaround,
      },
      store,
      decided: (mailbox, decision) =>
        this.#log.decided({ ...decision, side: options.side, mailbox }),
      isTreeDoubtful: () => options.role === "slave" && this.#tree.isDoubtful,
    };
    this.#tree = new SessionTree(store, this.#exchange, options, this.#log);
  }

  async run(): Promise<SessionResult> {
    const { flow, keepOwn, role } = this.#options;
    const states = await this.#commonStates();
    const session: MailboxSession = {
      options: this.#options,
      exchange: this.#exchange,
      talk: this.#talk,
      states,
    };
    const tree = this.#tree;
    await tree.exchange();
    let end = (): Promise<void> => Promise.resolve();
    let mailbox = (at: TreeMailbox, told: MailboxNumbers | null): Promise<void> =>
      this.#mailbox(session, at, told);
    let mailboxes: readonly TreeMailbox[];
    if (flow === "in" && !keepOwn) {
      const backup = new SessionBackup(session, this.#log, tree.uidValidities);
      mailboxes = await backup.begin(tree.theirs, tree.own);
      mailbox = ({ guid }, told) => backup.mailbox(guid, told);
      end = async () => {
        if (backup.needsWhole) this.#fullResync = true;
        await backup.end();
      };
    } else {
      mailboxes = await tree.merge();
    }
    if (role === "master") await this.#lead(mailboxes, mailbox);
    else await this.#follow(mailboxes, mailbox);
    await end();
    await this.#finish();
    return {
      report: this.#log.report(),
      states: this.#talk.states,
      seen: this.#seen,
      fullResync: this.#fullResync,
      changedMeanwhile: this.#changedMeanwhile || this.#talk.changedThere,
      // With -1 the ends are not meant to be equal.
      doubtful: keepOwn ? new Set() : new Set([...this.#doubtful, ...this.#differing()]),
      doubtfulTree: tree.hasConflict,
      newDirectories: tree.newDirectories,
      pending: this.#pending,
      hasUnsent: this.#hasUnsent,
    };
  }

  /** What both ends know in common: a master tells it, a slave is told. */
  async #commonStates(): Promise<ReadonlyMap<MailboxGuid, MailboxState>> {
    const { role, states } = this.#options;
    if (!this.#rules.stateful) return new Map();
    if (role === "master") {
      await new Sender(this.#peer).list(states.values());
      return states;
    }
    const told = new Map<MailboxGuid, MailboxState>();
    for await (const chunk of this.#listening.list("states")) {
      for (const state of chunk) told.set(state.guid, state);
    }
    return told;
  }

  /** A master goes through its mailboxes, one after the other. */
  async #lead(
    mailboxes: readonly TreeMailbox[],
    sync: (mailbox: TreeMailbox, told: null) => Promise<void>,
  ): Promise<void> {
    for (const mailbox of this.#options.mails ? mailboxes : []) await sync(mailbox, null);
    await this.#peer.send([END_OF_LIST]);
    this.#listening.awaitFinish();
  }

  /** A slave answers for each mailbox that the master comes to. */
  async #follow(
    mailboxes: readonly TreeMailbox[],
    sync: (mailbox: TreeMailbox, told: MailboxNumbers) => Promise<void>,
  ): Promise<void> {
    const known = new Map(mailboxes.map((mailbox) => [mailbox.guid, mailbox]));
    for (;;) {
      const told = await this.#listening.mailbox();
      if (told === null) return;
      const mailbox = known.get(told.guid) ?? await this.#former(known, told.guid);
      if (mailbox !== null) await sync(mailbox, told);
      else await this.#disown(told.guid);
    }
  }

  /** A mailbox that has another identity since this session began, and gets back the one that it had. */
  async #former(
    known: ReadonlyMap<MailboxGuid, TreeMailbox>,
    guid: MailboxGuid,
  ): Promise<TreeMailbox | null> {
    const now = this.#tree.formerly(guid);
    const mailbox = now === null ? undefined : known.get(now);
    return mailbox === undefined ? null : await this.#tree.takeBack(mailbox);
  }

  async #disown(guid: MailboxGuid): Promise<void> {
    const { flow, keepOwn } = this.#options;
    const ignore = flow === "out" && keepOwn;
    await this.#talk.disown(guid, ignore);
    if (!ignore) this.#changedMeanwhile = true;
  }

  async #mailbox(
    session: MailboxSession,
    { guid, name }: TreeMailbox,
    told: MailboxNumbers | null,
  ): Promise<void> {
    this.#log.begin(name, 0);
    let end;
    try {
      end = await sessionMailbox(session, guid, name, told);
    } catch (thrown) {
      if (!(thrown instanceof StreamFailure)) throw thrown;
      const error = withPlace(thrown.error as SyncError, { mailbox: name });
      // Nothing was said of the mailbox yet when it cannot be opened: the others are not touched by that.
      if (endsRun(error) || this.#listening.stage !== "mailbox") return fail(error);
      this.#log.problem(error);
      if (told !== null) await this.#talk.disown(guid, false);
      return;
    }
    switch (end._tag) {
      case "Exchanged":
        return this.#note(guid, name, end.exchanged);
      case "Skipped":
        this.#seen.set(guid, { ...end, name });
        for (const one of end.problems) this.#log.problem(withPlace(one, { mailbox: name }));
        return this.#done(name, end.messages, NOTHING_DONE);
      case "Lost": {
        const former = await this.#tree.takeBack({ guid, name });
        if (former !== null) return await this.#mailbox(session, former, told);
        this.#changedMeanwhile = true;
        this.#fullResync = true;
        return this.#changed(name, "the other end has lost it; perhaps it was just deleted");
      }
      case "Stale":
        this.#fullResync = true;
        this.#changed(name, `the saved state does not fit: ${end.what}`);
        if (told !== null) return await this.#talk.disown(guid, false);
        // The slave knows the state, too, and would tell its changes since then only.
        return fail(syncError("Changed", "run", { mailbox: name }, "the saved state does not fit"));
    }
  }

  /** Mailboxes whose numbers differ without a reason: a filter is one, as it leaves mails on one side only. */
  #differing(): Iterable<MailboxGuid> {
    return isOpen(this.#options.filter) ? this.#talk.differing : [];
  }

  #changed(mailbox: MailboxName, what: string): void {
    this.#log.problem(syncError("Changed", "mailbox", { mailbox }, what));
  }

  #done(name: MailboxName, messages: number, here: SideReport): void {
    const [left, right] = this.#options.side === "left"
      ? [here, NOTHING_DONE]
      : [NOTHING_DONE, here];
    this.#log.done(name, messages, left, right);
  }

  #note(guid: MailboxGuid, name: MailboxName, exchanged: Exchanged): void {
    const { done, problems, pending, hasUnsent, isDoubtful, moment, state } = exchanged;
    this.#done(name, state.messages ?? 0, done);
    for (const problem of problems) this.#log.problem(problem);
    this.#pending.set(guid, pending);
    this.#hasUnsent ||= hasUnsent;
    if (state.changedMeanwhile) this.#changedMeanwhile = true;
    if (isDoubtful || state.changedMeanwhile) this.#doubtful.add(guid);
    const { uidValidity, commonUid } = state;
    this.#seen.set(guid, { name, uidValidity, uidNext: commonUid + 1, moment });
  }

  async #finish(): Promise<void> {
    const { finish } = wireAbilities(this.#peer.minor);
    if (this.#options.role === "slave") {
      if (finish) {
        await this.#peer.send([{
          _tag: "Finish",
          error: null,
          mailError: null,
          fullResync: this.#fullResync,
        }]);
      }
      // A master that has heard the finish need not wait for the last word, and a Dovecot does not.
      await this.#peer.send([DONE]).catch((thrown) => {
        if (!finish) throw thrown;
      });
      return;
    }
    if (!finish) return;
    const last = await this.#listening.finish();
    if (last.fullResync) this.#fullResync = true;
    if (last.error !== null) {
      fail(syncError("Io", "run", {}, `the other end failed: ${last.error}`));
    }
  }
}

/**
 * Holds a session with a peer that has said hello. Gives what was done at this end; fails where the session could not be
 * ended (the other end died, fell silent, or spoke nonsense), and tells the other end so. What was done before stays.
 */
export const holdSession = (
  store: Store,
  peer: Peer,
  options: SessionOptions,
): TaskEither<SyncError, SessionResult> =>
async () => {
  try {
    const own = underOptions(withSaidKeywords(store), options.side, options);
    return E.right(await new Session(own, pacedPeer(peer, options), options).run());
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    // The other end may be gone already, or in the middle of a mail.
    await peer.send([DONE]).catch(() => {});
    return E.left(thrown.error as SyncError);
  }
};
