/**
 * `dsync server`: the far end of a pipe, for a dsync of ours or a Dovecot's.
 *
 * @module
 */
import { makeOs } from "../lib/os/os.ts";
import { complain, complainOf, EXIT, failWith, statusOfError } from "./exit.ts";
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { type SyncError, syncError } from "../lib/model/error.ts";
import { standardPipe } from "../lib/os/pipes.ts";
import { dryOs } from "../lib/os/dry_os.ts";
import { greet } from "../lib/peer/greeting.ts";
import { serveStore } from "../lib/peer/store_server.ts";
import { DRY_EXTENSION, NOTHING_EXTENSION, STORE_EXTENSION } from "../lib/peer/reach.ts";
import type { Os } from "../lib/port/os.ts";
import type { Pipe } from "../lib/port/pipe.ts";
import type { Peer } from "../lib/port/peer.ts";
import type { Store } from "../lib/port/store.ts";
import { prefixed } from "../lib/run/prefixed.ts";
import { slaveHandshake } from "../lib/run/session_handshake.ts";
import { StreamFailure } from "../lib/stream/chunks.ts";
import type { ServerCommand } from "./command.ts";
import { withRawLog } from "./connect.ts";
import { PREFIX } from "./configuration.ts";
import { holdFarEnd } from "./far_end.ts";
import { firstLocation, openOrMake, openSide } from "./locations.ts";
import { lockAccount } from "./sync_lock.ts";

const lockFor = async (os: Os, peer: Peer): Promise<Either<SyncError, () => void>> => {
  const { lockTimeout, hostname } = peer.handshake;
  // The higher host name locks; of equal ones the master.
  return lockTimeout === null || hostname >= os.hostname
    ? E.right(() => {})
    : await lockAccount(os, lockTimeout);
};

const holdWith = async (
  os: Os,
  store: Store,
  peer: Peer,
  say: (problem: SyncError) => void,
): Promise<Either<SyncError, void>> => {
  const unlock = await lockFor(os, peer);
  if (E.isLeft(unlock)) return unlock;
  if (peer.handshake.purge) {
    say(syncError("Unsupported", "run", {}, "-P: purging is left to doveadm purge"));
  }
  try {
    const end = await holdFarEnd(
      store,
      peer,
      (event) => event._tag === "Problem" ? say(event.error) : undefined,
    )();
    return E.isLeft(end) ? end : E.right(undefined);
  } finally {
    unlock.right();
  }
};

/** Serves the account on standard input and output until the other end is done. `say` is told of problems. */
export const serve = async (
  os: Os,
  command: ServerCommand,
  say: (problem: SyncError) => void,
): Promise<Either<SyncError, void>> => {
  const location = firstLocation(command.settings);
  if (E.isLeft(location)) return location;
  const first = await openOrMake({ os, settings: command.settings }, location.right);
  if (E.isLeft(first)) return first;
  let store: Store | null = first.right.store;
  let pipe: Pipe | null = null;
  try {
    const logged = withRawLog(command.rawLog, complain);
    pipe = logged(standardPipe(command.timeoutMs));
    const { peer, extensions, rest } = await greet(
      pipe,
      "the master",
      slaveHandshake(os.hostname),
      [STORE_EXTENSION, DRY_EXTENSION, ...first.right.isNew ? [NOTHING_EXTENSION] : []],
    );
    if (extensions.includes(DRY_EXTENSION)) {
      // The one that is open has written nothing yet.
      await store.close();
      store = null;
      const dry = { os: dryOs(os), settings: command.settings };
      const again = await openSide(dry, location.right, true);
      if (E.isLeft(again)) return again;
      store = again.right;
    }
    return extensions.includes(STORE_EXTENSION)
      ? await serveStore(store, { incoming: rest(), send: pipe.send })()
      : await holdWith(os, prefixed(store, command.settings.get(PREFIX) ?? ""), peer, say);
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    return E.left(thrown.error as SyncError);
  } finally {
    await store?.close();
    await pipe?.close();
  }
};

/** Runs `dsync server` and gives its exit status. */
export const runServer = async (command: ServerCommand): Promise<number> => {
  const end = await serve(makeOs(), command, (problem) => complainOf(problem, command.debug));
  return E.isLeft(end) ? failWith(end.left, command, statusOfError(end.left)) : EXIT.inSync;
};
