/**
 * Reaching the other end: the program that is started there, its hello, and what kind of peer it is.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { Destination } from "../lib/codec/peer_command.ts";
import type { Handshake } from "../lib/codec/dsync_wire_item.ts";
import { type SyncError, syncError } from "../lib/model/error.ts";
import { programs } from "../lib/os/pipes.ts";
import { greet, type Greeted } from "../lib/peer/greeting.ts";
import { loggedPipe } from "../lib/peer/raw_log.ts";
import { remoteStore } from "../lib/peer/remote_store.ts";
import type { Pipe } from "../lib/port/pipe.ts";
import type { Store } from "../lib/port/store.ts";
import { StreamFailure } from "../lib/stream/chunks.ts";
import type { CommonOptions } from "./command.ts";

/** What a dsync of ours says in its hello: that it can serve its store to another one of ours. */
export const STORE_EXTENSION = "store-1";

/** That it can serve it so that nothing is written: what the other end's run writes is not kept. */
export const DRY_EXTENSION = "dry-1";

/** How the other end is reached. */
export interface Reach {
  /** The program. */
  readonly destination: Extract<Destination, { readonly _tag: "Program" }>;
  /** How long it may be silent, milliseconds. */
  readonly timeoutMs: number;
  /** Where all that is said is written to; null: nowhere. */
  readonly rawLog: string | null;
  /** Told each line that it writes to its standard error. */
  readonly onLine: (line: string) => void;
}

/** How a command reaches a program; what it writes to its standard error is told with its name in front. */
export const reachOf = (
  { timeoutMs, rawLog }: Pick<CommonOptions, "timeoutMs" | "rawLog">,
  destination: Reach["destination"],
  say: (line: string) => void,
): Reach => ({
  destination,
  timeoutMs,
  rawLog,
  onLine: (line) => say(`${destination.name}: ${line}`),
});

/** A program that has said hello. */
export interface Reached extends Greeted {
  /** Its pipe. */
  readonly pipe: Pipe;
  /** Ends it; fails where it ended with an error. */
  readonly close: TaskEither<SyncError, void>;
}

/** A store, and what ends its use: fails where what serves it ended with an error. */
export interface OpenedStore {
  /** The store. */
  readonly store: Store;
  /** Lets go of it. */
  readonly close: TaskEither<SyncError, void>;
}

/** The store that another dsync of ours serves; used as if it were here. */
export const storeBehind = async (
  { pipe, rest, close }: Reached,
): Promise<Either<SyncError, OpenedStore>> => {
  const store = await remoteStore({ incoming: rest(), send: pipe.send })();
  if (E.isRight(store)) return E.right({ store: store.right, close });
  await close();
  return store;
};

/** A pipe of which all that passes goes to a file, where one is named. */
export const withRawLog = (pipe: Pipe, path: string | null): Pipe => {
  if (path === null) return pipe;
  const file = Deno.openSync(path, { create: true, append: true, mode: 0o600 });
  return loggedPipe(pipe, (bytes) => {
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  }, Date.now);
};

const failed = (name: string, what: string): SyncError =>
  syncError("Io", "run", {}, `${name}: ${what}`);

/** An error with the name of the other end. */
const named = (name: string, error: SyncError): SyncError => ({
  ...error,
  what: `${name}: ${error.what}`,
});

/** Starts the program and says hello. */
export const reach = (
  { destination, timeoutMs, rawLog, onLine }: Reach,
  handshake: Handshake,
  extensions: readonly string[],
): TaskEither<SyncError, Reached> =>
async () => {
  const { argv, name, firstLine } = destination;
  try {
    const { pipe: bare, end } = programs(timeoutMs)(argv, onLine);
    const pipe = withRawLog(bare, rawLog);
    const close: TaskEither<SyncError, void> = async () => {
      await pipe.close();
      const status = await end();
      if (status === 0) return E.right(undefined);
      const what = status === null ? "was ended by a signal" : `ended with exit status ${status}`;
      return E.left(failed(name, what));
    };
    try {
      if (firstLine !== null) await pipe.send(new TextEncoder().encode(`${firstLine}\n`));
      return E.right({ ...await greet(pipe, name, handshake, extensions), pipe, close });
    } catch (thrown) {
      if (!(thrown instanceof StreamFailure)) throw thrown;
      // How it ended says more than that it fell silent.
      const ended = await close();
      const error = named(name, thrown.error as SyncError);
      return E.left(
        E.isLeft(ended)
          ? { ...error, what: `${error.what}; it ${ended.left.what.slice(name.length + 2)}` }
          : error,
      );
    }
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    return E.left(thrown.error as SyncError);
  }
};
