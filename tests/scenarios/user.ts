/** Users at work: the recorded acts of one side, done to an account so that it ends in the recorded state. */
import assert from "node:assert/strict";
import { pipe } from "fp-ts/function.js";
import * as TE from "fp-ts/TaskEither.js";
import type { SyncError } from "../../lib/model/error.ts";
import { type Flags, keywordsWithout, NO_FLAGS, NO_KEYWORDS } from "../../lib/model/flags.ts";
import { type Guid, type MailboxGuid, modSeq, uid } from "../../lib/model/ids.ts";
import type { MailRecord } from "../../lib/model/mail.ts";
import { mailboxName } from "../../lib/model/mailbox.ts";
import type { MailOperation, TreeOperation, UpdateFlags } from "../../lib/model/operation.ts";
import type { Mailbox, Store } from "../../lib/port/store.ts";
import { collect, drain, fromArray } from "../../lib/stream/chunks.ts";
import { saveOf } from "../../lib/testing/mails.ts";
import { run } from "../../lib/testing/content.ts";
import type { Account, Clock } from "./account.ts";
import {
  flagsFrom,
  guidOf,
  mailboxGuidOf,
  type RecordedMailbox,
  type RecordedState,
  type Scenario,
  type SideName,
  uidsFrom,
  type UserAct,
} from "./scenario.ts";

const apply = (mailbox: Mailbox, operations: readonly MailOperation[]) =>
  drain(mailbox.apply(fromArray(operations)), (outcomes) => {
    for (const outcome of outcomes) {
      if (outcome._tag === "Refused") assert.fail(JSON.stringify(outcome.error));
    }
  });

/** One user at one account, on the way to a recorded state. */
export class User {
  readonly #scenario: Scenario;
  readonly #side: SideName;
  readonly #store: Store;
  readonly #end: RecordedState;
  /** Where each mailbox is now. */
  readonly #boxes = new Map<string, MailboxGuid>();

  private constructor(scenario: Scenario, side: SideName, store: Store, end: RecordedState) {
    this.#scenario = scenario;
    this.#side = side;
    this.#store = store;
    this.#end = end;
  }

  /** Does `acts` from second `start` on; the account then is in the state `end`, MODSEQs included. */
  static async work(
    scenario: Scenario,
    side: SideName,
    account: Account,
    acts: readonly UserAct[],
    end: RecordedState,
    clock: Clock,
  ): Promise<void> {
    const store = await account.openAsUser();
    const user = new User(scenario, side, store, end);
    const start = clock.now;
    const tree = await run(store.tree);
    for (const node of tree.nodes) {
      if (node._tag === "Mailbox") user.#boxes.set(node.name, node.guid);
    }
    for (const [i, act] of acts.entries()) {
      clock.now = start + act.t;
      await user.#act(act, acts.slice(i + 1));
    }
    await user.#finish();
    await store.close();
    clock.now = start;
  }

  #tree(operation: TreeOperation): Promise<void> {
    return run(this.#store.applyTree(operation));
  }

  /** The recorded end of a mailbox; null: it does not come to the end. */
  #endOf(guid: MailboxGuid): RecordedMailbox | null {
    return Object.values(this.#end.mailboxes)
      .find((box) => mailboxGuidOf(this.#scenario, box.guid) === guid) ?? null;
  }

  async #create(name: string): Promise<void> {
    const box = this.#end.mailboxes[name];
    assert.ok(box !== undefined, `${name} is in the end`);
    const guid = mailboxGuidOf(this.#scenario, box.guid);
    await this.#tree({
      _tag: "CreateMailbox",
      name: mailboxName(name),
      guid,
      uidValidity: this.#scenario.uidvalidities[box.uidvalidity]!,
    });
    this.#boxes.set(name, guid);
  }

