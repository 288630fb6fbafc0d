/**
 * The mailboxes of a session in which this end is the destination of a backup: the other end is a source like any other,
 * whose mails arrive over the wire.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { pipe } from "fp-ts/function.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { sameGuid } from "../codec/guid.ts";
import type { MailboxNumbers, MailChange } from "../codec/dsync_wire_item.ts";
import type { MailboxAttribute } from "../model/attribute.ts";
import { type SyncError, syncError } from "../model/error.ts";
import { type MailboxGuid, modSeq } from "../model/ids.ts";
import type { MailboxTree } from "../model/mailbox.ts";
import type { Mailbox, MailboxAttributes } from "../port/store.ts";
import { collect, fromArray } from "../stream/chunks.ts";
import type { MailboxPair } from "../sync/backup_tree.ts";
import { isOpen, isWanted, type MailFilter } from "../sync/wire_mailbox.ts";
import { descendsAt } from "../sync/wire_mailbox.ts";
import { Arrivals } from "./arrivals.ts";
import {
  type BackupBegun,
  type BackupSource,
  beginBackup,
  endBackup,
  settlePair,
} from "./backup.ts";
import type { RunLog } from "./run.ts";
import type { MailboxSession } from "./session_mailbox.ts";
import { numbersOf, numbersToCompare, pristineNumbers } from "./session_options.ts";
import { Sender, unwrap } from "./told_mails.ts";
import {
  lacking,
  NOTHING_TO_REUSE,
  type Reusable,
  reusable,
  uses,
  wireSource,
} from "./wire_source.ts";

/** Attributes as the source told them, to be copied: nothing is common, so it has told them all. */
const toldAttributes = (attributes: readonly MailboxAttribute[]): MailboxAttributes => ({
  list: () => fromArray(attributes),
  set: () => TE.left(syncError("Unsafe", "run", {}, "the source of a backup is only read")),
});

/** The destination of one backup session. */
export class SessionBackup {
  readonly #session: MailboxSession;
  readonly #log: RunLog;
  readonly #pairs = new Map<MailboxGuid, MailboxPair>();
  readonly #uidValidities: ReadonlyMap<MailboxGuid, number>;
  #begun: BackupBegun | null = null;
  /** Whether the source would have told its changes since a saved state only, which is not enough for a copy. */
  needsWhole = false;

  /** `uidValidities`: those of the source's mailboxes, as its tree tells them. */
  constructor(
    session: MailboxSession,
    log: RunLog,
    uidValidities: ReadonlyMap<MailboxGuid, number>,
  ) {
    this.#session = session;
    this.#log = log;
    this.#uidValidities = uidValidities;
  }

