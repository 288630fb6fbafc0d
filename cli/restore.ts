/**
 * `dsync restore`: mails of a hold are put back.
 *
 * @module
 */
import { makeOs } from "../lib/os/os.ts";
import { complainOf, EXIT, failWith, statusOfError, tell } from "./exit.ts";
import { heldText } from "./render.ts";
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { sameGuid } from "../lib/codec/guid.ts";
import { type SyncError, syncError } from "../lib/model/error.ts";
import { guid } from "../lib/model/ids.ts";
import type { HeldMail } from "../lib/model/held.ts";
import { newGuid } from "../lib/os/new_guid.ts";
import type { Os } from "../lib/port/os.ts";
import { type Restored, restoreMails } from "../lib/run/restore.ts";
import { isSelected } from "../lib/sync/select_names.ts";
import type { RestoreCommand } from "./command.ts";
import { openHold } from "./hold_directory.ts";
import { firstLocation, openSide } from "./locations.ts";
import { watch } from "./watch.ts";

/** Whether a held mail is one of those that were asked for. */
const isWanted = ({ names, since, guids }: RestoreCommand, held: HeldMail): boolean =>
  isSelected(names, () => [], held.mailbox, null) &&
  (since === null || Date.parse(held.at) >= 1000 * since) &&
  (guids.length === 0 || guids.some((one) => sameGuid(guid(one), held.guid)));

/** A hold that is not there is one that nothing has gone into, or another's path. */
const noHold = (error: SyncError): SyncError =>
  error._tag === "Missing"
    ? { ...error, what: "there is no hold; it is made with the first mail that a run takes away" }
    : error;

/** Puts the chosen mails back, or with `--dry-run` only tells them. `tell` is given each mail. */
export const restore = async (
  os: Os,
  command: RestoreCommand,
  tell: (held: HeldMail) => void,
  signal?: AbortSignal,
): Promise<Either<SyncError, Restored>> => {
  const hold = await openHold(os, command.directory, false);
  if (E.isLeft(hold)) return E.left(noHold(hold.left));
  const { store, mails, noteBack, close } = hold.right;
  try {
    const held = mails();
    if (E.isLeft(held)) return held;
    const chosen = held.right.filter((one) => isWanted(command, one));
    const unknown = command.guids.filter((text) =>
      !chosen.some((one) => sameGuid(guid(text), one.guid))
    );
    const problems = unknown.map((text) =>
      syncError("Missing", "message", { path: command.directory }, `no mail ${text} is held there`)
    );
    if (command.dryRun) {
      chosen.forEach(tell);
      return E.right({ mails: chosen.length, problems });
    }
    const location = firstLocation(command.settings);
    if (E.isLeft(location)) return location;
    const target = await openSide({ os, settings: command.settings }, location.right, false);
    if (E.isLeft(target)) return target;
    try {
      const end = await restoreMails(store, target.right, chosen, {
        newGuid,
        now: os.now,
        ...(signal === undefined ? {} : { signal }),
        onBack: (some) => {
          noteBack(some);
          some.forEach(tell);
        },
      })();
      return E.map((done: Restored): Restored => ({
        ...done,
        problems: [...problems, ...done.problems],
      }))(end);
    } finally {
      await target.right.close();
    }
  } finally {
    await close();
  }
};

/** Runs `dsync restore` and gives its exit status. */
export const runRestore = async (command: RestoreCommand): Promise<number> => {
  const { json, debug, dryRun } = command;
  const { options, isStopped, end: unwatch } = watch(command, () => {});
  const end = await restore(makeOs(), command, (held) => {
    if (json) tell(JSON.stringify(held));
    else if (dryRun || command.verbose) tell(heldText(held));
  }, options.signal);
  unwatch();
  if (E.isLeft(end)) {
    return failWith(end.left, command, isStopped() ? EXIT.stopped : statusOfError(end.left));
  }
  const { mails, problems } = end.right;
  for (const problem of problems) complainOf(problem, debug);
  const counted = mails === 1 ? "1 mail" : `${mails} mails`;
  if (!json) tell(`${counted} ${dryRun ? "held" : "put back"}`);
  return problems.length === 0 ? EXIT.inSync : EXIT.runAgain;
};
