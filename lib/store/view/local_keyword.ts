/**
 * A keyword that stays on one side.
 *
 * @module
 */
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { pipe } from "fp-ts/function.js";
import { guid128Hex } from "../../codec/guid.ts";
import type { LogChange } from "../../model/change.ts";
import type { SyncError } from "../../model/error.ts";
import { compareKeyword, type Keywords, keywords, keywordsWithout } from "../../model/flags.ts";
import type { Guid } from "../../model/ids.ts";
import type { MailRecord } from "../../model/mail.ts";
import { type MailboxName, nameKey } from "../../model/mailbox.ts";
import type { MailOperation } from "../../model/operation.ts";
import { overlaid } from "../../port/overlaid.ts";
import type { Mailbox, Store } from "../../port/store.ts";
import { collect, filter, map } from "../../stream/chunks.ts";
import type { View } from "./view.ts";

const has = (names: Keywords, keyword: string): boolean =>
  names.some((name) => compareKeyword(name, keyword) === 0);

/** Whether a mail that is saved gets the keyword. */
type Tagging = (guid: Guid) => boolean;

const keywordHidden = (mailbox: Mailbox, keyword: string, isTagged: Tagging): Mailbox => {
  const strip = (names: Keywords): Keywords =>
    has(names, keyword) ? keywordsWithout(names, [keyword]) : names;
  const shown = (record: MailRecord): MailRecord =>
    has(record.keywords, keyword) ? { ...record, keywords: strip(record.keywords) } : record;
  const told = (change: LogChange): LogChange =>
    change._tag === "Expunged" ? change : {
      ...change,
      addKeywords: strip(change.addKeywords),
      removeKeywords: strip(change.removeKeywords),
    };
  const carriedOut = (operation: MailOperation): MailOperation => {
    switch (operation._tag) {
      case "SaveMail": {
        const { copy, mail } = operation;
        const bare = strip(copy.from.keywords);
        const wanted = isTagged(mail.guid) ? keywords([...bare, keyword]) : bare;
        return { ...operation, copy: { ...copy, from: { ...copy.from, keywords: wanted } } };
      }
      case "UpdateFlags":
        return {
          ...operation,
          addKeywords: strip(operation.addKeywords),
          removeKeywords: strip(operation.removeKeywords),
        };
      case "RenumberMail":
      case "Expunge":
      case "RaiseStatus":
        return operation;
    }
  };
  return overlaid(mailbox, {
    records: () => map(shown)(mailbox.records()),
    changes: (since) => map(told)(mailbox.changes(since)),
    apply: (operations) => mailbox.apply(map(carriedOut)(operations)),
    ...(mailbox.hidden === undefined ? {} : { hidden: mailbox.hidden.map(shown) }),
  });
};

/** The GUIDs of the mails that have the keyword in the mailbox of that name, if there is one. */
const tagged = (
  store: Store,
  name: MailboxName,
  keyword: string,
): TaskEither<SyncError, ReadonlySet<string>> =>
  pipe(
    store.tree,
    TE.chain(({ nodes }) => {
      const node = nodes.find((one) => nameKey(one.name) === nameKey(name));
      if (node?._tag !== "Mailbox") return TE.right([]);
      const holds = filter(({ keywords }: MailRecord) => has(keywords, keyword));
      return store.withMailbox(node.guid, (mailbox) => collect(holds(mailbox.records())));
    }),
    TE.map((records) => new Set(records.map(({ guid }) => guid128Hex(guid)))),
  );

const hiding = (keyword: string, tagsArrivals: boolean): View => (store) => {
  const { stamps: _, ...rest } = store;
  return {
    ...rest,
    withMailbox: (guid, use) =>
      store.withMailbox(
        guid,
        (mailbox) => use(keywordHidden(mailbox, keyword, () => tagsArrivals)),
      ),
    // The mails of a mailbox that is filled anew keep what they had.
    replaceMailbox: (identity, use) =>
      pipe(
        tagged(store, identity.name, keyword),
        TE.chain((before) =>
          store.replaceMailbox(identity, (fresh) => {
            const keeps = (guid: Guid): boolean => tagsArrivals || before.has(guid128Hex(guid));
            return use(keywordHidden(fresh, keyword, keeps));
          })
        ),
      ),
  };
};

/**
 * Keeps a keyword on this side: it is not shown, so the other side does not get it, and what comes from there cannot set
 * or take it away. Case does not count. A mailbox that a backup fills anew keeps it, mail by mail.
 *
 * @example
 * ```ts
 * import { emptyState, localKeyword, memoryStore } from "@dsync/dsync/stores";
 *
 * const store = localKeyword("$Todo")(memoryStore(emptyState()));
 * if (store.caps.format !== "memory") throw new Error("all else is the store's own");
 * ```
 */
export const localKeyword = (keyword: string): View => hiding(keyword, false);

/**
 * Tags what comes from the other side: each mail that is saved here by a run gets the keyword, which stays on this side
 * as with {@linkcode localKeyword}. A run moves its own mails without saving them, so they are not tagged.
 */
export const tagArrivals = (keyword: string): View => hiding(keyword, true);
