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
import { type Keywords, keywords, NO_KEYWORDS } from "../model/flags.ts";
import type { Guid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import { type MailboxName, nameKey } from "../model/mailbox.ts";
import type { MailOperation } from "../model/operation.ts";
import { overlaid } from "../port/overlaid.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { collect, filter, map } from "../stream/chunks.ts";

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
  const told = (change: LogChange): LogChange =>
    change._tag === "Expunged" ? change : {
      ...change,
      addKeywords: strip(change.addKeywords),
      removeKeywords: strip(change.removeKeywords),
    };
  const carriedOut = (operation: MailOperation): MailOperation => {
    if (operation._tag !== "SaveMail") return operation;
    const own = before(operation.mail.guid);
    if (own.length === 0) return operation;
    const { copy } = operation;
    const from = { ...copy.from, keywords: keywords([...copy.from.keywords, ...own]) };
    return { ...operation, copy: { ...copy, from } };
  };
  return overlaid(mailbox, {
    records: () => map(shown)(mailbox.records()),
    changes: (since) => map(told)(mailbox.changes(since)),
    apply: (operations) => mailbox.apply(map(carriedOut)(operations)),
  });
};

/** What the mails of the mailbox of that name have of the keywords that take no part. */
const keywordsBefore = (
  store: Store,
  name: MailboxName,
  isWanted: WantedKeyword,
): TaskEither<SyncError, Before> =>
  pipe(
    store.tree,
    TE.chain(({ nodes }) => {
      const node = nodes.find((one) => nameKey(one.name) === nameKey(name));
      const hasSome = filter(({ keywords }: MailRecord) => !keywords.every(isWanted));
      return node?._tag === "Mailbox"
        ? store.withMailbox(node.guid, (mailbox) => collect(hasSome(mailbox.records())))
        : TE.right([]);
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

/**
 * The same store without the keywords that take no part: they are not shown, so nothing is done to them, and the mails of
 * a mailbox that is filled anew keep theirs. Both sides of a run have to be seen so.
 */
export const withKeywords = (store: Store, isWanted: WantedKeyword): Store => {
  const { stamps: _, ...rest } = store;
  return {
    ...rest,
    withMailbox: (guid, use) =>
      store.withMailbox(guid, (mailbox) => use(partOf(mailbox, isWanted, () => NO_KEYWORDS))),
    replaceMailbox: (identity, use) =>
      pipe(
        keywordsBefore(store, identity.name, isWanted),
        TE.chain((before) =>
          store.replaceMailbox(identity, (fresh) => use(partOf(fresh, isWanted, before)))
        ),
      ),
  };
};