  async #rename(from: string, to: string): Promise<void> {
    // Children first, so that no format is left with an empty parent: Dovecot moves them all at once.
    for (const [name, guid] of [...this.#boxes].sort().reverse()) {
      if (name !== from && !name.startsWith(`${from}/`)) continue;
      const newName = to + name.slice(from.length);
      await this.#tree({
        _tag: "RenameMailbox",
        name: mailboxName(name),
        guid,
        newName: mailboxName(newName),
      });
      this.#boxes.delete(name);
      this.#boxes.set(newName, guid);
    }
  }

  #within<A>(
    name: string,
    use: (mailbox: Mailbox, records: readonly MailRecord[]) => TE.TaskEither<SyncError, A>,
  ): Promise<A> {
    return run(
      this.#store.withMailbox(this.#boxes.get(name)!, (mailbox) =>
        pipe(
          collect(mailbox.records()),
          TE.chainW((records) => use(mailbox, records)),
        )),
    );
  }

  /**
   * Raises HIGHESTMODSEQ so that the next change gets the MODSEQ that `at` has in the end, if nothing touches it later.
   * How a storage counts on the way is its own business.
   */
  #before(mailbox: Mailbox, at: number, later: readonly UserAct[]): readonly MailOperation[] {
    const end = this.#endOf(mailbox.status.guid)?.mails.find((mail) => mail.uid === at);
    const again = later.some((act) =>
      act.mailbox === mailbox.name && "uids" in act && uidsFrom(act.uids).includes(at)
    );
    if (end === undefined || again) return [];
    return [{
      _tag: "RaiseStatus",
      uidNext: 1,
      highestModSeq: modSeq(BigInt(end.modseq - 1)),
      firstRecentUid: 1,
    }];
  }

  async #save(name: string, subject: string, id: Guid | null, later: readonly UserAct[]) {
    await this.#within(name, (mailbox) => {
      const at = mailbox.status.uidNext;
      const end = this.#endOf(mailbox.status.guid)?.mails.find((mail) => mail.uid === at);
      const label = end?.guid ?? `guid:${subject}`;
      return apply(mailbox, [
        ...this.#before(mailbox, at, later),
        saveOf({
          uid: at,
          guid: id ?? guidOf(this.#scenario, this.#side, label),
          bytes: `Subject: ${subject}\n\nbody of ${subject}\n`,
        }),
      ]);
    });
  }

  async #copy(act: Extract<UserAct, { op: "copy" | "move" }>, later: readonly UserAct[]) {
    const mails = await this.#within(
      act.mailbox,
      (_, records) => TE.right(records.filter((record) => uidsFrom(act.uids).includes(record.uid))),
    );
    for (const mail of mails) {
      const subject = Object.keys(this.#scenario.guids)
        .find((label) => this.#scenario.guids[label] === mail.guid)!.replace(/^guid:/, "");
      await this.#save(act.to, subject, mail.guid, later);
    }
    if (act.op === "move") await this.#expunge(act.mailbox, act.uids);
  }

  async #expunge(name: string, set: string): Promise<void> {
    await this.#within(name, (mailbox, records) =>
      apply(
        mailbox,
        records.filter((record) => uidsFrom(set).includes(record.uid))
          .map(({ uid, guid }) => ({ _tag: "Expunge", uid, guid })),
      ));
  }

  async #flags(act: Extract<UserAct, { op: "flags" }>, later: readonly UserAct[]) {
    const names = flagsFrom(act.flags);
    for (const at of uidsFrom(act.uids)) {
      await this.#within(act.mailbox, (mailbox, records) => {
        const record = records.find((candidate) => candidate.uid === at)!;
        const replaces = act.how === "replace";
        const update: UpdateFlags = {
          _tag: "UpdateFlags",
          uid: uid(at),
          guid: record.guid,
          add: act.how === "remove" ? NO_FLAGS : names.flags,
          remove: (act.how === "remove"
            ? names.flags
            : replaces
            ? record.flags & ~names.flags
            : NO_FLAGS) as Flags,
          addKeywords: act.how === "remove" ? NO_KEYWORDS : names.keywords,
          removeKeywords: act.how === "remove"
            ? names.keywords
            : replaces
            ? keywordsWithout(record.keywords, names.keywords)
            : NO_KEYWORDS,
          modSeq: null,
        };
        return apply(mailbox, [
          ...this.#before(mailbox, at, later),
          update,
        ]);
      });
    }
  }

  async #act(act: UserAct, later: readonly UserAct[]): Promise<void> {
    const name = mailboxName(act.mailbox);
    switch (act.op) {
      case "save":
        if (!this.#boxes.has(act.mailbox)) await this.#create(act.mailbox);
        return await this.#save(act.mailbox, act.mail, null, later);
      case "flags":
        return await this.#flags(act, later);
      case "expunge":
        return await this.#expunge(act.mailbox, act.uids);
      case "copy":
      case "move":
        return await this.#copy(act, later);
      case "create":
        if (!act.mailbox.endsWith("/")) return await this.#create(act.mailbox);
        return await this.#tree({
          _tag: "CreateDirectory",
          name: mailboxName(act.mailbox.slice(0, -1)),
        });
      case "delete":
        await this.#tree({
          _tag: "DeleteMailbox",
          name,
          guid: this.#boxes.get(act.mailbox)!,
        });
        this.#boxes.delete(act.mailbox);
        return;
      case "rename":
        return await this.#rename(act.mailbox, act.to);
      case "subscribe":
        return await this.#tree({ _tag: "Subscribe", name });
      case "unsubscribe":
        return await this.#tree({ _tag: "Unsubscribe", name });
    }
  }

  /** What no act made (Dovecot's own INBOX), and the counters. */
  async #finish(): Promise<void> {
    for (const [name, box] of Object.entries(this.#end.mailboxes)) {
      if (!this.#boxes.has(name)) await this.#create(name);
      await this.#within(name, (mailbox) =>
        apply(mailbox, [{
          _tag: "RaiseStatus",
          uidNext: box.uidnext,
          highestModSeq: modSeq(BigInt(box.highestmodseq)),
          firstRecentUid: 1,
        }]));
    }
  }
}
