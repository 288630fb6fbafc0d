/**
 * A sync of two stores that are at hand, wherever they are.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { Ends } from "../lib/codec/sync_memory.ts";
import type { Comparison, Finding } from "../lib/model/comparison.ts";
import { type SyncError, syncError } from "../lib/model/error.ts";
import { keywordKey } from "../lib/model/flags.ts";
import { NO_MEMORY, type SyncMemory } from "../lib/model/memory.ts";
import type { Report } from "../lib/model/report.ts";
import type { Os } from "../lib/port/os.ts";
import type { Store } from "../lib/port/store.ts";
import { backup } from "../lib/run/backup.ts";
import { brakePlan, type DeleteLimit } from "../lib/run/brake.ts";
import { compareStores } from "../lib/run/compare.ts";
import { dryRun } from "../lib/run/dry_run.ts";
import { type Hold, holding } from "../lib/run/hold.ts";
import { mirror } from "../lib/run/mirror.ts";
import type { MirrorOptions } from "../lib/run/mirror_options.ts";
import type { RunOptions } from "../lib/run/run.ts";
import { isSelected } from "../lib/sync/select_names.ts";
import { isOpen } from "../lib/sync/wire_mailbox.ts";
import type { SyncCommand } from "./command.ts";
import type { Opening } from "./locations.ts";
import { memoryPath, readMemory, writeMemory } from "./memory_file.ts";
import { identitiesAt, type Permission, permitted } from "./permission.ts";
import type { Ahead } from "./start_ahead.ts";
import { errorText } from "../lib/codec/error_text.ts";

/** What a sync came to. */
export interface Synced {
  /** What was done. */
  readonly report: Report;
  /** The new state, where -s asks for it; "" where there is none. */
  readonly state: string | null;
  /** The digests of both sides, where more than the exit status is to be told; null: not looked at. */
  readonly comparison: Comparison | null;
}

/** What every sync has at hand. */
export interface Means {
  readonly os: Os;
  readonly command: SyncCommand;
  readonly options: RunOptions;
  readonly permission: Permission;
  /** Where mails are kept that it takes away; null: nowhere. */
  readonly hold: Hold | null;
  /** The program that it is with, where that is started already. */
  readonly ahead: Ahead | null;
  /** Tells the user a line. */
  readonly say: (line: string) => void;
}

/** How the stores of a sync are opened. */
export const openingOf = ({ os, command, permission }: Means): Opening => ({
  os,
  settings: command.settings,
  identitiesAt: (location) => identitiesAt(permission, location),
});

/** Special uses are not known here. */
export const noUses = (): readonly string[] => [];

/** Whether a merge of two stores does all that is asked; what is left is done by the protocol of Dovecot's dsync. */
export const isPlain = ({ verb, names, state, filter, mails }: SyncCommand): boolean =>
  state === null && names.onlyGuid === null &&
  (verb === "mirror" ||
    (isOpen(filter) && mails && names.only === null && names.excluded.length === 0));

/** What the last sync of two ends remembered; what cannot be used counts as nothing. */
export const recall = (
  { os, say }: Means,
  ends: Ends,
): { readonly memory: SyncMemory; readonly keep: (memory: SyncMemory) => void } => {
  const path = memoryPath(ends, (name) => Deno.env.get(name));
  const warn = (error: SyncError): void => say(`${errorText(error)}; going on without it`);
  return {
    memory: path === null ? NO_MEMORY : readMemory(os, path, ends, warn),
    keep: (memory) => {
      if (path !== null) writeMemory(os, path, ends, memory, warn);
    },
  };
};

/** What every run between two stores is told. */
const runOptions = ({ command, options }: Pick<Means, "command" | "options">): RunOptions => ({
  ...options,
  ...(command.full ? { full: true } : {}),
});

const mirrorOptions = ({ command, options }: Means): MirrorOptions => ({
  ...runOptions({ command, options }),
  ...(command.oneWay ? { oneWay: true } : {}),
  ...(command.mails ? {} : { mails: false }),
  ...(isOpen(command.filter) ? {} : { filter: command.filter }),
  ...(command.names.only !== null || command.names.excluded.length > 0
    ? { mailboxes: (name) => isSelected(command.names, noUses, name, null) }
    : {}),
});

