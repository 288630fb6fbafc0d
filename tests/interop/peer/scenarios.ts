/** The recorded merges, with our brain at one end and a real doveadm at the other. */
import * as E from "fp-ts/Either.js";
import { right } from "../../../lib/codec/_dsync_wire_session.ts";
import { parseSyncState } from "../../../lib/codec/sync_state.ts";
import type { SyncError } from "../../../lib/model/error.ts";
import { NO_MEMORY } from "../../../lib/model/memory.ts";
import { newGuid } from "../../../lib/os/new_guid.ts";
import { makeSpool } from "../../../lib/os/spool.ts";
import type { Peer } from "../../../lib/port/peer.ts";
import { MERGE } from "../../../lib/run/_session_request.ts";
import { holdSession } from "../../../lib/run/session.ts";
import { syncWithPeer } from "../../../lib/run/peer_sync.ts";
import {
  type SessionMeans,
  type SessionRequest,
  slaveOptions,
} from "../../../lib/run/session_handshake.ts";
import {
  NOTHING_REMEMBERED,
  type SessionOptions,
  type SessionResult,
} from "../../../lib/run/session_options.ts";
import type { Flow } from "../../../lib/sync/session_order.ts";
import { Dovecot, hasDovecot } from "../dovecot.ts";
import type { Account } from "../../scenarios/account.ts";
import type { Runner } from "../../scenarios/play.ts";
import { type OtherEnd, startSlave, withMaster } from "./link.ts";

/** What the recorded words ask for. */
export const requestOf = (words: readonly string[]): SessionRequest => {
  const valueOf = (option: string): string | null => {
    const at = words.indexOf(option);
    return at < 0 ? null : words[at + 1]!;
  };
  const oneWay = words[0] === "backup" || words.includes("-1");
  const flow: Flow = !oneWay ? "both" : words.includes("-R") ? "in" : "out";
  const only = valueOf("-m");
  const except = valueOf("-x");
  return {
    ...MERGE,
    flow,
    keepOwn: words.includes("-1"),
    syncType: words.includes("-f") ? "full" : words.includes("-s") ? "state" : "changed",
    names: {
      only: only === "" ? null : only,
      onlyGuid: null,
      excluded: except === null ? [] : [except],
    },
    mails: only !== "",
  };
};

const means = (compares: boolean): SessionMeans => ({
  states: new Map(),
  compares: () => compares,
  remembered: () => NOTHING_REMEMBERED,
  makeSpool,
  newGuid,
  side: "left",
});

/** One session over an account of ours. */
export const sessionOver = async (
  account: Account,
  peer: Peer,
  options: SessionOptions,
): Promise<SessionResult> => {
  const store = await account.open();
  try {
    const end = await holdSession(store, peer, options)();
    if (E.isLeft(end)) throw new Error(JSON.stringify(end.left));
    return end.right;
  } finally {
    await store.close();
  }
};

const complaints = (
  problems: readonly SyncError[],
  { code, stderr }: OtherEnd,
): readonly string[] => [
  ...problems.map((problem) => JSON.stringify(problem)),
  ...(stderr === "" ? [] : [stderr]),
  ...(code === 0 ? [] : [`exit ${code}`]),
];

const prepare = async (dovecot: Dovecot, accounts: readonly Account[]): Promise<void> => {
  for (const { place } of accounts) if (place !== null) await dovecot.machine.own(place.home);
};

/** Ours is the master on A; doveadm serves B. */
export const oursIsMaster = (dovecot: Dovecot): Runner => async ({ a, b }, { command }, state) => {
  await prepare(dovecot, [a, b]);
  const store = await a.open();
  const ends: OtherEnd[] = [];
  const end = await syncWithPeer(
    store,
    (handshake) => async () => {
      const slave = await startSlave(dovecot, b.place!, handshake);
      return E.right({
        peer: slave.peer,
        close: async () => {
          ends.push(await slave.end());
          return E.right(undefined);
        },
      });
    },
    requestOf(command),
    {
      memory: NO_MEMORY,
      states: command.includes("-s") ? right(parseSyncState(state), "-s") : new Map(),
      makeSpool,
      newGuid,
      hostname: "ours.example",
      usesOf: () => [],
      side: "left",
    },
  )();
  await store.close();
  await prepare(dovecot, [a, b]);
  if (E.isLeft(end)) return [JSON.stringify(end.left)];
  const last = ends.at(-1)!;
  return complaints(end.right.report.problems, last);
};

const isInDoubt = ({ doubtfulTree, newDirectories }: SessionResult): boolean =>
  doubtfulTree || newDirectories.length > 0;

/** doveadm is the master on A; ours serves B. It runs again where ours says that names are in doubt (exit status 2). */
export const oursIsSlave = (dovecot: Dovecot): Runner => async ({ a, b }, { command }, state) => {
  await prepare(dovecot, [a, b]);
  const once = async (): Promise<readonly [SessionResult, OtherEnd]> => {
    const ends = await withMaster(
      dovecot,
      a.place!,
      command.map((word) => word === "STATE" ? state : word),
      (peer) => sessionOver(b, peer, slaveOptions(peer.handshake, means(false), () => [])),
    );
    await prepare(dovecot, [a, b]);
    return ends;
  };
  let first;
  try {
    first = await once();
  } catch (thrown) {
    return [String(thrown)];
  }
  const [result, other] = first[1].code === 2 && isInDoubt(first[0]) ? await once() : first;
  return complaints(result.report.problems, other);
};

export { Dovecot, hasDovecot };
