/**
 * The far end of a session by Dovecot's dsync protocol: `dsync server`, or a store of this process.
 *
 * @module
 */
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { SyncError } from "../lib/model/error.ts";
import { newGuid } from "../lib/os/new_guid.ts";
import { makeSpool } from "../lib/os/spool.ts";
import type { Peer } from "../lib/port/peer.ts";
import type { Store } from "../lib/port/store.ts";
import { holdSession } from "../lib/run/session.ts";
import { slaveOptions } from "../lib/run/session_handshake.ts";
import { NOTHING_REMEMBERED } from "../lib/run/session_options.ts";

type SlaveMeans = Parameters<typeof slaveOptions>[1];

/** Holds the session that a master's handshake asks for. */
export const holdFarEnd = (
  store: Store,
  peer: Peer,
  onEvent?: SlaveMeans["onEvent"],
): TaskEither<SyncError, unknown> => {
  const means: SlaveMeans = {
    states: new Map(),
    compares: () => false,
    remembered: () => NOTHING_REMEMBERED,
    makeSpool,
    newGuid,
    side: "right",
    ...(onEvent === undefined ? {} : { onEvent }),
  };
  return holdSession(store, peer, slaveOptions(peer.handshake, means, () => []));
};