/**
 * Whether a difference is one that a run would have ended. A name that no mailbox has can stay on one side: which formats
 * can hold one, and when, differs. Keywords that differ only in case are the same to every run.
 */
const isUndone = ({ field, left, right }: Finding): boolean =>
  field !== "directory" &&
  !(field === "keywords" && keywordKey(left ?? "") === keywordKey(right ?? ""));

/** The report with the digests of both sides, where they are to be told; if they differ that is a problem. */
const withProof = async (
  { command, permission, options }: Means,
  left: Store,
  right: Store,
  report: Report,
): Promise<Either<SyncError, Synced>> => {
  const isTold = command.verbose || command.json;
  const isWhole = !command.oneWay && command.mails && isOpen(command.filter) &&
    permission._tag !== "Nothing";
  if (!isTold || !isWhole) return E.right({ report, state: null, comparison: null });
  const found = await compareStores(left, right, {
    bytes: false,
    mailboxes: (name) => isSelected(command.names, noUses, name, null),
  })();
  if (E.isLeft(found)) return found;
  const findings = found.right.findings.filter(isUndone);
  if (findings.length === 0 || report.problems.length > 0) {
    return E.right({ report, state: null, comparison: found.right });
  }
  const what = `${findings.length} differences are left (dsync check names them); run it again`;
  const problem = syncError("Changed", "run", {}, what);
  options.onEvent?.({ _tag: "Problem", error: problem });
  return E.right({
    report: { ...report, problems: [...report.problems, problem] },
    state: null,
    comparison: found.right,
  });
};

/** The same store; what goes from it is held first, where that was asked for. */
export const withHold = ({ hold, command }: Means, store: Store): Store =>
  hold === null ? store : holding(
    store,
    hold,
    command.verb === "backup"
      ? "the source does not have it"
      : "it was expunged or deleted on the other side",
  );

/** Both stores with what is held back and what is allowed. */
export const underRules = (
  means: Means,
  left: Store,
  right: Store,
): Either<SyncError, readonly [Store, Store]> =>
  permitted(means.permission, withHold(means, left), withHold(means, right));

/** Fails where a mirror would take more mails from one side than may go; it is done on shadows to see that. */
const brakeMirror = async (
  left: Store,
  right: Store,
  { onEvent: _, ...options }: MirrorOptions,
  memory: SyncMemory,
  limit: DeleteLimit,
): Promise<Either<SyncError, void>> => {
  const stores = { left, right };
  const end = await dryRun(left, right, (l, r) => mirror(l, r, { ...options, memory }))();
  if (E.isLeft(end)) return end;
  for (const side of ["left", "right"] as const) {
    const allowed = await brakePlan(stores[side], side, end.right.steps, limit)();
    if (E.isLeft(allowed)) return allowed;
  }
  return E.right(undefined);
};

/** Merges or copies between two stores, wherever they are. `ends`: how they are told from all others. */
export const betweenStores = async (
  means: Means,
  left: Store,
  right: Store,
  ends: Ends,
): Promise<Either<SyncError, Synced>> => {
  const { command } = means;
  if (command.verb === "backup") {
    const maxDelete = command.maxDelete ?? { _tag: "Careful" };
    const end = await backup(left, right, { ...runOptions(means), maxDelete })();
    return E.isLeft(end) ? end : await withProof(means, left, right, end.right);
  }
  const { memory, keep } = recall(means, ends);
  if (command.maxDelete !== null) {
    const allowed = await brakeMirror(left, right, mirrorOptions(means), memory, command.maxDelete);
    if (E.isLeft(allowed)) return allowed;
  }
  const end = await mirror(left, right, { ...mirrorOptions(means), memory })();
  if (E.isLeft(end)) return end;
  keep(end.right.memory);
  return await withProof(means, left, right, end.right.report);
};
