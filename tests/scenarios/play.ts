/** Plays a recorded merge of a real Dovecot with our own stores and our own run, in any pair of formats. */
import assert from "node:assert/strict";
import { pipe } from "fp-ts/function.js";
import * as TE from "fp-ts/TaskEither.js";
import { formatSyncState } from "../../lib/codec/sync_state.ts";
import { formatSyncMemory, parseSyncMemory } from "../../lib/codec/sync_memory.ts";
import { mailboxGuid, modSeq } from "../../lib/model/ids.ts";
import { NO_MEMORY } from "../../lib/model/memory.ts";
import { isNothing, type Report } from "../../lib/model/report.ts";
import { backup } from "../../lib/run/backup.ts";
import { mirror } from "../../lib/run/mirror.ts";
import type { MirrorOptions } from "../../lib/run/mirror_options.ts";
import { collect } from "../../lib/stream/chunks.ts";
import { run } from "../../lib/testing/content.ts";
import { type Account, type Clock, type Format, newAccount } from "./account.ts";
import { type Deviation, DEVIATIONS } from "./deviations.ts";
import {
  linesOf,
  readScenarios,
  type RecordedState,
  type Scenario,
  type SideName,
  type Visible,
  type VisibleMailbox,
  visibleOf,
} from "./scenario.ts";
import { User } from "./user.ts";

type Sides<A> = Readonly<Record<SideName, A>>;

const SIDES = ["a", "b"] as const;

/** What an account shows; `modSeqs` are those of its mails and mailboxes by identity. */
interface Look {
  readonly visible: Visible;
  readonly modSeqs: ReadonlyMap<string, bigint>;
}

const look = async (account: Account): Promise<Look> => {
  const store = await account.open();
  const tree = await run(store.tree);
  assert.deepEqual(tree.problems, []);
  const mailboxes: VisibleMailbox[] = [];
  const modSeqs = new Map<string, bigint>();
  for (const node of tree.nodes) {
    if (node._tag !== "Mailbox") continue;
    const { status, records } = await run(
      store.withMailbox(node.guid, (mailbox) => {
        assert.deepEqual(mailbox.problems, []);
        return pipe(
          collect(mailbox.records()),
          TE.map((records) => ({ status: mailbox.status, records })),
        );
      }),
    );
    mailboxes.push({ ...status, name: node.name, mails: records });
    modSeqs.set(node.guid, status.highestModSeq);
    for (const { uid, guid, modSeq } of records) modSeqs.set(`${node.guid} ${uid} ${guid}`, modSeq);
  }
  await store.close();
  return {
    visible: {
      mailboxes,
      directories: tree.nodes.filter((node) => node._tag === "Directory").map(({ name }) => name),
      subscriptions: tree.subscriptions,
    },
    modSeqs,
  };
};

/** A recorded state without the empty directories that cannot be there. */
const withEmptyDirectories = (state: Visible, possible: ReadonlySet<string>): Visible => ({
  ...state,
  directories: state.directories.filter((name) =>
    possible.has(name) || state.mailboxes.some((box) => box.name.startsWith(`${name}/`))
  ),
});

/** What the recorded command line asks for. */
interface Command {
  readonly backup: boolean;
  readonly reverse: boolean;
  readonly options: MirrorOptions;
}

const commandOf = (words: readonly string[]): Command => {
  const [verb] = words;
  const valueOf = (option: string): string | null => {
    const at = words.indexOf(option);
    return at < 0 ? null : words[at + 1]!;
  };
  const [only, except] = [valueOf("-m"), valueOf("-x")];
  return {
    backup: verb === "backup",
    reverse: words.includes("-R"),
    options: {
      oneWay: words.includes("-1"),
      mails: only !== "",
      ...(only !== null && only !== "" ? { mailboxes: (name: string) => name === only } : {}),
      ...(except !== null ? { mailboxes: (name: string) => name !== except } : {}),
    },
  };
};

/**
 * The command of a scenario, carried out otherwise than in this process; gives what it complained of. `state` is that of
 * -s after the common past.
 */
export type Runner = (
  accounts: Sides<Account>,
  scenario: Scenario,
  state: string,
) => Promise<readonly string[]>;

