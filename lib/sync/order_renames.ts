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

const isBelow = (key: string, parent: string): boolean => key.startsWith(`${parent}/`);

/**
 * Orders renames; a ring of names (two mailboxes that swap theirs) is opened by a temporary name. Names that no rename
 * frees must be free already. Children go before their parents where that is possible, so that a name which is left is
 * left empty. Cost: quadratic in the number of renames.
 */
export const orderRenames = (wanted: readonly WantedRename[]): readonly TreeOperation[] => {
  const operations: TreeOperation[] = [];
  const sorted = [...wanted].sort((a, b) => nameKey(a.name) < nameKey(b.name) ? 1 : -1);
  const waiting = new Map(sorted.map((rename) => [nameKey(rename.name), rename]));
  const emit = ({ guid, name }: WantedRename, newName: MailboxName): void => {
    operations.push({ _tag: "RenameMailbox", name, guid, newName });
  };
  const isTaken = ({ target }: WantedRename, key: string): boolean =>
    nameKey(target) !== key && waiting.has(nameKey(target));
  const hasChildren = (_: WantedRename, key: string): boolean =>
    [...waiting.keys()].some((other) => isBelow(other, key));
  /** Does those renames that nothing holds back; gives whether there was one. */
  const pass = (isHeldBack: (rename: WantedRename, key: string) => boolean): boolean => {
    const before = waiting.size;
    for (const [key, rename] of waiting) {
      if (isHeldBack(rename, key)) continue;
      emit(rename, rename.target);
      waiting.delete(key);
    }
    return waiting.size < before;
  };
  while (waiting.size > 0) {
    if (pass((rename, key) => isTaken(rename, key) || hasChildren(rename, key))) continue;
    if (pass(isTaken)) continue;
    const [key, first] = [...waiting].at(-1)!;
    const aside = mailboxName(`${first.name}-temp-${first.guid}`);
    emit(first, aside);
    waiting.delete(key);
    waiting.set(nameKey(aside), { ...first, name: aside });
  }
  return operations;
};
