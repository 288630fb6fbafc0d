/** Two accounts in memory, synced over a pipe in memory: by Dovecot's protocol, or as a store served to the other end. */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { SyncError } from "../../lib/model/error.ts";
import { NO_MEMORY, type SyncMemory } from "../../lib/model/memory.ts";
import { newGuid } from "../../lib/os/new_guid.ts";
import { makeSpool } from "../../lib/os/spool.ts";
import { greet } from "../../lib/peer/greeting.ts";
import { memoryPipe } from "../../lib/peer/memory_pipe.ts";
import { remoteStore } from "../../lib/peer/remote_store.ts";
import { serveStore } from "../../lib/peer/store_server.ts";
import type { Pipe } from "../../lib/port/pipe.ts";
import type { Store } from "../../lib/port/store.ts";
import { mirror } from "../../lib/run/mirror.ts";
import type { MirrorResult } from "../../lib/run/mirror_options.ts";
import { type PeerSyncResult, syncWithPeer } from "../../lib/run/peer_sync.ts";
import { MERGE } from "../../lib/run/_session_request.ts";
import { holdSession } from "../../lib/run/session.ts";
import {
  type SessionRequest,
  slaveHandshake,
  slaveOptions,
} from "../../lib/run/session_handshake.ts";
import { NOTHING_REMEMBERED } from "../../lib/run/session_options.ts";
import { StreamFailure } from "../../lib/stream/chunks.ts";

/** Where a pipe is cut: what this end sends breaks off after so many bytes. */
export interface Cut {
  readonly end: "master" | "slave";
  readonly after: number;
}

/** A pipe whose bytes are shown to a listener. */
const heard = (pipe: Pipe, hear: (bytes: Uint8Array) => void): Pipe => ({
  ...pipe,
  send: (bytes) => {
    hear(bytes);
    return pipe.send(bytes);
  },
});

const failureOf = (thrown: unknown): SyncError => {
  if (thrown instanceof StreamFailure) return thrown.error as SyncError;
  throw thrown;
};

const serve = async (store: Store, pipe: Pipe): Promise<SyncError | null> => {
  try {
    const { peer } = await greet(pipe, "the master", slaveHandshake("slave.example"), []);
    const means = {
      states: new Map(),
      compares: () => false,
      remembered: () => NOTHING_REMEMBERED,
      makeSpool,
      newGuid,
      side: "right" as const,
    };
    const end = await holdSession(store, peer, slaveOptions(peer.handshake, means, () => []))();
    return E.isLeft(end) ? end.left : null;
  } catch (thrown) {
    return failureOf(thrown);
  } finally {
    await pipe.close();
  }
};

/** What a sync by the protocol came to, and how the slave ended each time. */
export interface ProtocolEnd {
  readonly master: Either<SyncError, PeerSyncResult>;
  readonly slaves: readonly (SyncError | null)[];
  /** What each end has sent, in the first session. */
  readonly sent: Readonly<Record<Cut["end"], readonly Uint8Array[]>>;
}

/** Syncs by Dovecot's protocol; with `cut` the first connection breaks there. */
export const byProtocol = async (
  left: Store,
  right: Store,
  how: { readonly request?: SessionRequest; readonly cut?: Cut; readonly memory?: SyncMemory } = {},
): Promise<ProtocolEnd> => {
  const slaves: Promise<SyncError | null>[] = [];
  const sent = { master: [] as Uint8Array[], slave: [] as Uint8Array[] };
  const master = await syncWithPeer(
    left,
    (handshake) => async () => {
      const { cut } = how;
      const first = slaves.length === 0;
      const ends = memoryPipe({ breakAfter: first && cut !== undefined ? cut.after : null });
      const [own, other] = cut?.end === "slave" ? [ends[1], ends[0]] : ends;
      const hear = (end: Cut["end"]) => (bytes: Uint8Array): void => {
        if (first) sent[end].push(bytes.slice());
      };
      const here = heard(own, hear("master"));
      const serving = serve(right, heard(other, hear("slave")));
      slaves.push(serving);
      const close = async (): Promise<Either<SyncError, void>> => {
        await here.close();
        const failure = await serving;
        return failure === null ? E.right(undefined) : E.left(failure);
      };
      try {
        return E.right({ peer: (await greet(here, "the slave", handshake, [])).peer, close });
      } catch (thrown) {
        await close();
        return E.left(failureOf(thrown));
      }
    },
    how.request ?? MERGE,
    {
      memory: how.memory ?? NO_MEMORY,
      states: new Map(),
      makeSpool,
      newGuid,
      hostname: "master.example",
      usesOf: () => [],
      side: "left",
    },
  )();
  return { master, slaves: await Promise.all(slaves), sent };
};

/** What a mirror of a store with one that is served over a pipe came to. */
export interface ServedEnd {
  readonly mirror: Either<SyncError, MirrorResult>;
  readonly server: Either<SyncError, void>;
  readonly sent: ProtocolEnd["sent"];
}

/** Mirrors with a store that is served to this end, as two of ours do. */
export const overPipe = async (
  left: Store,
  right: Store,
  how: { readonly piece?: number; readonly cut?: Cut; readonly memory?: SyncMemory } = {},
): Promise<ServedEnd> => {
  const { cut, piece = 65_536, memory = NO_MEMORY } = how;
  const sent = { master: [] as Uint8Array[], slave: [] as Uint8Array[] };
  const ends = memoryPipe({ piece, breakAfter: cut?.after ?? null });
  const [own, other] = cut?.end === "slave" ? [ends[1], ends[0]] : ends;
  const here = heard(own, (bytes) => sent.master.push(bytes.slice()));
  const there = heard(other, (bytes) => sent.slave.push(bytes.slice()));
  const serving = serveStore(right, there)().finally(() => there.close());
  const seen = await remoteStore(here)();
  const end = E.isLeft(seen) ? seen : await mirror(left, seen.right, { memory })();
  if (E.isRight(seen)) await seen.right.close();
  await here.close();
  return { mirror: end, server: await serving, sent };
};
