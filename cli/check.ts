/**
 * `dsync check`: what two sides differ in.
 *
 * @module
 */
import { makeOs } from "../lib/os/os.ts";
import { comparisonLines } from "../lib/codec/report_json.ts";
import { complain, EXIT, failWith, statusOfError, tell } from "./exit.ts";
import { isEqual } from "../lib/run/compare.ts";
import { checkText } from "./render_check.ts";
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { parseDestination } from "../lib/codec/peer_command.ts";
import type { Comparison } from "../lib/model/comparison.ts";
import { type SyncError, syncError } from "../lib/model/error.ts";
import { dryOs } from "../lib/os/dry_os.ts";
import {
  DRY_EXTENSION,
  NOTHING_EXTENSION,
  type OpenedStore,
  reach,
  STORE_EXTENSION,
  storeBehind,
} from "../lib/peer/reach.ts";
import type { Os } from "../lib/port/os.ts";
import type { Store } from "../lib/port/store.ts";
import { compareStores } from "../lib/run/compare.ts";
import { slaveHandshake } from "../lib/run/session_handshake.ts";
import { isSelected } from "../lib/sync/select_names.ts";
import type { CheckCommand } from "./command.ts";
import { remoteCommandOf } from "./configuration.ts";
import { reachOf } from "./connect.ts";
import { firstLocation, openSide, samePlace } from "./locations.ts";
import { nothingBehind } from "./nothing_behind.ts";

const openHere = async (
  os: Os,
  { settings }: CheckCommand,
  text: string,
): Promise<Either<SyncError, OpenedStore>> =>
  E.map((store: Store): OpenedStore => ({
    store,
    close: async () => E.right(await store.close()),
  }))(await openSide({ os, settings }, text, false));

/** The second side: a folder, or what another dsync of ours serves. */
const openSecond = async (
  os: Os,
  command: CheckCommand,
  first: string,
  say: (line: string) => void,
): Promise<Either<SyncError, OpenedStore>> => {
  const destination = parseDestination(command.destination, remoteCommandOf(command));
  if (E.isLeft(destination)) return destination;
  if (destination.right._tag === "Location") {
    const same = samePlace(os, first, destination.right.text);
    return same === null ? await openHere(os, command, destination.right.text) : E.left(same);
  }
  const reached = await reach(
    reachOf(command, destination.right, say),
    slaveHandshake(os.hostname),
    [STORE_EXTENSION, DRY_EXTENSION, NOTHING_EXTENSION],
  )();
  if (E.isLeft(reached)) return reached;
  const nothing = nothingBehind(reached.right, true, null);
  if (nothing !== null) {
    await reached.right.close();
    return E.left(nothing);
  }
  if (!reached.right.extensions.includes(DRY_EXTENSION)) {
    await reached.right.close();
    const { name } = destination.right;
    const what = `${name}: no dsync of this kind answers there, and a Dovecot can only be synced`;
    return E.left(syncError("Unsupported", "run", {}, what));
  }
  return await storeBehind(reached.right);
};

/** Compares both sides; nothing is written, not even what opening a store may have to put in order. */
export const check = async (
  machine: Os,
  command: CheckCommand,
  say: (line: string) => void,
): Promise<Either<SyncError, Comparison>> => {
  const os = dryOs(machine);
  const first = command.first === null ? firstLocation(command.settings) : E.right(command.first);
  if (E.isLeft(first)) return first;
  const left = await openHere(os, command, first.right);
  if (E.isLeft(left)) return left;
  try {
    const right = await openSecond(os, command, first.right, say);
    if (E.isLeft(right)) return right;
    const { names, bytes } = command;
    const end = await compareStores(left.right.store, right.right.store, {
      bytes,
      mailboxes: (name) => isSelected(names, () => [], name, null),
    })();
    const closed = await right.right.close();
    return E.isRight(end) && E.isLeft(closed) ? closed : end;
  } finally {
    await left.right.close();
  }
};

/** Runs `dsync check` and gives its exit status. */
export const runCheck = async (command: CheckCommand): Promise<number> => {
  const end = await check(makeOs(), command, complain);
  if (E.isLeft(end)) return failWith(end.left, command, statusOfError(end.left));
  const exit = isEqual(end.right) ? EXIT.inSync : EXIT.runAgain;
  if (!command.json) tell(checkText(end.right));
  else for (const line of comparisonLines(end.right, exit)) tell(JSON.stringify(line));
  return exit;
};
