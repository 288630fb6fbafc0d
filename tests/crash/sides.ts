/**
 * The two stores of a scenario, in the directories `left` and `right` of its home.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { readMemory, writeMemory } from "../../cli/memory_file.ts";
import type { SyncError } from "../../lib/model/error.ts";
import type { Report, Side } from "../../lib/model/report.ts";
import type { Os } from "../../lib/port/os.ts";
import type { Store } from "../../lib/port/store.ts";
import { backup } from "../../lib/run/backup.ts";
import { mirror } from "../../lib/run/mirror.ts";
import { openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { openMdbox } from "../../lib/store/mdbox/mdbox_store.ts";

/** Formats that a side can have. */
export const FORMATS = ["maildir", "fs", "mdbox"] as const;

/** Maildir++, a Maildir with LAYOUT=fs, or an mdbox with a new file m.N every few mails. */
export type Format = typeof FORMATS[number];

/** The formats of both sides. */
export type Formats = Readonly<Record<Side, Format>>;

/** mdbox_rotate_size of the mdboxes here: a handful of small mails. */
export const ROTATE_SIZE = 3000;

/** The formats that a module was imported with: `module.ts?left=maildir&right=mdbox`. */
export const formatsOf = (moduleUrl: string): Formats => {
  const { searchParams } = new URL(moduleUrl);
  const formatOf = (side: Side): Format =>
    FORMATS.find((format) => format === searchParams.get(side)) ??
      (() => {
        throw new Error(`${moduleUrl} does not say which format is ${side}`);
      })();
  return { left: formatOf("left"), right: formatOf("right") };
};

/** What a task gives; an error is thrown as text. */
export const must = async <A>(task: TaskEither<SyncError, A>): Promise<A> => {
  const end = await task();
  if (E.isRight(end)) return end.right;
  const { _tag, scope, where, what } = end.left;
  throw new Error(`${_tag} (${scope}): ${what} ${JSON.stringify(where)}`);
};

/** Opens one side, which is made at the first write where it is not there. */
export const openSide = (os: Os, home: string, side: Side, format: Format): Promise<Store> => {
  const root = `${home}/${side}`;
  return must(
    format === "mdbox"
      ? openMdbox(os, { root, create: true, rotateSize: ROTATE_SIZE })
      : openMaildir(os, { root, create: true, layout: format === "fs" ? "fs" : "maildir++" }),
  );
};

/** Opens one side for the time of `use`. */
export const withSide = async <A>(
  os: Os,
  home: string,
  side: Side,
  format: Format,
  use: (store: Store) => Promise<A>,
): Promise<A> => {
  const store = await openSide(os, home, side, format);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
};

const withBoth = <A>(
  os: Os,
  home: string,
  formats: Formats,
  use: (left: Store, right: Store) => Promise<A>,
): Promise<A> =>
  withSide(
    os,
    home,
    "left",
    formats.left,
    (left) => withSide(os, home, "right", formats.right, (right) => use(left, right)),
  );

/** A run that could not do all it should is no good run, interrupted or not. */
const withoutProblems = (report: Report): void => {
  if (report.problems.length > 0) throw new Error(`problems: ${JSON.stringify(report.problems)}`);
};

// The same wherever the home is, for a copied home must find its memory.
const ENDS = { left: "left", right: "right" };

/** A mirror as the program does it: what it remembers is in the home. */
export const mirrorSides = (os: Os, home: string, formats: Formats): Promise<void> =>
  withBoth(os, home, formats, async (left, right) => {
    const path = `${home}/memory/pair.json`;
    const warn = (error: SyncError): never => {
      throw new Error(`the memory: ${error.what}`);
    };
    const memory = readMemory(os, path, ENDS, warn);
    const { report, memory: next } = await must(mirror(left, right, { memory }));
    writeMemory(os, path, ENDS, next, warn);
    withoutProblems(report);
  });

/** A backup of the left side to the right one. */
export const backupSides = (os: Os, home: string, formats: Formats): Promise<void> =>
  withBoth(os, home, formats, async (left, right) => {
    withoutProblems(await must(backup(left, right)));
  });