  /** Brings the tree to where the mailboxes can be synced; gives these, INBOX first. */
  async begin(from: MailboxTree, to: MailboxTree): Promise<readonly MailboxPair[]> {
    const { exchange: { peer, store } } = this.#session;
    const begun = unwrap(await beginBackup({ location: peer.name }, from, store, to, this.#log));
    this.#begun = begun;
    for (const pair of begun.plan.pairs) this.#pairs.set(pair.guid, pair);
    return begun.plan.pairs;
  }

  /** Brings the tree to its end. */
  async end(): Promise<void> {
    if (this.#begun !== null) {
      unwrap(await endBackup(this.#session.exchange.store, this.#begun));
    }
  }

  /** Syncs one mailbox. `told`: what a master said of it; null: this end is the master. */
  async mailbox(guid: MailboxGuid, told: MailboxNumbers | null): Promise<void> {
    const { talk } = this.#session;
    const pair = this.#pairs.get(guid);
    if (pair === undefined) {
      if (told !== null) await talk.disown(guid, false);
      return;
    }
    if ((this.#session.states.get(guid)?.commonUid ?? 0) > 0) {
      const what = "a backup has to hear of every mail, not of changes since a saved state";
      this.needsWhole = true;
      this.#log.problem(syncError("Changed", "mailbox", { mailbox: pair.name }, what));
      if (told !== null) await talk.disown(guid, false);
      return;
    }
    const numbers = await this.#ownNumbers(pair);
    const introduced = await talk.introduce(numbers, told);
    if (introduced === "lost") {
      this.#log.problem(
        syncError("Changed", "mailbox", { mailbox: pair.name }, "the other end lost the mailbox"),
      );
      return;
    }
    if (introduced === "ignored") return;
    if (!introduced.synced) {
      this.#log.begin(pair.name, numbers.messages);
      return;
    }
    let opened = false;
    const source: BackupSource = {
      location: this.#session.exchange.peer.name,
      isOnce: true,
      withMailbox: (_, use) => {
        if (opened) {
          const what = "it changed while it was synced";
          return TE.left(syncError("Changed", "mailbox", { mailbox: pair.name }, what));
        }
        opened = true;
        return this.#withSource(pair, introduced.theirs, use);
      },
    };
    unwrap(await settlePair(source, this.#session.exchange.store, pair, this.#log));
    if (!opened) {
      const what = "the mailbox could not be prepared for what the other end sends";
      unwrap(E.left(syncError("Changed", "run", { mailbox: pair.name }, what)));
    }
  }

  /**
   * The numbers that this end tells. A mailbox that will be filled anew is told as one that never held a mail, with the
   * source's UIDVALIDITY: a Dovecot would take over that of the side with more mails, even as the source of a backup.
   */
  async #ownNumbers(pair: MailboxPair): Promise<MailboxNumbers> {
    const { exchange: { store }, options } = this.#session;
    const uidValidity = this.#uidValidities.get(pair.guid) ?? 0;
    if (pair.counterpart === null) return pristineNumbers(pair.guid, uidValidity);
    const { status, moment } = unwrap(
      await store.withMailbox(
        pair.counterpart,
        ({ status, moment }) => TE.right({ status, moment }),
      )(),
    );
    if (status.guid !== pair.guid || status.uidValidity !== uidValidity) {
      return pristineNumbers(pair.guid, uidValidity);
    }
    return options.compares({ status, moment })
      ? numbersToCompare(numbersOf(status))
      : numbersOf(status);
  }

  /** Hears what the source has, asks for what this end lacks, and lends `use` a mailbox that has it all. */
  #withSource<A>(
    pair: MailboxPair,
    theirs: MailboxNumbers,
    use: (source: Mailbox) => TaskEither<SyncError, A>,
  ): TaskEither<SyncError, A> {
    const { store } = this.#session.exchange;
    if (pair.counterpart === null) return this.#lend(pair, theirs, NOTHING_TO_REUSE, use);
    return store.withMailbox(pair.counterpart, (old) =>
      pipe(
        TE.rightTask(() => reusable(old)),
        TE.chain((reuse) => this.#lend(pair, theirs, reuse, use)),
      ));
  }

  #lend<A>(
    pair: MailboxPair,
    theirs: MailboxNumbers,
    reuse: Reusable,
    use: (source: Mailbox) => TaskEither<SyncError, A>,
  ): TaskEither<SyncError, A> {
    return async () => {
      const { exchange, talk, options } = this.#session;
      const { listening, makeSpool, peer, rules } = exchange;
      const attributes = await listening.attributes();
      const changes = await this.#changes(options.filter, reuse);
      const wanted = lacking(changes, reuse);
      const sender = new Sender(peer);
      if (rules.requests) await sender.list(wanted);
      const arrivals = new Arrivals(uses(changes, reuse.mailbox), makeSpool);
      const hearing = listening.mails((mail, body) => arrivals.take(mail, body))
        .then(() => arrivals.end(), (thrown) => {
          arrivals.fail(thrown);
          throw thrown;
        });
      hearing.catch(() => {});
      try {
        const result = await use({
          ...wireSource(pair.name, theirs, changes, reuse, arrivals),
          ...(rules.attributes ? { attributes: toldAttributes(attributes) } : {}),
        })();
        if (E.isLeft(result)) arrivals.abandon();
        await hearing;
        await talk.conclude({
          _tag: "MailboxState",
          guid: pair.guid,
          uidValidity: theirs.uidValidity,
          commonUid: theirs.uidNext - 1,
          commonModSeq: theirs.highestModSeq,
          commonPrivateModSeq: modSeq(0n),
          messages: changes.filter(({ type }) => type !== "e").length,
          changedMeanwhile: E.isLeft(result),
        });
        return result;
      } finally {
        arrivals.close();
      }
    };
  }

  /** The mails that the source tells of; new ones that a filter does not want are left out. */
  async #changes(filter: MailFilter, { mailbox }: Reusable): Promise<readonly MailChange[]> {
    const changes: MailChange[] = [];
    for await (const chunk of this.#session.exchange.listening.list("changes")) {
      const wrong = descendsAt(chunk, changes.at(-1)?.uid ?? 0);
      if (wrong !== null) {
        const what = `the other end's list of changes does not ascend at UID ${wrong}`;
        unwrap(E.left(syncError("Damaged", "run", {}, what)));
      }
      changes.push(...chunk.filter(({ type }) => type === "s"));
    }
    if (isOpen(filter)) return changes;
    const records = mailbox === null ? [] : unwrap(await collect(mailbox.records())());
    const there = new Map(records.map((record) => [record.uid as number, record]));
    return changes.filter((change) => {
      const mine = there.get(change.uid);
      const isSame = mine !== undefined && change.guid !== null && sameGuid(mine.guid, change.guid);
      return isSame || isWanted(filter, change);
    });
  }
}
