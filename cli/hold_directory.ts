/**
 * A hold on disk: a Maildir of mails that runs took away, and beside it a list of where they came from.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { isAbsolute, resolve } from "node:path";
import { formatHeldLine, parseHeld } from "../lib/codec/held_json.ts";
import { type SyncError, syncError } from "../lib/model/error.ts";
import type { HeldMail } from "../lib/model/held.ts";
import { newGuid } from "../lib/os/new_guid.ts";
import type { Os } from "../lib/port/os.ts";
import type { Store } from "../lib/port/store.ts";
import { Hold } from "../lib/run/hold.ts";
import { StreamFailure } from "../lib/stream/chunks.ts";
import { homePath } from "./home_path.ts";
import { openSide } from "./locations.ts";

const LIST = "dsync-held.jsonl";

/** The most that is read of a list, bytes: some millions of mails. */
const LIMIT = 1024 * 1024 * 1024;

/** A hold that is open. */
export interface OpenHold {
  /** Its Maildir. */
  readonly store: Store;
  /** What keeps mails in it. */
  readonly hold: Hold;
  /** Its mails that have not been put back. */
  readonly mails: () => Either<SyncError, readonly HeldMail[]>;
  /** Notes that mails were put back. */
  readonly noteBack: (mails: readonly HeldMail[]) => void;
  /** Lets go of it. */
  readonly close: () => Promise<void>;
}

/** Adds lines to the list, durably; what fails is thrown, so that nothing goes that is not noted. */
const append = (os: Os, path: string, text: string): void => {
  const isNew = os.files.stat(path) === null;
  const fd = isNew ? os.disk.openNew(path) : os.files.open(path, "a");
  try {
    os.disk.write(fd, new TextEncoder().encode(text), null);
    os.disk.sync(fd);
  } finally {
    os.files.close(fd);
  }
  if (isNew) os.disk.syncDir(path.slice(0, path.lastIndexOf("/")));
};

/** Opens a hold; `create`: one that is not there is made with its first mail. */
export const openHold = async (
  os: Os,
  path: string,
  create: boolean,
): Promise<Either<SyncError, OpenHold>> => {
  const named = homePath(path);
  const directory = isAbsolute(named) ? named : resolve(named);
  if (directory.includes(":")) {
    return E.left(syncError("Usage", "run", { path }, "a hold's path may have no colon in it"));
  }
  const opening = { os, settings: new Map<string, string>() };
  const store = await openSide(opening, `maildir:${directory}`, create);
  if (E.isLeft(store)) return store;
  const list = `${directory}/${LIST}`;
  const note = (isBack: boolean) => (mails: readonly HeldMail[]): void =>
    append(os, list, mails.map((held) => formatHeldLine(held, isBack)).join(""));
  return E.right({
    store: store.right,
    hold: new Hold(store.right, { note: note(false), newGuid, now: os.now }),
    mails: () => {
      try {
        const bytes = os.files.readFile(list, LIMIT) ?? new Uint8Array();
        return E.right(parseHeld(new TextDecoder().decode(bytes)));
      } catch (thrown) {
        if (!(thrown instanceof StreamFailure)) throw thrown;
        return E.left(thrown.error as SyncError);
      }
    },
    noteBack: note(true),
    close: store.right.close,
  });
};