/** The end that is expected where others take part, who do not do what {@linkcode DEVIATIONS} says. */
export interface OtherRun {
  /** For the titles. */
  readonly title: string;
  /** Runs it. */
  readonly run: Runner;
  /** What it shall complain of; by scenario id. */
  readonly complaints: Readonly<Record<string, RegExp>>;
  /** What is expected instead of the recorded end. */
  readonly deviations: Readonly<Record<string, Deviation>>;
  /** Whether mailboxes may end with another GUID and UIDVALIDITY than recorded: both sides with the same. */
  readonly anyIdentity: boolean;
}

/** Lines of mailboxes without their identities. */
const withoutIdentity = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.replace(/ \S+ V?\d+ next /, " next "));

/** One scenario in one pair of formats. */
class Play {
  readonly #scenario: Scenario;
  readonly #formats: Sides<Format>;
  readonly #accounts: Sides<Account>;
  readonly #clock: Clock;
  /** What the last mirror remembered, as it is kept between runs; null: there was none. */
  #memory: string | null = null;
  /** What the sides had in common in the beginning, as -s has it. */
  #state = "";

  constructor(
    scenario: Scenario,
    formats: Sides<Format>,
    accounts: Sides<Account>,
    clock: Clock,
  ) {
    this.#scenario = scenario;
    this.#formats = formats;
    this.#accounts = accounts;
    this.#clock = clock;
  }

