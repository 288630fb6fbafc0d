/**
 * The mails that a plan needs first, on their way before it is carried out.
 *
 * @module
 */
import type { MergePlan } from "../sync/merge_mailbox.ts";
import { firstCopies } from "./attach.ts";
import { foreseenMails } from "./foreseen.ts";
import type { Both } from "./with_both.ts";

/** Gives `use` the two sides, while the mails that the plan needs first are fetched from one of them. */
export const withFirstMails = async <A>(
  both: Both,
  { left, right }: Pick<MergePlan, "left" | "right">,
  use: (both: Both) => Promise<A>,
): Promise<A> => {
  // What the right side does is only known when the left side's part is done, if there is one.
  const [from, operations] = left.length > 0 ? ["right", left] as const : ["left", right] as const;
  const uids = firstCopies(operations).map((copy) => copy.from.uid);
  if (uids.length === 0) return await use(both);
  const { mailbox, end } = foreseenMails(both[from], uids);
  try {
    return await use({ ...both, [from]: mailbox });
  } finally {
    await end();
  }
};
