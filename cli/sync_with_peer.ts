/**
 * A sync with what is behind a pipe: another dsync of ours, or whatever speaks Dovecot's dsync protocol.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import type { Destination } from "../lib/codec/peer_command.ts";
import { formatSyncState, parseSyncState } from "../lib/codec/sync_state.ts";
import type { MailboxState } from "../lib/codec/dsync_wire_item.ts";
import { type SyncError, syncError } from "../lib/model/error.ts";
import type { MailboxGuid } from "../lib/model/ids.ts";
import { newGuid } from "../lib/os/new_guid.ts";
import { makeSpool } from "../lib/os/spool.ts";
import { greet } from "../lib/peer/greeting.ts";
import { memoryPipe } from "../lib/peer/memory_pipe.ts";
import type { Store } from "../lib/port/store.ts";
import { foreseen } from "../lib/run/foreseen.ts";
import { prefixed } from "../lib/run/prefixed.ts";
import {
  DRY_EXTENSION,
  NOTHING_EXTENSION,
  type Reach,
  reach,
  type Reached,
  STORE_EXTENSION,
  storeBehind,
} from "../lib/peer/reach.ts";
import { type Connect, firstRequest, syncWithPeer } from "../lib/run/peer_sync.ts";
import {
  masterHandshake,
  type SessionRequest,
  slaveHandshake,
} from "../lib/run/session_handshake.ts";
import type { SyncCommand } from "./command.ts";
import { reachOf } from "./connect.ts";
import {
  betweenStores,
  isPlain,
  type Means,
  noUses,
  openingOf,
  recall,
  type Synced,
  underRules,
  withHold,
} from "./between_stores.ts";
import { openOrMake, openSide, type Side } from "./locations.ts";
import { farEnd } from "./memory_file.ts";
import { nothingBehind } from "./nothing_behind.ts";
import { PREFIX } from "./configuration.ts";
import { errorText } from "../lib/codec/error_text.ts";
import { holdFarEnd } from "./far_end.ts";
import { lockHere } from "./sync_lock.ts";

/** What both ends had in common, by mailbox. */
type States = ReadonlyMap<MailboxGuid, MailboxState>;

/** What -s says that both ends had in common; null: nothing that could be used, and then all is compared. */
const statesOf = ({ command: { state }, say }: Means): States | null => {
  if (state === null || state === "") return null;
  const parsed = parseSyncState(state);
  if (E.isRight(parsed)) return parsed.right;
  say(`${errorText(parsed.left)}; all is compared`);
  return null;
};

const requestOf = (command: SyncCommand, states: States | null): SessionRequest => ({
  flow: command.verb === "mirror" && !command.oneWay ? "both" : command.reverse ? "in" : "out",
  keepOwn: command.oneWay,
  syncType: states !== null ? "state" : command.full ? "full" : "changed",
  names: command.names,
  mails: command.mails,
  filter: command.filter,
  namespacePrefixes: command.namespaces,
  visibleNamespaces: command.allNamespaces,
  lockTimeout: command.lockTimeout,
  purge: command.purge,
  virtualAll: command.virtualAll,
  altChar: command.settings.get("dsync_alt_char") ?? "_",
  debug: command.debug,
});

/** The first side for a sync with a peer: made where it is missing, unless it is the source. */
const openFirst = async (means: Means, location: string): Promise<Either<SyncError, Side>> => {
  const { command } = means;
  if (!isOneWay(command) || command.reverse) return await openOrMake(openingOf(means), location);
  const store = await openSide(openingOf(means), location, false);
  return E.map((there: Store): Side => ({ store: there, isNew: false }))(store);
};

/** Whether one side is the source, and the other is made like it. */
const isOneWay = ({ verb, oneWay }: SyncCommand): boolean => verb === "backup" || oneWay;

/** A session in this process: the second store behind the protocol, for what only that can do. */
export const loopback =
  (right: Store, handshakeName: string): Connect => (handshake) => async () => {
    const [here, there] = memoryPipe();
    const serving = greet(there, handshakeName, slaveHandshake(handshakeName), []).then((
      { peer },
    ) => holdFarEnd(right, peer)());
    const { peer } = await greet(here, right.location, handshake, []);
    return E.right({
      peer,
      close: async () => {
        const end = await serving;
        await here.close();
        return E.isLeft(end) ? end : E.right(undefined);
      },
    });
  };

/** Syncs a store with what speaks Dovecot's dsync protocol. */
export const byProtocol = (
  means: Means,
  store: Store,
  connect: Connect,
  other: string,
): Promise<Either<SyncError, Synced>> => since(means, store, connect, other, statesOf(means));

