/** Random histories of two accounts, mirrored every night over a pipe with a real doveadm at one end. */
import * as E from "fp-ts/Either.js";
import { NO_MEMORY, type SyncMemory } from "../../../lib/model/memory.ts";
import { parseLocation } from "../../../lib/codec/location.ts";
import { openLocation } from "../../../lib/open/open_location.ts";
import { makeOs } from "../../../lib/os/os.ts";
import { newGuid } from "../../../lib/os/new_guid.ts";
import { makeSpool } from "../../../lib/os/spool.ts";
import type { Store } from "../../../lib/port/store.ts";
import { syncWithPeer } from "../../../lib/run/peer_sync.ts";
import { slaveOptions } from "../../../lib/run/session_handshake.ts";
import { holdSession } from "../../../lib/run/session.ts";
import { NOTHING_REMEMBERED } from "../../../lib/run/session_options.ts";
import { absolute, type Account, type Dovecot } from "../dovecot.ts";
import { isTwiceInList, type Leniency } from "../histories.ts";
import type { TwoSides } from "../oracle.ts";
import type { Dsync } from "../dsync.ts";
import type { Ended } from "../machine.ts";
import { startSlave, withMaster } from "./link.ts";
import { requestOf } from "./scenarios.ts";

const open = async (account: Account): Promise<Store> => {
  const location = parseLocation(absolute(account), account.home);
  if (E.isLeft(location)) throw new Error(location.left.what);
  const store = await openLocation(makeOs(), location.right, { create: true })();
  if (E.isLeft(store)) throw new Error(JSON.stringify(store.left));
  return store.right;
};

const ended = (code: number, stderr: string, stdout: string): Ended => ({
  code,
  stderr,
  stdout: new TextEncoder().encode(stdout),
});

/**
 * What a Dovecot 2.3.19.1 says of its own doing: it gives a Maildir's mail another UID by a second entry for one file;
 * and it wonders about a mailbox that it has just renamed.
 */
const isKnown = (line: string): boolean =>
  isTwiceInList(line) || /has duplicate GUID with/.test(line);

const withoutKnown = (stderr: string): string =>
  stderr.split("\n").filter((line) => !isKnown(line)).join("\n");

/** Ours is the master on the left; doveadm serves the right. What is remembered of a pair is kept. */
export const oursLeads = (dovecot: Dovecot): Pick<Dsync, "sync"> => {
  const memories = new Map<string, SyncMemory>();
  return {
    sync: async (_command, left, right) => {
      const store = await open(left);
      const errors: string[] = [];
      let code = 0;
      const end = await syncWithPeer(
        store,
        (handshake) => async () => {
          const slave = await startSlave(dovecot, right, handshake);
          return E.right({
            peer: slave.peer,
            close: async () => {
              const other = await slave.end();
              errors.push(withoutKnown(other.stderr));
              code = Math.max(code, other.code);
              return E.right(undefined);
            },
          });
        },
        requestOf(["sync"]),
        {
          memory: memories.get(left.home) ?? NO_MEMORY,
          states: new Map(),
          makeSpool,
          newGuid,
          hostname: "ours.example",
          usesOf: () => [],
          side: "left",
        },
      )();
      await store.close();
      await dovecot.machine.own(left.home);
      if (E.isLeft(end)) return ended(1, errors.join("") + JSON.stringify(end.left), "");
      memories.set(left.home, end.right.memory);
      const { problems } = end.right.report;
      errors.push(...problems.map((problem) => JSON.stringify(problem)));
      return ended(
        problems.length > 0 ? 2 : code,
        errors.join(""),
        JSON.stringify(end.right.report),
      );
    },
  };
};

/** One run of a doveadm that is the master on the left, with ours for the right. */
const serveOnce = async (dovecot: Dovecot, left: Account, right: Account): Promise<Ended> => {
  const store = await open(right);
  const means = {
    states: new Map(),
    compares: () => false,
    remembered: () => NOTHING_REMEMBERED,
    makeSpool,
    newGuid,
    side: "right" as const,
  };
  const [result, other] = await withMaster(
    dovecot,
    left,
    ["sync", "-f"],
    (peer) => holdSession(store, peer, slaveOptions(peer.handshake, means, () => []))(),
  );
  await store.close();
  await dovecot.machine.own(right.home);
  const stderr = withoutKnown(other.stderr);
  if (E.isLeft(result)) return ended(1, stderr + JSON.stringify(result.left), "");
  const { report } = result.right;
  const problems = report.problems.map((problem) => JSON.stringify(problem)).join("");
  return ended(problems !== "" ? 2 : other.code, stderr + problems, JSON.stringify(report));
};

/** doveadm is the master on the left; ours serves the right. It runs again where it says that this is needed. */
export const oursServes = (dovecot: Dovecot): Pick<Dsync, "sync"> => ({
  sync: async (_command, left, right) => {
    for (let n = 1;; n++) {
      const end = await serveOnce(dovecot, left, right);
      if (end.code !== 2 || n === 3) return end;
    }
  },
});

/** Whether somebody deleted a mailbox that both sides had in the morning. */
const isDeletion = ({ dawn, sides }: TwoSides): boolean =>
  [...dawn.boxes.keys()].some((guid) => sides.some(({ picture }) => !picture.boxes.has(guid)));

/**
 * What a Dovecot 2.3.19.1 at one end makes of a history, by its own rules: MODSEQs may differ by a few, mails that were
 * there already keep the saved date that they have, a deleted mailbox goes with what came to it since, and one that was
 * made anew gets its old mails back; subscriptions go along with a mailbox that is renamed; of several renames another one
 * may win; flags that were set long ago count as set.
 */
export const DOVECOTS_RULES: Leniency = {
  without: [],
  isKnown,
  isFine: (line, day) =>
    /: (HIGHEST)?MODSEQ is \d+, should be (at least )?\d+$|: saved is \d+, should be \d+$/.test(
      line,
    ) ||
    /^subscription .* should (not )?be there$/.test(line) ||
    /should be called|: \S+ should be (set|cleared): it was/.test(line) ||
    (isDeletion(day) && /is lost|: lost$|: it came back$|: doubled$/.test(line)),
};
