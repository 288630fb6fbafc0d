/**
 * The mailbox trees of a session: each end tells its own, and brings it to where both come together.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import type { Deletes, TreeNode } from "../codec/dsync_wire_item.ts";
import { syncError, withPlace } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import type { MailboxName, MailboxTree } from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import type { Store } from "../port/store.ts";
import { type DovecotChange, dovecotChanges, type DovecotSide } from "../sync/dovecot_tree.ts";
import { DiskNames, type FollowedMailbox, followTree } from "../sync/follow_tree.ts";
import { withUniqueGuids } from "../sync/tree_history.ts";
import {
  deletesFor,
  type HeardTree,
  isTellable,
  mailboxTreeOf,
  nameTree,
  type NodeNumbers,
  nodesFor,
  readToldTree,
  toldNames,
  type ToldTree,
  treeToTell,
} from "../sync/wire_tree.ts";
import type { Exchange } from "./exchange.ts";
import { endsRun, type RunLog } from "./run.ts";
import type { SessionOptions } from "./session_options.ts";
import { Sender, unwrap } from "./told_mails.ts";
import { nameIn } from "./tree_decision.ts";

/** A mailbox that both ends have when the trees are one. */
export type TreeMailbox = FollowedMailbox;

const EMPTY: MailboxTree = { nodes: [], subscriptions: [], log: [], problems: [] };

/** The trees of one session. */
export class SessionTree {
  /** What takes part of this end's tree. */
  own: MailboxTree = EMPTY;
  /** UIDVALIDITYs of the other end's mailboxes, as its tree tells them; 0: it does not. */
  uidValidities: ReadonlyMap<MailboxGuid, number> = new Map();
  /** Mailboxes whose identity was changed by this session: what it was, by what it is. */
  readonly #former = new Map<MailboxGuid, MailboxGuid>();
  /** Whether names were settled in a way that a Dovecot ends in a second session only. */
  hasConflict = false;
  /** Names without mails that the other end was told of and does not have: with Maildir++ it makes mailboxes of them. */
  newDirectories: readonly string[] = [];
  readonly #store: Store;
  readonly #exchange: Exchange;
  readonly #options: SessionOptions;
  readonly #log: RunLog;
  #numbers: ReadonlyMap<MailboxGuid, NodeNumbers> = new Map();
  #told: ToldTree | null = null;
  #heard: ToldTree | null = null;

  /** Of this store, under these options; what cannot be done is told to `log`. */
  constructor(store: Store, exchange: Exchange, options: SessionOptions, log: RunLog) {
    this.#store = store;
    this.#exchange = exchange;
    this.#options = options;
    this.#log = log;
  }

