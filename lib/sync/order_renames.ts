/**
 * Renames in an order in which each finds its new name free.
 *
 * @module
 */
import type { MailboxGuid } from "../model/ids.ts";
import { type MailboxName, mailboxName, nameKey, parentName } from "../model/mailbox.ts";
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

/** Counts how many of some names lie below each name. */
class Below {
  readonly #counts = new Map<string, number>();

  add(name: MailboxName, by: 1 | -1): void {
    for (let p = parentName(name); p !== null; p = parentName(p)) {
      const key = nameKey(p);
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + by);
    }
  }

  has(key: string): boolean {
    return (this.#counts.get(key) ?? 0) > 0;
  }
}

/**
 * Orders renames; a ring of names (two mailboxes that swap theirs) is opened by a temporary name. Names that no rename
 * frees must be free already. Children go before their parents where that is possible, so that a name which is left is
 * left empty. Cost: linear in the number of renames and the depth of names, but for each ring of names once more.
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
  const below = new Below();
  for (const { name } of waiting.values()) below.add(name, 1);
  /** Does those renames that nothing holds back; gives whether there was one. */
  const pass = (isHeldBack: (rename: WantedRename, key: string) => boolean): boolean => {
    const before = waiting.size;
    for (const [key, rename] of waiting) {
      if (isHeldBack(rename, key)) continue;
      emit(rename, rename.target);
      waiting.delete(key);
      below.add(rename.name, -1);
    }
    return waiting.size < before;
  };
  while (waiting.size > 0) {
    if (pass((rename, key) => isTaken(rename, key) || below.has(key))) continue;
    if (pass(isTaken)) continue;
    const [key, first] = [...waiting].at(-1)!;
    const aside = mailboxName(`${first.name}-temp-${first.guid}`);
    emit(first, aside);
    waiting.delete(key);
    below.add(first.name, -1);
    below.add(aside, 1);
    waiting.set(nameKey(aside), { ...first, name: aside });
  }
  return operations;
};
