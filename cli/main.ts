/**
 * The program `dsync`: argv → stores → run → text and exit status.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { parseLocation } from "../lib/codec/location.ts";
import { type SyncError, syncError } from "../lib/model/error.ts";
import { NO_MEMORY } from "../lib/model/memory.ts";
import type { Report } from "../lib/model/report.ts";
import { openStore } from "../lib/open.ts";
import { makeOs } from "../lib/os/os.ts";
import type { Os } from "../lib/port/os.ts";
import type { Store } from "../lib/port/store.ts";
import { backup } from "../lib/run/backup.ts";
import { mirror, type MirrorOptions } from "../lib/run/mirror.ts";
import type { RunOptions } from "../lib/run/run.ts";
import denoJson from "../deno.json" with { type: "json" };
import { memoryPath, readMemory, writeMemory } from "./memory_file.ts";
import { HELP, parseCommandLine, type SyncCommand } from "./command_line.ts";
import { errorText, eventText, reportText } from "./render.ts";

/** Exit status, as the manual of Dovecot's dsync has it; failures with sysexits' numbers where they fit. */
export const EXIT = { inSync: 0, failed: 1, runAgain: 2, usage: 64, defect: 70 } as const;

/** Opens the store of `text`; where it is not there and may be made, gives one that is made at the first write. */
const openSide = async (
  os: Os,
  text: string,
  create: boolean,
): Promise<Either<SyncError, Store>> => {
  const home = Deno.env.get("HOME");
  if (home === undefined && /(:|=)(~|%h)/.test(text)) {
    return E.left(
      syncError("Usage", "run", { path: text }, "HOME is not set, so ~ has no meaning"),
    );
  }
  const location = parseLocation(text, home ?? "/");
  return E.isLeft(location) ? location : await openStore(os, location.right, { create })();
};

/** The two sides of a mirror: one may be missing and is made, not both. */
const openEither = async (
  os: Os,
  one: string,
  two: string,
): Promise<Either<SyncError, [Store, Store]>> => {
  const left = await openSide(os, one, false);
  const right = await openSide(os, two, E.isRight(left));
  if (E.isLeft(right)) return right;
  if (E.isRight(left)) return E.right([left.right, right.right]);
  if (left.left._tag !== "Missing") return left;
  const made = await openSide(os, one, true);
  return E.isLeft(made) ? made : E.right([made.right, right.right]);
};

/** A mirror that remembers: what the last run of the pair left is read before, and kept for the next one. */
const mirrorWithMemory = async (
  os: Os,
  left: Store,
  right: Store,
  options: MirrorOptions,
): Promise<Either<SyncError, Report>> => {
  const ends = { left: left.location, right: right.location };
  const path = memoryPath(ends, (name) => Deno.env.get(name));
  const warn = (error: SyncError): void => complain(`${errorText(error)}; going on without it`);
  const memory = path === null ? NO_MEMORY : readMemory(os, path, ends, warn);
  const end = await mirror(left, right, { ...options, memory })();
  if (E.isLeft(end)) return end;
  if (path !== null) writeMemory(os, path, ends, end.right.memory, warn);
  return E.right(end.right.report);
};

const sync = async (
  os: Os,
  command: SyncCommand,
  options: RunOptions,
): Promise<Either<SyncError, Report>> => {
  const one = command.settings.get("mail_location");
  if (one === undefined) {
    return E.left(
      syncError(
        "Usage",
        "run",
        {},
        "no first side: give it as -o mail_location=maildir:PATH or mdbox:PATH",
      ),
    );
  }
  if (command.verb === "mirror" && !command.oneWay) {
    const sides = await openEither(os, one, command.location2);
    if (E.isLeft(sides)) return sides;
    const [left, right] = sides.right;
    const end = await mirrorWithMemory(os, left, right, options);
    await left.close();
    await right.close();
    return end;
  }
  const [from, to] = command.reverse ? [command.location2, one] : [one, command.location2];
  const source = await openSide(os, from, false);
  if (E.isLeft(source)) return source;
  const destination = await openSide(os, to, true);
  if (E.isLeft(destination)) return destination;
  const end = command.oneWay
    ? await mirrorWithMemory(os, source.right, destination.right, { ...options, oneWay: true })
    : await backup(source.right, destination.right, options)();
  await source.right.close();
  await destination.right.close();
  return end;
};

const complain = (text: string): void => console.error(`dsync: ${text}`);

const complainOf = (error: SyncError, debug: boolean): void => {
  complain(errorText(error));
  if (debug && error.cause !== undefined) console.error(error.cause);
};

/** Runs the program and gives its exit status. */
export const main = async (args: readonly string[]): Promise<number> => {
  const parsed = parseCommandLine(args);
  if (E.isLeft(parsed)) {
    complain(`${errorText(parsed.left)} (dsync --help shows how)`);
    return EXIT.usage;
  }
  const command = parsed.right;
  if (command._tag === "Help") {
    console.log(HELP.trimEnd());
    return EXIT.inSync;
  }
  if (command._tag === "Version") {
    console.log(`dsync ${denoJson.version}`);
    return EXIT.inSync;
  }
  const one = command.settings.get("mail_location") ?? "";
  const names = command.reverse
    ? { left: command.location2, right: one }
    : { left: one, right: command.location2 };
  const end = await sync(makeOs(), command, {
    onEvent: (event) => {
      if (event._tag === "Problem") return complainOf(event.error, command.debug);
      const text = command.verbose ? eventText(event, names) : null;
      if (text !== null) console.log(text);
    },
  });
  if (E.isLeft(end)) {
    complainOf(end.left, command.debug);
    return end.left._tag === "Usage" ? EXIT.usage : EXIT.failed;
  }
  if (command.verbose) console.log(reportText(end.right, names));
  return end.right.problems.length === 0 ? EXIT.inSync : EXIT.runAgain;
};

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (defect) {
    complain("a defect of dsync itself; nothing more is done, please report it");
    console.error(defect);
    Deno.exitCode = EXIT.defect;
  }
}