  /** Tells this end's tree and hears the other end's. */
  async exchange(): Promise<void> {
    const { wants } = this.#options;
    const all = withUniqueGuids(unwrap(await this.#store.tree()));
    for (const problem of all.problems) this.#log.problem(problem);
    this.own = {
      ...all,
      nodes: all.nodes.filter((node) =>
        wants(node.name, node._tag === "Mailbox" ? node.guid : null) && this.#canTell(node.name)
      ),
      subscriptions: all.subscriptions.filter((name) => wants(name, null) && isTellable(name)),
    };
    this.#numbers = await this.#readNumbers();
    const names = nameTree(this.own, this.#numbers);
    if (this.#options.role === "master") {
      // No slave waits for our tree before it tells its own, and knowing that one helps.
      await this.#hear();
      this.#told = this.#inTheirTerms(treeToTell(this.own, names, all, this.#heard));
      await this.#tellNodes();
      await this.#tellDeletes();
    } else if (this.#exchange.peer.isOurs) {
      this.#told = treeToTell(this.own, names, all, null);
      const told = this.#tellNodes().then(() => this.#tellDeletes());
      await Promise.all([told, this.#hear()]);
    } else {
      // A Dovecot tells all before it listens.
      await this.#hear();
      this.#told = this.#inTheirTerms(treeToTell(this.own, names, all, null));
      await this.#tellNodes();
      await this.#tellDeletes();
    }
  }

  /** Whether the other end can be told of a mailbox; one that it cannot be told of stays as it is, and is named. */
  #canTell(mailbox: MailboxName): boolean {
    if (isTellable(mailbox)) return true;
    const what = "its name has control characters, which the dsync protocol cannot tell";
    this.#log.problem(syncError("Unsupported", "mailbox", { mailbox }, what));
    return false;
  }

  /** UIDVALIDITY and UIDNEXT of each mailbox; one that cannot be opened is noted when its turn comes. */
  async #readNumbers(): Promise<ReadonlyMap<MailboxGuid, NodeNumbers>> {
    const numbers = new Map<MailboxGuid, NodeNumbers>();
    for (const node of this.own.nodes) {
      if (node._tag !== "Mailbox") continue;
      const status = await this.#store.withMailbox(
        node.guid,
        (mailbox) => TE.right(mailbox.status),
      )();
      if (E.isRight(status)) numbers.set(node.guid, status.right);
      else if (endsRun(status.left)) unwrap(status);
    }
    return numbers;
  }

  #inTheirTerms(told: ToldTree): ToldTree {
    const { nodes, deletes } = this.#heard!;
    return {
      ...told,
      deletes: deletesFor(told.deletes, { nodes, deletes: this.#asHashed(deletes) }),
    };
  }

  /** Deletes with the escape that their hashes are made with: those of ours with none, whatever they tell. */
  #asHashed(deletes: Deletes): Deletes {
    return this.#exchange.peer.isOurs ? { ...deletes, escape: null } : deletes;
  }

  async #tellNodes(): Promise<void> {
    const { peer } = this.#exchange;
    const { nodes } = this.#told!;
    await new Sender(peer).list(peer.isOurs ? nodes : nodesFor(nodes, this.#heard!));
  }

  async #tellDeletes(): Promise<void> {
    await this.#exchange.peer.send([this.#told!.deletes]);
  }

  async #hear(): Promise<void> {
    const { listening } = this.#exchange;
    const nodes: TreeNode[] = [];
    for await (const chunk of listening.list("tree")) nodes.push(...chunk);
    const deletes = await listening.deletes();
    this.#heard = { nodes, deletes };
    // Each reading makes trees of its own, as they are rearranged; this one shows whether they can be read at all.
    const { names } = this.#theirs();
    this.uidValidities = new Map(
      [...names.byGuid].map(([guid, { uidValidity }]) => [guid, uidValidity]),
    );
  }

  #theirs(): HeardTree {
    const { nodes, deletes } = this.#heard!;
    const told = { nodes, deletes: this.#asHashed(deletes) };
    return unwrap(readToldTree(told, this.#store.fitName));
  }

  /** This end's tree as it was told. */
  #ours(): DovecotSide {
    const { nodes, deletes } = this.#told!;
    return { names: toldNames(nodes), deletes: this.#asHashed(deletes) };
  }

  /** The other end's tree as one of a store. */
  get theirs(): MailboxTree {
    return mailboxTreeOf(this.#theirs());
  }

  /**
   * Brings this end's tree to where both come together, and gives the mailboxes that both have then. Two-way, that is
   * what the other end will make of its own: so both are equal at once, where two Dovecots may differ for a while.
   */
  async merge(): Promise<readonly TreeMailbox[]> {
    const { flow } = this.#options;
    if (flow === "out") {
      return this.own.nodes.flatMap((node) => node._tag === "Mailbox" ? [node] : []);
    }
    const [ours, theirs] = [this.#ours(), this.#theirs()];
    const target = DiskNames.of((flow === "both" ? theirs : ours).names);
    const { changes, hasConflict, ended } = flow === "both"
      ? dovecotChanges(theirs, ours)
      : dovecotChanges(ours, theirs);
    this.hasConflict = hasConflict;
    this.newDirectories = this.#directoriesLackedThere();
    if (!ended) {
      unwrap(E.left(
        syncError(
          "Unsupported",
          "run",
          {},
          "the names of the two sides contradict each other in a ring",
        ),
      ));
    }
    changes.forEach((change: DovecotChange) => target.apply(change));
    const plan = followTree(
      this.own,
      target,
      this.#heard!.deletes,
      this.#store.fitName,
      this.#store.caps.emptyDirectories,
      (guid) => this.#numbers.get(guid)?.uidValidity ?? 1,
    );
    for (const problem of plan.problems) this.#log.problem(problem);
    const missing = await this.#apply(plan.operations);
    return plan.mailboxes.filter(({ guid }) => !missing.has(guid));
  }

  /** Whether the other end may make something of its names that this session does not see. */
  get isDoubtful(): boolean {
    return this.hasConflict || this.newDirectories.length > 0;
  }

  #directoriesLackedThere(): readonly string[] {
    const there = new Set(this.#heard!.nodes.map(({ name }) => name.join("/")));
    return this.#told!.nodes
      .filter(({ existence, guid }) => existence === "y" && guid === null)
      .map(({ name }) => name.join("/"))
      .filter((name) => !there.has(name));
  }

  /** Gives the mailboxes that could not be made; why is told. */
  async #apply(operations: readonly TreeOperation[]): Promise<ReadonlySet<MailboxGuid>> {
    const missing = new Set<MailboxGuid>();
    const nameThere = (guid: MailboxGuid) => nameIn(this.theirs, this.#store.fitName)(guid);
    for (const operation of operations) {
      const end = await this.#store.applyTree(operation)();
      if (E.isRight(end)) {
        if (operation._tag === "ReidentifyMailbox") {
          this.#former.set(operation.newGuid, operation.guid);
        }
        this.#log.tree(this.#options.side, operation, { operations, nameThere });
        continue;
      }
      const error = withPlace(end.left, { mailbox: operation.name });
      if (endsRun(error)) unwrap(E.left(error));
      this.#log.problem(error);
      if (operation._tag === "CreateMailbox") missing.add(operation.guid);
    }
    return missing;
  }

  /**
   * Takes back the identity that a mailbox was given by this session, where the other end has chosen the other one: an
   * INBOX of a Dovecot that it has told of may come to be only when it is given an identity. Null: there is none.
   */
  async takeBack(
    { name, guid }: TreeMailbox,
  ): Promise<TreeMailbox | null> {
    const former = this.#former.get(guid);
    if (former === undefined) return null;
    const uidValidity = this.#numbers.get(former)?.uidValidity ?? 1;
    await this.#apply([{
      _tag: "ReidentifyMailbox",
      name,
      guid,
      newGuid: former,
      newUidValidity: uidValidity,
    }]);
    this.#former.delete(guid);
    return { name, guid: former };
  }

  /** The mailbox that had an identity before this session changed it; null: none. */
  formerly(guid: MailboxGuid): MailboxGuid | null {
    for (const [now, former] of this.#former) if (former === guid) return now;
    return null;
  }
}
