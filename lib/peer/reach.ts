/**
 * Reaching the other end: the program that is started there, its hello, and the store that it serves.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { Handshake } from "../codec/dsync_wire_item.ts";
import type { Destination } from "../codec/peer_command.ts";
import { type SyncError, syncError } from "../model/error.ts";
import type { Pipe, StartProgram } from "../port/pipe.ts";
import type { Store } from "../port/store.ts";
import { StreamFailure } from "../stream/chunks.ts";
import { greet, type Greeted } from "./greeting.ts";
import { remoteStore } from "./remote_store.ts";

/** What a dsync of ours says in its hello: that it can serve its store to another one of ours. */
export const STORE_EXTENSION = "store-3";

/** That it can serve it so that nothing is written: what the other end's run writes is not kept. */
export const DRY_EXTENSION = "dry-1";

/** That it has nothing to serve yet: what its location names is not there, and would be made. Said by one that serves. */
export const NOTHING_EXTENSION = "nothing-1";

/** How the other end is reached. */
export interface Reach {
  /** The program. */
  readonly destination: Extract<Destination, { readonly _tag: "Program" }>;
  /** What starts it. */
  readonly start: StartProgram;
  /** Told each line that it writes to its standard error. */
  readonly onLine: (line: string) => void;
}

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

const failed = (name: string, what: string): SyncError =>
  syncError("Io", "run", {}, `${name}: ${what}`);

/** An error with the name of the other end. */
const named = (name: string, error: SyncError): SyncError => ({
  ...error,
  what: `${name}: ${error.what}`,
});

/** Starts the program and says hello. */
export const reach = (
  { destination, start, onLine }: Reach,
  handshake: Handshake,
  extensions: readonly string[],
): TaskEither<SyncError, Reached> =>
async () => {
  const { argv, name, firstLine } = destination;
  try {
    const { pipe, end } = start(argv, onLine);
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
