/**
 * One sync, as a command line asks for it: between two stores, or with what is behind a pipe.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { parseDestination } from "../lib/codec/peer_command.ts";
import type { SyncError } from "../lib/model/error.ts";
import { dryOs } from "../lib/os/dry_os.ts";
import type { Os } from "../lib/port/os.ts";
import type { Store } from "../lib/port/store.ts";
import type { RunOptions } from "../lib/run/run.ts";
import type { SyncCommand } from "./command.ts";
import {
  betweenStores,
  isPlain,
  type Means,
  openingOf,
  type Synced,
  underRules,
} from "./between_stores.ts";
import { firstLocation, openEither, type Opening, openSide, samePlace } from "./locations.ts";
import { remoteCommandOf } from "./configuration.ts";
import type { Permission } from "./permission.ts";
import type { Ahead } from "./start_ahead.ts";
import { lockHere } from "./sync_lock.ts";

const betweenLocations = async (
  means: Means,
  one: string,
  two: string,
): Promise<Either<SyncError, Synced>> => {
  const { command, os } = means;
  const opening = openingOf(means);
  const same = samePlace(os, one, two);
  if (same !== null) return E.left(same);
  const isTwoWay = command.verb === "mirror" && !command.oneWay;
  const [from, to] = command.reverse ? [two, one] : [one, two];
  const sides = isTwoWay
    ? await openEither(opening, one, two)
    : await openOneWay(opening, from, to);
  if (E.isLeft(sides)) return sides;
  const unlock = await lockHere(means, os.hostname);
  try {
    if (E.isLeft(unlock)) return unlock;
    const allowed = underRules(means, ...sides.right);
    if (E.isLeft(allowed)) return allowed;
    const [left, right] = allowed.right;
    const ends = { left: left.location, right: right.location };
    if (isPlain(command)) return await betweenStores(means, left, right, ends);
    const [own, other] = command.reverse ? [right, left] : [left, right];
    const { byProtocol, loopback } = await import("./sync_with_peer.ts");
    return await byProtocol(means, own, loopback(other, os.hostname), other.location);
  } finally {
    if (E.isRight(unlock)) unlock.right();
    for (const store of sides.right) await store.close();
  }
};

const openOneWay = async (
  opening: Opening,
  from: string,
  to: string,
): Promise<Either<SyncError, readonly [Store, Store]>> => {
  const source = await openSide(opening, from, false);
  if (E.isLeft(source)) return source;
  const destination = await openSide(opening, to, true);
  return E.isLeft(destination) ? destination : E.right([source.right, destination.right]);
};

/** Carries out a sync, as far as it is allowed. */
export const sync = async (
  machine: Os,
  command: SyncCommand,
  options: RunOptions,
  permission: Permission,
  ahead: Ahead | null,
  say: (line: string) => void,
): Promise<Either<SyncError, Synced>> => {
  const isDry = permission._tag === "Nothing";
  const means: Means = {
    os: isDry ? dryOs(machine) : machine,
    command,
    options,
    permission,
    hold: null,
    ahead,
    say,
  };
  if (command.hold === null || isDry) return await between(means);
  const { openHold } = await import("./hold_directory.ts");
  const opened = await openHold(machine, command.hold, true);
  if (E.isLeft(opened)) return opened;
  try {
    return await between({ ...means, hold: opened.right.hold });
  } finally {
    await opened.right.close();
  }
};

const between = async (means: Means): Promise<Either<SyncError, Synced>> => {
  const { command } = means;
  const one = firstLocation(command.settings);
  if (E.isLeft(one)) return one;
  const destination = parseDestination(command.destination, remoteCommandOf(command));
  if (E.isLeft(destination)) return destination;
  if (destination.right._tag === "Location") {
    return await betweenLocations(means, one.right, destination.right.text);
  }
  const { withProgram } = await import("./sync_with_peer.ts");
  return await withProgram(means, one.right, destination.right);
};
