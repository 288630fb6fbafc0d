/** Random lives of accounts in memory, for properties of whole runs. */
import fc from "fast-check";
import { mailboxNameHash } from "../../lib/codec/guid.ts";
import { type Flags, keywords, keywordsWithout, NO_FLAGS } from "../../lib/model/flags.ts";
import type { MailRecord } from "../../lib/model/mail.ts";
import type { FlagsChange } from "../../lib/sync/merge_flags.ts";
import { guid, mailboxGuid, modSeq, uid } from "../../lib/model/ids.ts";
import { type MailboxName, mailboxName, nameKey } from "../../lib/model/mailbox.ts";
import {
  emptyState,
  type MemoryState,
  type StoredMail,
  type StoredMailbox,
} from "../../lib/store/memory/memory_state.ts";

/** What a user, or the world, does to an account. Numbers choose among what is there. */
export type Act =
  | { readonly _tag: "Save"; readonly box: number; readonly gap: number; readonly flags: number }
  | { readonly _tag: "Flag"; readonly box: number; readonly mail: number; readonly flags: number }
  | { readonly _tag: "Keyword"; readonly box: number; readonly mail: number; readonly name: string }
  | { readonly _tag: "Expunge"; readonly box: number; readonly mail: number }
  | { readonly _tag: "Copy"; readonly box: number; readonly mail: number; readonly to: number }
  | { readonly _tag: "Create"; readonly name: string }
  | { readonly _tag: "Delete"; readonly box: number }
  | { readonly _tag: "Rename"; readonly box: number; readonly name: string }
  | { readonly _tag: "Subscribe"; readonly name: string }
  | { readonly _tag: "Unsubscribe"; readonly name: string };

const NAMES = ["INBOX", "A", "A/B", "A/B/C", "D", "Entwürfe", "E"];
const number = fc.nat({ max: 20 });
const name = fc.constantFrom(...NAMES);

const tagged = <T extends Act["_tag"]>(tag: T) => fc.constant(tag);

