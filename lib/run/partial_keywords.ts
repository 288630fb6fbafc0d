/**
 * A store of which only some keywords take part in a run.
 *
 * @module
 */
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { pipe } from "fp-ts/function.js";
import { guid128Hex } from "../codec/guid.ts";
import type { LogChange } from "../model/change.ts";
import type { SyncError } from "../model/error.ts";
import { isKeyword, type Keywords, NO_KEYWORDS } from "../model/flags.ts";
import type { Guid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { MailboxName } from "../model/mailbox.ts";
import { type MailOperation, savedWith } from "../model/operation.ts";
import { overlaid, withoutStamps } from "../port/overlaid.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { collect, filter, map } from "../stream/chunks.ts";
import { type RememberedTree, rememberedTree } from "./remembered_tree.ts";

/** Whether a keyword takes part in a run. Of two spellings that differ in case both or none should. */
export type WantedKeyword = (keyword: string) => boolean;

/** The keywords that a mail had here before, of those that take no part. */
type Before = (guid: Guid) => Keywords;

const partOf = (mailbox: Mailbox, isWanted: WantedKeyword, before: Before): Mailbox => {
  const strip = (names: Keywords): Keywords =>
    names.every(isWanted) ? names : names.filter(isWanted);
  const shown = (record: MailRecord): MailRecord => {
    const part = strip(record.keywords);
    return part === record.keywords ? record : { ...record, keywords: part };
  };
  const told = (change: LogChange): LogChange => {
    if (change._tag === "Expunged") return change;
    const { addKeywords, removeKeywords } = change;
    const [add, remove] = [strip(addKeywords), strip(removeKeywords)];
    return add === addKeywords && remove === removeKeywords
      ? change
      : { ...change, addKeywords: add, removeKeywords: remove };
  };
  const carriedOut = (operation: MailOperation): MailOperation => {
    if (operation._tag !== "SaveMail") return operation;
    const own = before(operation.mail.guid);
    return own.length === 0 ? operation : savedWith(operation, own);
  };
  return overlaid(mailbox, {
    records: (like) => map(shown)(mailbox.records(like)),
    changes: (since) => map(told)(mailbox.changes(since)),
    apply: (operations) => mailbox.apply(map(carriedOut)(operations)),
  });
};

/** What the mails of the mailbox of that name have of the keywords that take no part. */
const keywordsBefore = (
  store: Store,
  { mailboxNamed }: RememberedTree,
  name: MailboxName,
  isWanted: WantedKeyword,
): TaskEither<SyncError, Before> =>
  pipe(
    mailboxNamed(name),
    TE.chain((guid) => {
      const hasSome = filter(({ keywords }: MailRecord) => !keywords.every(isWanted));
      return guid === null
        ? TE.right([])
        : store.withMailbox(guid, (mailbox) => collect(hasSome(mailbox.records())));
    }),
    TE.map((records) => {
      const own = new Map(
        records.map(({ guid, keywords }) =>
          [guid128Hex(guid), keywords.filter((one) => !isWanted(one))] as const
        ),
      );
      return (guid) => own.get(guid128Hex(guid)) ?? NO_KEYWORDS;
    }),
  );

const partOfEach = (store: Store, isWanted: WantedKeyword): Store => {
  const remembered = rememberedTree(store);
  return {
    ...store,
    tree: remembered.tree,
    applyTree: remembered.applyTree,
    withMailbox: (guid, use, purpose) =>
      store.withMailbox(
        guid,
        (mailbox) => use(partOf(mailbox, isWanted, () => NO_KEYWORDS)),
        purpose,
      ),
    replaceMailbox: (identity, use) =>
      pipe(
        keywordsBefore(store, remembered, identity.name, isWanted),
        TE.chain((before) =>
          remembered.replaceMailbox(identity, (fresh) => use(partOf(fresh, isWanted, before)))
        ),
      ),
  };
};

/**
 * The same store without the keywords that take no part: they are not shown, so nothing is done to them, and the mails of
 * a mailbox that is filled anew keep theirs. Both sides of a run have to be seen so.
 */
export const withKeywords = (store: Store, isWanted: WantedKeyword): Store =>
  withoutStamps(partOfEach(store, isWanted));

/**
 * The same store for a run with another program: what a client could not set as a keyword is not told to that, nor taken
 * from it (the codecs see to that), and stays on each side as it is. That never changes, so its stamps stay good.
 */
export const withSaidKeywords = (store: Store): Store => partOfEach(store, isKeyword);

/** A store of a run as it is seen there: only its {@linkcode withSaidKeywords} where the other one is far away. */
export const beside = (store: Store, other: Store): Store =>
  other.isFar === true && store.isFar !== true ? withSaidKeywords(store) : store;
