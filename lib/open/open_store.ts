/**
 * From a place as it is written to the store that is there: a folder of mail, or another machine.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type * as TE from "fp-ts/TaskEither.js";
import { type Location, parseLocation } from "../codec/location.ts";
import {
  DEFAULT_REMOTE_COMMAND,
  type Destination,
  parseDestination,
} from "../codec/peer_command.ts";
import { type SyncError, syncError } from "../model/error.ts";
import { openLocation, type OpenOptions } from "./open_location.ts";
import { reach, STORE_EXTENSION, storeBehind } from "../peer/reach.ts";
import type { Machine } from "../port/machine.ts";
import type { StartProgram } from "../port/pipe.ts";
import type { Store } from "../port/store.ts";
import { slaveHandshake } from "../run/session_handshake.ts";
import { stoppedError } from "../run/supervised.ts";

// `deno doc --lint` takes the types of other packages for private ones (denoland/deno#27364), but not these.
/** @internal */
type TaskEither<E, A> = TE.TaskEither<E, A>;

/**
 * Where a store is, as LOCATION2 of the command line has it: "maildir:~/Maildir", "mdbox:~/mdbox", a host as "host" or
 * "user@host", the words of a command that runs a `dsync server`, or a location that is parsed already.
 */
export type StorePlace = string | readonly string[] | Location;

/** How a place is opened. */
export interface OpenStoreOptions extends Partial<OpenOptions> {
  /** The command that reaches a host (dsync_remote_cmd): words with `%{login}`, `%{host}` and `%u`. */
  readonly remoteCommand?: string;
  /** Told each line that a program writes to its standard error; absent: they are dropped. */
  readonly onLine?: (line: string) => void;
  /** Ends a program, and with it the opening or the run, when it is aborted; one that does not listen within 30 s. */
  readonly signal?: AbortSignal;
}

/** A store that also lets go of itself: `await using store = …`. */
export interface OpenStore extends Store, AsyncDisposable {}

const disposable = (store: Store): OpenStore => ({
  ...store,
  [Symbol.asyncDispose]: store.close,
});

/** How long a program has to end by itself when it is not wanted any more. */
const STOP_MS = 2000;

/** A program of ours at the other end of a pipe; a Dovecot there can be synced, but serves no store. */
const openPeer = async (
  { os, start }: Machine,
  destination: Extract<Destination, { readonly _tag: "Program" }>,
  onLine: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<Either<SyncError, Store>> => {
  const startStoppable: StartProgram = (argv, tell) => {
    const started = start(argv, tell);
    signal?.addEventListener("abort", () => void started.end(STOP_MS), { once: true });
    return started;
  };
  const isStopped = (): boolean => signal?.aborted === true;
  if (isStopped()) return E.left(stoppedError());
  const how = { destination, start: startStoppable, onLine };
  const reached = await reach(how, slaveHandshake(os.hostname), [STORE_EXTENSION])();
  if (E.isLeft(reached)) return isStopped() ? E.left(stoppedError()) : reached;
  if (!reached.right.extensions.includes(STORE_EXTENSION)) {
    await reached.right.close();
    const what = `${destination.name}: no dsync of this kind answers there`;
    return E.left(syncError("Unsupported", "run", {}, what));
  }
  const opened = await storeBehind(reached.right);
  if (E.isLeft(opened)) return opened;
  const { store, close } = opened.right;
  return E.right({
    ...store,
    // All that was done was answered for, so how the program ends tells nothing more.
    close: async () => {
      await store.close();
      await close();
    },
  });
};

/**
 * Opens the store at a place. Where no folder is there, `create` makes one at the first write; without it that fails with
 * `Missing`. A folder that holds something else fails either way and is left as it is. Two stores that are open at once
 * must not be one place.
 *
 * @example
 * ```ts
 * import { mirror, openStore, run, thisMachine } from "@dsync/dsync";
 *
 * const machine = { ...thisMachine(), home: await Deno.makeTempDir() };
 * await using left = await run(openStore(machine, "maildir:~/Maildir", { create: true }));
 * await using right = await run(openStore(machine, "mdbox:~/mdbox", { create: true }));
 * const { report } = await run(mirror(left, right));
 * if (report.problems.length > 0) throw new Error("nothing to do is no problem");
 * ```
 */
export const openStore = (
  machine: Machine,
  place: StorePlace,
  { create = false, remoteCommand, onLine = () => {}, signal, ...options }: OpenStoreOptions = {},
): TaskEither<SyncError, OpenStore> =>
async () => {
  const open = async (location: Location): Promise<Either<SyncError, OpenStore>> =>
    E.map(disposable)(await openLocation(machine.os, location, { create, ...options })());
  if (typeof place !== "string" && "format" in place) return await open(place);
  const destination = parseDestination(typeof place === "string" ? [place] : place, {
    template: remoteCommand ?? DEFAULT_REMOTE_COMMAND,
    user: null,
  });
  if (E.isLeft(destination)) return destination;
  if (destination.right._tag === "Program") {
    return E.map(disposable)(await openPeer(machine, destination.right, onLine, signal));
  }
  const location = parseLocation(destination.right.text, machine.home);
  return E.isLeft(location) ? location : await open(location.right);
};
