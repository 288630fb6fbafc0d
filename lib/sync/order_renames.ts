/**
 * Renames in an order in which each finds its new name free.
 *
 * @module
 */
import type { MailboxGuid } from "../model/ids.ts";
import { type MailboxName, mailboxName, nameKey } from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";

/** A mailbox that shall get another name. */
export interface WantedRename {
  /** Its name now. */
  readonly name: MailboxName;
  /** Its identity. */
  readonly guid: MailboxGuid;
  /** Its new name. */
  readonly target: MailboxName;
}

/**
 * Orders renames; a ring of names (two mailboxes that swap theirs) is opened by a temporary name. Names that no rename
 * frees must be free already. Cost: quadratic in the length of a chain of names.
 */
export const orderRenames = (wanted: readonly WantedRename[]): readonly TreeOperation[] => {
  const operations: TreeOperation[] = [];
  const sorted = [...wanted].sort((a, b) => nameKey(a.name) < nameKey(b.name) ? -1 : 1);
  const waiting = new Map(sorted.map((rename) => [nameKey(rename.name), rename]));
  const emit = ({ guid, name }: WantedRename, newName: MailboxName): void => {
    operations.push({ _tag: "RenameMailbox", name, guid, newName });
  };
  while (waiting.size > 0) {
    let moved = false;
    for (const [key, rename] of waiting) {
      const blocked = waiting.has(nameKey(rename.target)) && nameKey(rename.target) !== key;
      if (blocked) continue;
      emit(rename, rename.target);
      waiting.delete(key);
      moved = true;
    }
    if (moved) continue;
    const [key, first] = [...waiting][0]!;
    const aside = mailboxName(`${first.name}-temp-${first.guid}`);
    emit(first, aside);
    waiting.delete(key);
    waiting.set(nameKey(aside), { ...first, name: aside });
  }
  return operations;
};