/** One act. Saves are the most likely. */
export const anAct: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      _tag: tagged("Save"),
      box: number,
      gap: fc.constantFrom(0, 0, 0, 3),
      flags: fc.nat({ max: 31 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      _tag: tagged("Flag"),
      box: number,
      mail: number,
      flags: fc.nat({ max: 31 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      _tag: tagged("Keyword"),
      box: number,
      mail: number,
      name: fc.constantFrom("work", "Work", "later"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ _tag: tagged("Expunge"), box: number, mail: number }) },
  {
    weight: 1,
    arbitrary: fc.record({ _tag: tagged("Copy"), box: number, mail: number, to: number }),
  },
  { weight: 2, arbitrary: fc.record({ _tag: tagged("Create"), name }) },
  { weight: 1, arbitrary: fc.record({ _tag: tagged("Delete"), box: number }) },
  { weight: 1, arbitrary: fc.record({ _tag: tagged("Rename"), box: number, name }) },
  { weight: 1, arbitrary: fc.record({ _tag: tagged("Subscribe"), name }) },
  { weight: 1, arbitrary: fc.record({ _tag: tagged("Unsubscribe"), name }) },
);

/** A source of identities and times that never repeats; shared by the accounts of one history. */
export class World {
  #next = 0;
  /** The next number. */
  tick(): number {
    return ++this.#next;
  }
}

const pick = <A>(items: readonly A[], n: number): A | undefined =>
  items[n % Math.max(1, items.length)];

const hex = (n: number): string => n.toString(16).padStart(32, "0");

/** An account with an empty INBOX of its own. */
export const newAccount = (world: World): MemoryState => {
  const state = emptyState();
  create(state, world, mailboxName("INBOX"));
  return state;
};

const create = (state: MemoryState, world: World, name: MailboxName): void => {
  if (state.mailboxes.some((box) => nameKey(box.name) === nameKey(name))) return;
  const n = world.tick();
  state.mailboxes.push({
    name,
    guid: mailboxGuid(hex(n * 7919)),
    uidValidity: 1_000_000 + n,
    uidNext: 1,
    firstRecentUid: 1,
    highestModSeq: modSeq(1n),
    mails: [],
    changes: [],
    historyComplete: true,
  });
};

const raise = (box: StoredMailbox) => {
  box.highestModSeq = modSeq(box.highestModSeq + 1n);
  return box.highestModSeq;
};

const save = (box: StoredMailbox, id: string, received: number, bits: number): void => {
  const at = uid(box.uidNext);
  const body = new TextEncoder().encode(`mail ${id}`);
  const record = {
    uid: at,
    guid: guid(id),
    flags: bits as Flags,
    keywords: [],
    modSeq: raise(box),
  };
  const mail = {
    uid: at,
    guid: guid(id),
    receivedAt: received,
    savedAt: received,
    pop3Uidl: null,
    pop3Order: null,
    size: body.length,
    copies: 1,
    body: [body],
  };
  box.mails.push({ record, mail });
  box.uidNext = at + 1;
};

/**
 * Tells the box's log that a user turned a mail from `before` into `after` (null: expunged it), folded to one net change
 * as the port has it.
 */
export const noteChange = (
  box: StoredMailbox,
  before: MailRecord,
  after: MailRecord | null,
): void => {
  const past = box.changes.find((c): c is FlagsChange =>
    c._tag === "FlagsChanged" && c.uid === before.uid
  );
  box.changes = box.changes.filter(({ uid }) => uid !== before.uid);
  if (after === null) {
    box.changes.push({
      _tag: "Expunged",
      uid: before.uid,
      guid: before.guid,
      modSeq: box.highestModSeq,
      bySync: false,
    });
    return;
  }
  const [set, cleared] = [after.flags & ~before.flags, before.flags & ~after.flags];
  const [more, fewer] = [
    keywordsWithout(after.keywords, before.keywords),
    keywordsWithout(before.keywords, after.keywords),
  ];
  box.changes.push({
    _tag: "FlagsChanged",
    uid: after.uid,
    add: (((past?.add ?? 0) & ~cleared) | set) as Flags,
    remove: (((past?.remove ?? 0) & ~set) | cleared) as Flags,
    addKeywords: keywords([...keywordsWithout(past?.addKeywords ?? [], fewer), ...more]),
    removeKeywords: keywords([...keywordsWithout(past?.removeKeywords ?? [], more), ...fewer]),
    modSeq: after.modSeq,
  });
};

/** Changes flags or keywords as a user does. */
const change = (
  box: StoredMailbox,
  mail: StoredMail,
  to: Partial<Pick<MailRecord, "flags" | "keywords">>,
): void => {
  const before = mail.record;
  mail.record = { ...before, ...to, modSeq: raise(box) };
  noteChange(box, before, mail.record);
};

/** Does one act; one that makes no sense (no such mailbox) does nothing. */
export const act = (state: MemoryState, world: World, what: Act): void => {
  const box = "box" in what ? pick(state.mailboxes, what.box) : undefined;
  const mail = box !== undefined && "mail" in what ? pick(box.mails, what.mail) : undefined;
  switch (what._tag) {
    case "Save":
      if (box === undefined) return;
      box.uidNext += what.gap;
      return save(box, hex(world.tick()), world.tick(), what.flags);
    case "Flag":
      if (box === undefined || mail === undefined) return;
      return change(box, mail, { flags: what.flags as Flags });
    case "Keyword":
      if (box === undefined || mail === undefined) return;
      return change(box, mail, {
        keywords: keywordsWithout(mail.record.keywords, [what.name]).length <
            mail.record.keywords.length
          ? keywordsWithout(mail.record.keywords, [what.name])
          : keywords([...mail.record.keywords, what.name]),
      });
    case "Expunge":
      if (box === undefined || mail === undefined) return;
      box.mails = box.mails.filter((m) => m !== mail);
      raise(box);
      noteChange(box, mail.record, null);
      return;
    case "Copy": {
      const to = pick(state.mailboxes, what.to);
      if (mail === undefined || to === undefined) return;
      return save(to, mail.record.guid, mail.mail.receivedAt, NO_FLAGS);
    }
    case "Create":
      return create(state, world, mailboxName(what.name));
    case "Delete":
      if (box === undefined || box.name === "INBOX") return;
      state.mailboxes = state.mailboxes.filter((b) => b !== box);
      state.log.push({ type: "DeleteMailbox", guid: box.guid, at: world.tick() });
      return;
    case "Rename": {
      const to = mailboxName(what.name);
      if (box === undefined || box.name === "INBOX" || to === "INBOX") return;
      if (state.mailboxes.some((b) => nameKey(b.name) === nameKey(to))) return;
      box.name = to;
      state.log.push({ type: "Rename", guid: mailboxNameHash(to), at: world.tick() });
      return;
    }
    case "Subscribe":
    case "Unsubscribe": {
      const name = mailboxName(what.name);
      if (what._tag === "Subscribe") state.subscriptions.add(name);
      else state.subscriptions.delete(name);
      state.log.push({ type: what._tag, guid: mailboxNameHash(name), at: world.tick() });
      return;
    }
  }
};

/** What a user can see of an account, in an order of its own; MODSEQs apart. */
export const visible = (state: MemoryState) => ({
  mailboxes: state.mailboxes
    .map((box) => ({
      name: box.name as string,
      guid: box.guid,
      uidValidity: box.uidValidity,
      uidNext: box.uidNext,
      mails: box.mails.map(({ record, mail }) => ({
        uid: record.uid,
        guid: record.guid,
        flags: record.flags,
        keywords: record.keywords.map((keyword) => keyword.toLowerCase()),
        receivedAt: mail.receivedAt,
        bytes: new TextDecoder().decode((mail.body as readonly Uint8Array[])[0]),
      })),
    }))
    .sort((a, b) => a.name < b.name ? -1 : 1),
  subscriptions: [...state.subscriptions].sort(),
});
