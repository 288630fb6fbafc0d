/**
 * Mailboxes that have other names in one store.
 *
 * @module
 */
import { INBOX, type MailboxName, mailboxName, nameKey } from "../../model/mailbox.ts";
import type { View } from "./view.ts";

/**
 * Gives what comes from the other side other names here: `{ "Sent Items": "Sent" }` also makes "Sent/2024" of
 * "Sent Items/2024". It belongs around the side that shall have the other names. To a run the two names are one, in both
 * directions, as with names that a store cannot hold; where a mailbox of its own has the name already, the one that comes
 * gets its GUID behind it. INBOX keeps its name.
 *
 * @example
 * ```ts
 * import { emptyState, memoryStore, renameMailboxes } from "@dsync/dsync/stores";
 * import { mailboxName } from "@dsync/dsync/model";
 *
 * const store = renameMailboxes({ "Sent Items": "Sent" })(memoryStore(emptyState()));
 * if (store.fitName(mailboxName("Sent Items/2024")) !== "Sent/2024") throw new Error("children follow");
 * ```
 */
export const renameMailboxes = (names: Readonly<Record<string, string>>): View => {
  const table = new Map(
    Object.entries(names).map(([from, to]) => [nameKey(mailboxName(from)), to]),
  );
  const renamed = (name: MailboxName): MailboxName => {
    if (name === INBOX) return name;
    const parts = nameKey(name).split("/");
    // The longest name that is in the table counts.
    for (let n = parts.length; n > 0; n--) {
      const to = table.get(parts.slice(0, n).join("/"));
      if (to !== undefined) return mailboxName([to, ...parts.slice(n)].join("/"));
    }
    return name;
  };
  return (store) => ({ ...store, fitName: (name) => store.fitName(renamed(name)) });
};
