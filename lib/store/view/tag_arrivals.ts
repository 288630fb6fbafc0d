/**
 * A keyword for what comes from the other side.
 *
 * @module
 */
import { keywords } from "../../model/flags.ts";
import { type MailOperation, savedWith } from "../../model/operation.ts";
import { overlaid, overMailboxes } from "../../port/overlaid.ts";
import { map } from "../../stream/chunks.ts";
import type { View } from "./view.ts";

/**
 * Gives the keyword to each mail that a run saves here: what came from the other side. To stay on this side it must take
 * no part in the run, `{ keywords: (keyword) => keyword !== "from-left" }`; else a mirror takes the mail for changed, and
 * both sides end with or without it.
 *
 * @example
 * ```ts
 * import { mirror, run } from "@dsync/dsync";
 * import { emptyState, memoryStore, tagArrivals } from "@dsync/dsync/stores";
 *
 * const [left, right] = [memoryStore(emptyState()), memoryStore(emptyState())];
 * const options = { keywords: (keyword: string) => keyword !== "from-left" };
 * const { report } = await run(mirror(left, tagArrivals("from-left")(right), options));
 * if (report.right.saved > 0) throw new Error("nothing came");
 * ```
 */
export const tagArrivals = (keyword: string): View => (store) => {
  const tagged = (operation: MailOperation): MailOperation =>
    operation._tag === "SaveMail" ? savedWith(operation, keywords([keyword])) : operation;
  return overMailboxes(
    store,
    (mailbox) =>
      overlaid(mailbox, { apply: (operations) => mailbox.apply(map(tagged)(operations)) }),
  );
};