  /** Runs `command` once, and gives its report. */
  async #run({ backup: isBackup, reverse, options }: Command): Promise<Report> {
    const { a, b } = this.#accounts;
    const [left, right] = reverse
      ? [await b.open(), await a.open()]
      : [await a.open(), await b.open()];
    try {
      if (isBackup) return await run(backup(left, right));
      const ends = reverse ? { left: "b", right: "a" } : { left: "a", right: "b" };
      const remembered = this.#memory === null
        ? NO_MEMORY
        : await run(TE.fromEither(parseSyncMemory(this.#memory, ends)));
      const { report, memory } = await run(
        mirror(left, right, { ...options, memory: remembered }),
      );
      this.#memory = formatSyncMemory(memory, ends);
      return report;
    } finally {
      await left.close();
      await right.close();
    }
  }

  async #expect(side: SideName, wanted: readonly string[], when: string): Promise<void> {
    const { visible } = await look(this.#accounts[side]);
    assert.deepEqual(linesOf(this.#scenario, visible), wanted, `${side} ${when}`);
  }

  /** The empty directories that a user could make, on any side, and that `side` can hold. */
  #emptyDirectories(side: SideName): ReadonlySet<string> {
    const holds = (one: SideName): boolean => this.#formats[one] !== "maildir";
    return new Set(
      !holds(side)
        ? []
        : SIDES.filter(holds).flatMap((one) => this.#scenario.before[one]?.directories ?? []),
    );
  }

  #recorded(side: SideName, state: RecordedState | null): readonly string[] {
    if (state === null) return [];
    const visible = visibleOf(this.#scenario, state);
    return linesOf(
      this.#scenario,
      withEmptyDirectories(visible, this.#emptyDirectories(side)),
    );
  }

  /** The common past: done on A, then mirrored. */
  async begin(): Promise<void> {
    const { initial, initial_ops: acts } = this.#scenario;
    if (initial === null) return;
    await User.work(this.#scenario, "a", this.#accounts.a, acts ?? [], initial.a, this.#clock);
    this.#clock.now += 10;
    const report = await this.#run({ backup: false, reverse: false, options: {} });
    assert.deepEqual(report.problems, []);
    this.#clock.now += 10;
    for (const side of SIDES) {
      await this.#expect(side, this.#recorded(side, initial[side]), "in the beginning");
    }
    const { visible: { mailboxes }, modSeqs } = await look(this.#accounts.a);
    this.#state = formatSyncState(mailboxes.map((mailbox) => ({
      _tag: "MailboxState",
      guid: mailboxGuid(mailbox.guid),
      uidValidity: mailbox.uidValidity,
      commonUid: mailbox.uidNext - 1,
      commonModSeq: modSeq(modSeqs.get(mailbox.guid)!),
      commonPrivateModSeq: modSeq(0n),
      messages: mailbox.mails.length,
      changedMeanwhile: false,
    })));
  }

  /** What the users do; gives what is there then. */
  async live(): Promise<Sides<Look>> {
    const { before, ops_a: a, ops_b: b } = this.#scenario;
    const acts = { a, b };
    for (const side of SIDES) {
      const end = before[side];
      if (end === null) continue;
      await User.work(this.#scenario, side, this.#accounts[side], acts[side], end, this.#clock);
      await this.#expect(side, this.#recorded(side, end), "before");
    }
    this.#clock.now += 10;
    return { a: await look(this.#accounts.a), b: await look(this.#accounts.b) };
  }

  /** The command, twice. */
  async merge(before: Sides<Look>, other?: OtherRun): Promise<void> {
    if (other !== undefined) {
      const said = await other.run(this.#accounts, this.#scenario, this.#state);
      const expected = other.complaints[this.#scenario.id];
      if (expected === undefined) assert.deepEqual(said, []);
      else assert.match(said.join("\n"), expected);
      if (other.anyIdentity) return await this.#endWithAnyIdentity(other);
      return await this.#end(before, other.deviations[this.#scenario.id]);
    }
    const command = commandOf(this.#scenario.command);
    const report = await this.#run(command);
    assert.deepEqual(report.problems, []);
    await this.#end(before, DEVIATIONS[this.#scenario.id]);
    this.#clock.now += 10;
    const again = await this.#run(command);
    assert.deepEqual(again.problems, []);
    assert.ok(isNothing(again.left), `left again: ${JSON.stringify(again.left)}`);
    assert.ok(isNothing(again.right), `right again: ${JSON.stringify(again.right)}`);
  }

  #wanted(side: SideName, deviation: Deviation | undefined): readonly string[] {
    return deviation === undefined
      ? this.#recorded(side, this.#scenario.after[side])
      : "a" in deviation.end
      ? deviation.end[side]
      : deviation.end;
  }

  async #endWithAnyIdentity({ deviations }: OtherRun): Promise<void> {
    const ends = new Map<SideName, readonly string[]>();
    for (const side of SIDES) {
      const lines = linesOf(this.#scenario, (await look(this.#accounts[side])).visible);
      const wanted = this.#wanted(side, deviations[this.#scenario.id]);
      assert.deepEqual(withoutIdentity(lines), withoutIdentity(wanted), `${side} after`);
      ends.set(side, lines);
    }
    const [a, b] = SIDES.map((side) => ends.get(side)!);
    if (String(withoutIdentity(a!)) === String(withoutIdentity(b!))) {
      assert.deepEqual(a, b, "both sides");
    }
  }

  async #end(before: Sides<Look>, deviation: Deviation | undefined): Promise<void> {
    const command = commandOf(this.#scenario.command);
    for (const side of SIDES) {
      const wanted = this.#wanted(side, deviation);
      await this.#expect(side, wanted, "after");
      if (!command.backup) this.#notLower(before[side], await look(this.#accounts[side]));
    }
  }

  #notLower(before: Look, after: Look): void {
    for (const [what, was] of before.modSeqs) {
      const is = after.modSeqs.get(what);
      assert.ok(is === undefined || is >= was, `MODSEQ of ${what} was ${was} and is ${is}`);
    }
  }
}

/** Declares a test for each recorded merge in each of the pairs of formats that `pairsOf` gives for it. */
export const playAll = (
  pairsOf: (scenario: Scenario) => readonly Sides<Format>[],
  other?: OtherRun,
): void => {
  const title = other?.title ?? "mirror ends as recorded";
  for (const scenario of readScenarios()) {
    for (const pair of pairsOf(scenario)) {
      Deno.test(`${title}: ${scenario.id}, ${pair.a} and ${pair.b}`, async () => {
        const clock: Clock = { now: Math.floor(Date.now() / 1000) - 100 };
        const accounts = { a: await newAccount(pair.a, clock), b: await newAccount(pair.b, clock) };
        try {
          const play = new Play(scenario, pair, accounts, clock);
          await play.begin();
          await play.merge(await play.live(), other);
        } finally {
          await accounts.a.dispose();
          await accounts.b.dispose();
        }
      });
    }
  }
};