/** The same from known states on. */
const since = async (
  means: Means,
  store: Store,
  connect: Connect,
  other: string,
  states: States | null,
): Promise<Either<SyncError, Synced>> => {
  const { command, os, options } = means;
  if (command.maxDelete !== null) {
    const what = "--max-delete: only for a whole backup to a folder, or with a dsync of this kind";
    return E.left(syncError("Unsupported", "run", {}, what));
  }
  const { memory, keep } = recall(means, { left: store.location, right: other });
  const end = await syncWithPeer(store, connect, requestOf(command, states), {
    ...options,
    memory,
    states: states ?? new Map(),
    makeSpool,
    newGuid,
    hostname: os.hostname,
    usesOf: noUses,
    side: command.reverse ? "right" : "left",
  })();
  if (E.isLeft(end)) return end;
  keep(end.right.memory);
  const state = end.right.states === null ? "" : formatSyncState(end.right.states.values());
  return E.right({
    report: end.right.report,
    state: command.state === null ? null : state,
    comparison: null,
  });
};

/** The first connection is there already; those of later sessions are made when they are needed. */
const connecting = (first: Reached, how: Reach): Connect => {
  let waiting: Reached | null = first;
  return (handshake) =>
    waiting === null ? reach(how, handshake, []) : async () => {
      const reached = waiting!;
      waiting = null;
      return await TE.right(reached)();
    };
};

const extensionsFor = ({ command, permission }: Means): readonly string[] =>
  !isPlain(command)
    ? []
    : permission._tag === "Nothing"
    ? [STORE_EXTENSION, DRY_EXTENSION]
    : [STORE_EXTENSION];

const onlyWithOurs = (name: string): SyncError =>
  syncError(
    "Unsupported",
    "run",
    {},
    `${name}: a plan is made and carried out between folders, or with a dsync of this kind and ` +
      "all of a store; the protocol of Dovecot's dsync knows none",
  );

/** Whether mail may go at the other end. */
const changesFarEnd = ({ verb, oneWay, reverse }: SyncCommand): boolean =>
  !reverse || (verb === "mirror" && !oneWay);

const notHeld = (name: string): SyncError =>
  syncError(
    "Unsupported",
    "run",
    {},
    `--hold: ${name} takes mail away by itself, in the protocol of Dovecot's dsync, and it cannot be ` +
      "held; between folders it can, with a dsync of this kind and all of a store, and in a backup -R",
  );

/** Syncs with a program. */
export const withProgram = async (
  means: Means,
  location: string,
  destination: Extract<Destination, { readonly _tag: "Program" }>,
): Promise<Either<SyncError, Synced>> => {
  const { command, os, say } = means;
  const first = await openFirst(means, location);
  if (E.isLeft(first)) return first;
  const { store, isNew } = first.right;
  const how = means.ahead?.how ?? reachOf(command, destination, say);
  // What is greeted with must be what the session then does: the other end goes by it.
  const states = statesOf(means);
  const handshake = masterHandshake(firstRequest(requestOf(command, states)), os.hostname);
  const isFree = means.permission._tag === "All";
  if (!isFree && !isPlain(command)) return E.left(onlyWithOurs(destination.name));
  const extensions = extensionsFor(means);
  const reaching = reach(how, handshake, [...extensions, NOTHING_EXTENSION])();
  // Whoever waits for another run must not look before that has ended.
  const own = command.lockTimeout === null ? foreseen(store) : store;
  const reached = await reaching;
  if (E.isLeft(reached)) return reached;
  const refused = !isFree && !extensions.every((name) => reached.right.extensions.includes(name))
    ? onlyWithOurs(destination.name)
    : nothingBehind(
      reached.right,
      isOneWay(command) && command.reverse,
      isNew && !isOneWay(command) ? location : null,
    );
  if (refused !== null) {
    await reached.right.close();
    return E.left(refused);
  }
  const isOurs = reached.right.extensions.includes(STORE_EXTENSION);
  if (!isOurs && means.hold !== null && changesFarEnd(command)) {
    await reached.right.close();
    return E.left(notHeld(destination.name));
  }
  const unlock = await lockHere(means, reached.right.peer.handshake.hostname);
  if (E.isLeft(unlock)) {
    await reached.right.close();
    return unlock;
  }
  try {
    const reachedBy = destination.argv.join(" ");
    return isOurs ? await withStoreBehind(means, own, reached.right, reachedBy) : await since(
      means,
      prefixed(withHold(means, own), command.settings.get(PREFIX) ?? ""),
      connecting(reached.right, how),
      reachedBy,
      states,
    );
  } finally {
    unlock.right();
    await store.close();
  }
};

/** The other end is one of ours: its store is used as if it were here. `reachedBy`: the command that reaches it. */
const withStoreBehind = async (
  means: Means,
  store: Store,
  reached: Reached,
  reachedBy: string,
): Promise<Either<SyncError, Synced>> => {
  const there = await storeBehind(reached);
  if (E.isLeft(there)) return there;
  const { reverse } = means.command;
  const [left, right] = reverse ? [there.right.store, store] : [store, there.right.store];
  const sides = underRules(means, left, right);
  const far = farEnd(reachedBy, there.right.store.location);
  const ends = reverse
    ? { left: far, right: store.location }
    : { left: store.location, right: far };
  const end = E.isLeft(sides) ? sides : await betweenStores(means, ...sides.right, ends);
  const closed = await there.right.close();
  return E.isRight(end) && E.isLeft(closed) ? closed : end;
};
