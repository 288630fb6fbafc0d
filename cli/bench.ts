/**
 * `dsync bench`: how fast it is with one's own mail, on one's own machine. The mail is only read, its copies go into a
 * folder that is removed, and what is told has nothing of the mail in it.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import denoJson from "../deno.json" with { type: "json" };
import type { SyncError } from "../lib/model/error.ts";
import { dryOs } from "../lib/os/dry_os.ts";
import { makeOs } from "../lib/os/os.ts";
import { onStop } from "../lib/os/signals.ts";
import type { Os } from "../lib/port/os.ts";
import type { Store } from "../lib/port/store.ts";
import { backup } from "../lib/run/backup.ts";
import { mirror } from "../lib/run/mirror.ts";
import { failStream, StreamFailure } from "../lib/stream/chunks.ts";
import type { BenchCommand } from "./command.ts";
import { complain, complainOf, EXIT, failWith, statusOfError, tell } from "./exit.ts";
import { fileError } from "./file_error.ts";
import { firstLocation, openSide } from "./locations.ts";

/** One piece of work that was timed. */
export interface BenchStep {
  /** What was done. */
  readonly work: string;
  /** How long it took. */
  readonly seconds: number;
}

/** What a bench tells. */
export interface BenchReport {
  /** The program, the runtime, the system. */
  readonly versions: readonly string[];
  /** Logical processors. */
  readonly cores: number;
  /** The format of the mail. */
  readonly format: string;
  /** How much mail there is. */
  readonly mailboxes: number;
  readonly mails: number;
  readonly bytes: number;
  /** What was timed, in order. */
  readonly steps: readonly BenchStep[];
}

const unwrap = async <A>(task: TaskEither<SyncError, A>): Promise<A> => {
  const end = await task();
  return E.isLeft(end) ? failStream(end.left) : end.right;
};

/** Reads every mail of a store to its end; gives how many there are and their bytes. */
const readAll = async (
  store: Store,
): Promise<{ readonly mails: number; readonly bytes: number }> => {
  const tree = await unwrap(store.tree);
  let [mails, bytes] = [0, 0];
  for (const node of tree.nodes) {
    if (node._tag !== "Mailbox") continue;
    await unwrap(store.withMailbox(node.guid, (mailbox) => async () => {
      const uids = (async function* () {
        for await (const chunk of mailbox.records()) yield chunk.map(({ uid }) => uid);
      })();
      for await (const chunk of mailbox.fetch(uids as Parameters<typeof mailbox.fetch>[0])) {
        for (const fetched of chunk) {
          if (fetched._tag === "Lost") continue;
          mails++;
          for await (const piece of fetched.mail.body) bytes += piece.length;
        }
      }
      return E.right(undefined);
    }));
  }
  return { mails, bytes };
};

/** Times the work on a source, with copies in `scratch`, an empty folder. */
const timed = async (
  os: Os,
  command: BenchCommand,
  location: string,
  scratch: string,
): Promise<BenchReport> => {
  const { settings } = command;
  // As each run opens it: what was read before does not count.
  const source = () => unwrap(() => openSide({ os: dryOs(os), settings }, location, false));
  const target = (place: string) =>
    unwrap(() => openSide({ os, settings: new Map() }, place, true));
  const steps: BenchStep[] = [];
  const time = async <A>(work: string, action: () => Promise<A>): Promise<A> => {
    const begun = performance.now();
    const end = await action();
    steps.push({ work, seconds: (performance.now() - begun) / 1000 });
    return end;
  };
  const one = await source();
  const tree = await unwrap(one.tree);
  const { mails, bytes } = await time("read every mail", () => readAll(one));
  const copies = [
    ["mdbox", `mdbox:${scratch}/mdbox`],
    ["Maildir", `maildir:${scratch}/Maildir`],
  ] as const;
  for (const [format, place] of copies) {
    await time(`back up into a new ${format}`, async () => {
      const to = await target(place);
      await unwrap(backup(await source(), to));
      await to.close();
    });
    await time(`mirror with that ${format}, nothing new`, async () => {
      const to = await target(place);
      await unwrap(mirror(await source(), to));
      await to.close();
    });
  }
  await one.close();
  return {
    versions: [
      `dsync ${denoJson.version}`,
      `Deno ${Deno.version.deno}`,
      `${Deno.build.os} ${Deno.osRelease()}`,
    ],
    cores: navigator.hardwareConcurrency,
    format: one.caps.format,
    mailboxes: tree.nodes.filter(({ _tag }) => _tag === "Mailbox").length,
    mails,
    bytes,
    steps,
  };
};

const MB = 1e6;

/** A report for people, to be shared. */
export const benchText = (report: BenchReport): string => {
  const { versions, cores, format, mailboxes, mails, bytes, steps } = report;
  const width = Math.max(...steps.map(({ work }) => work.length));
  return [
    `${versions.join(", ")}, ${cores} cores`,
    `${format}: ${mailboxes} mailboxes, ${mails} mails, ${(bytes / MB).toFixed(1)} MB`,
    ...steps.map(({ work, seconds }) =>
      `${work.padEnd(width)}  ${seconds.toFixed(2).padStart(8)} s  ` +
      `${Math.round(mails / seconds).toString().padStart(8)} mails/s  ` +
      `${(bytes / MB / seconds).toFixed(1).padStart(8)} MB/s`
    ),
  ].join("\n");
};

/** An empty folder for the copies. */
const makeScratch = (): E.Either<SyncError, string> => {
  try {
    return E.right(Deno.makeTempDirSync({ prefix: "dsync-bench-" }));
  } catch (thrown) {
    const place = Deno.env.get("TMPDIR") ?? "/tmp";
    return E.left(fileError(place, "no folder for the copies can be made here", thrown));
  }
};

/** Runs `dsync bench` and gives its exit status. */
export const runBench = async (command: BenchCommand): Promise<number> => {
  const location = command.location === null
    ? firstLocation(command.settings)
    : E.right(command.location);
  if (E.isLeft(location)) return failWith(location.left, command, statusOfError(location.left));
  const scratch = makeScratch();
  if (E.isLeft(scratch)) return failWith(scratch.left, command, EXIT.failed);
  const remove = (): void => {
    try {
      Deno.removeSync(scratch.right, { recursive: true });
    } catch (thrown) {
      complainOf(fileError(scratch.right, "the copies cannot be removed", thrown), command.debug);
    }
  };
  const unlisten = onStop(() => {
    remove();
    complain("stopped; no copy of the mail is left");
    Deno.exit(EXIT.stopped);
  });
  try {
    const report = await timed(makeOs(), command, location.right, scratch.right);
    tell(command.json ? JSON.stringify(report) : benchText(report));
    return EXIT.inSync;
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    const error = thrown.error as SyncError;
    return failWith(error, command, statusOfError(error));
  } finally {
    // A signal that comes meanwhile is still heard: it would leave the rest of the copies.
    remove();
    unlisten();
  }
};
