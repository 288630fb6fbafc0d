/**
 * Whether what is behind a pipe has the mail that it would have to have.
 *
 * @module
 */
import { type SyncError, syncError } from "../lib/model/error.ts";
import type { Greeted } from "../lib/peer/greeting.ts";
import { NOTHING_EXTENSION } from "../lib/peer/reach.ts";
import { noneThere } from "./locations.ts";

/** An error where what is behind a pipe has nothing, and would have to have it; null: it has, or need not. */
export const nothingBehind = (
  peer: Pick<Greeted, "peer" | "extensions">,
  isSource: boolean,
  ownThatIsNew: string | null,
): SyncError | null => {
  const { peer: { name }, extensions } = peer;
  if (!extensions.includes(NOTHING_EXTENSION)) return null;
  if (isSource) {
    const what = `${name}: what the other end was told to serve is not there`;
    return syncError("Missing", "run", {}, what);
  }
  return ownThatIsNew === null ? null : noneThere(ownThatIsNew, `what ${name} was told to serve`);
};
