/**
 * The other end of a sync, started before what uses it is loaded: both programs get ready at once.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { parseDestination } from "../lib/codec/peer_command.ts";
import type { Reach } from "../lib/peer/reach.ts";
import type { Started } from "../lib/port/pipe.ts";
import { StreamFailure } from "../lib/stream/chunks.ts";
import type { SyncCommand } from "./command.ts";
import { remoteCommandOf } from "./configuration.ts";
import { reachOf } from "./connect.ts";
import { complain } from "./exit.ts";

/** A program that is started already. */
export interface Ahead {
  /** How it is reached; whoever reaches it again starts another one. */
  readonly how: Reach;
  /** Ends it at once, where nobody has reached it. */
  readonly end: () => Promise<void>;
}

/**
 * Starts the program that a command syncs with. Null where it syncs with none, and where it cannot be started: whoever
 * needs it is told then why.
 */
export const startAhead = (command: SyncCommand): Ahead | null => {
  const destination = parseDestination(command.destination, remoteCommandOf(command));
  if (E.isLeft(destination) || destination.right._tag !== "Program") return null;
  const how = reachOf(command, destination.right, complain);
  let waiting: Started | null;
  try {
    waiting = how.start(how.destination.argv, how.onLine);
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    return null;
  }
  const take = (): Started | null => {
    const started = waiting;
    waiting = null;
    return started;
  };
  return {
    how: { ...how, start: (argv, onLine) => take() ?? how.start(argv, onLine) },
    // It may ask for a password meanwhile, and need not any more.
    end: async () => void await take()?.end(0),
  };
};
