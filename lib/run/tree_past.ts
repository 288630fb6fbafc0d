/**
 * What is remembered of two trees from one mirror to the next.
 *
 * @module
 */
import { type MailboxName, nameKey } from "../model/mailbox.ts";
import type { SyncMemory } from "../model/memory.ts";
import type { TreeOperation } from "../model/operation.ts";
import type { TreePast } from "../sync/merge_tree.ts";
import type { Stores } from "./with_both.ts";

/** What a memory tells of two trees. */
export const pastOf = (
  { mailboxes, subscriptions }: SyncMemory,
  { left, right }: Stores,
): TreePast => {
  const keys = new Set(
    subscriptions?.flatMap((name) => [name, left.fitName(name), right.fitName(name)].map(nameKey)),
  );
  return {
    nameOf: (guid) => mailboxes.get(guid)?.name ?? null,
    isSubscribed: (name) => subscriptions === null ? null : keys.has(nameKey(name)),
  };
};

/** The subscriptions of a tree after some changes. */
export const subscribed = (
  before: readonly MailboxName[],
  changes: readonly TreeOperation[],
): readonly MailboxName[] => {
  const names = new Map(before.map((name) => [nameKey(name), name]));
  for (const { _tag, name } of changes) {
    if (_tag === "Subscribe") names.set(nameKey(name), name);
    if (_tag === "Unsubscribe") names.delete(nameKey(name));
  }
  return [...names.values()];
};
