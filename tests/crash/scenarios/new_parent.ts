/**
 * A name that had children only becomes a mailbox, in an account that Dovecot has made:
 * `new_parent.ts?left=FORMAT&right=FORMAT&start=HOME`. The left side alone counts.
 *
 * @module
 */
import { mailboxGuid } from "../../../lib/model/ids.ts";
import { mailboxName } from "../../../lib/model/mailbox.ts";
import { copyTree } from "../crash.ts";
import type { Scenario } from "../scenario.ts";
import { formatsOf, must, withSide } from "../sides.ts";

const format = formatsOf(import.meta.url).left;
const start = new URL(import.meta.url).searchParams.get("start") ?? "";

/** The mailbox that is made. */
export const MADE = { name: mailboxName("A"), guid: mailboxGuid("ab".repeat(16)), uidValidity: 77 };

/** Made once, whether or not a killed run has made it. */
export const scenario: Scenario = {
  prepare: (_os, home) => copyTree(`${start}/.`, home),
  run: (os, home) =>
    withSide(os, home, "left", format, async (store) => {
      const { nodes } = await must(store.tree);
      if (nodes.some((node) => node._tag === "Mailbox" && node.guid === MADE.guid)) return;
      await must(store.applyTree({ _tag: "CreateMailbox", ...MADE }));
    }),
};
