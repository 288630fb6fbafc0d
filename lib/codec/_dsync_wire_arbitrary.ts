/**
 * Items of the dsync protocol at random, within what can be said.
 *
 * @module
 */
import fc from "fast-check";
import { guid, mailboxGuid, MAX_UID, modSeq, uid } from "../model/ids.ts";
import { BODY_END, DONE, END_OF_LIST, hasBody, type WireItem } from "./dsync_wire_item.ts";
import type { WireRecord } from "./dsync_wire_item.ts";

const hex32 = fc.string({
  unit: fc.constantFrom(..."0123456789abcdef"),
  minLength: 32,
  maxLength: 32,
});
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const positive = fc.integer({ min: 1, max: 0xffffffff });
const time = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const modSeqs = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(modSeq);
const uids = fc.integer({ min: 1, max: MAX_UID }).map(uid);
const guids = hex32.map(mailboxGuid);
const plain = fc.string({
  unit: fc.constantFrom(..."aZ9-_./ %&~ä\u2603\u{1f4ec}"),
  maxLength: 6,
});
const name = fc.string({ unit: fc.constantFrom(..."aZ9.ä/"), minLength: 1, maxLength: 5 });
const text = fc.string({
  unit: fc.constantFrom("\x01", "\x02", "\t", "\r", "\n", "a", "ä", " "),
  maxLength: 6,
});
const some = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary);
// One empty name alone is no name on the wire.
const names = fc.array(plain, { maxLength: 3 }).filter((list) =>
  list.length !== 1 || list[0] !== ""
);
const keywordChange = fc.tuple(fc.constantFrom(..."&=+-"), fc.constantFrom("Work", "$x", "a-b"))
  .map(([sign, name]) => sign + name);
const gone = fc.array(fc.record({ id: hex32, at: time }, { noNullPrototype: true }), {
  maxLength: 3,
});

const item = <I>(model: { readonly [K in keyof I]: fc.Arbitrary<I[K]> }): fc.Arbitrary<I> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<I>;

type Of<T extends WireItem["_tag"]> = Extract<WireItem, { readonly _tag: T }>;

const handshakes = item<Of<"Handshake">>({
  _tag: fc.constant("Handshake"),
  hostname: name,
  namespacePrefixes: some(fc.array(plain, { minLength: 1, maxLength: 3 })),
  mailbox: some(plain),
  mailboxGuid: some(guids),
  syncType: some(fc.constantFrom("f", "c", "s")),
  debug: fc.boolean(),
  visibleNamespaces: fc.boolean(),
  excluded: some(names),
  mailRequests: fc.boolean(),
  backupSend: fc.boolean(),
  backupReceive: fc.boolean(),
  lockTimeout: some(positive),
  noMails: fc.boolean(),
  noOverwrite: fc.boolean(),
  purge: fc.boolean(),
  noNotify: fc.boolean(),
  since: some(positive),
  maxSize: some(positive),
  flag: some(plain),
  until: some(positive),
  virtualAll: some(plain),
  emptyHeaderWorkaround: fc.boolean(),
  commitInterval: some(positive),
  hashedHeaders: some(names),
  altChar: some(fc.constantFrom("", "_", "~")),
});

const states = item<Of<"MailboxState">>({
  _tag: fc.constant("MailboxState"),
  guid: guids,
  uidValidity: u32,
  commonUid: u32,
  commonModSeq: modSeqs,
  commonPrivateModSeq: modSeqs,
  messages: some(u32),
  changedMeanwhile: fc.boolean(),
});

const nodes = item<Of<"TreeNode">>({
  _tag: fc.constant("TreeNode"),
  name: fc.array(name, { minLength: 1, maxLength: 3 }),
  existence: fc.constantFrom("y", "n", "d"),
  guid: some(guids),
  uidValidity: some(u32),
  uidNext: some(u32),
  renamedAt: some(time),
  subscribed: fc.boolean(),
  subscriptionAt: some(time),
});

const deletes = item<Of<"Deletes">>({
  _tag: fc.constant("Deletes"),
  separator: fc.constantFrom("/", "."),
  escape: some(fc.constantFrom("", "%", "~")),
  mailboxes: some(gone),
  directories: some(gone),
  unsubscribed: some(gone),
});

const numbers = item<Of<"MailboxNumbers">>({
  _tag: fc.constant("MailboxNumbers"),
  guid: guids,
  uidValidity: u32,
  uidNext: u32,
  messages: u32,
  firstRecentUid: u32,
  highestModSeq: modSeqs,
  highestPrivateModSeq: modSeqs,
  lost: fc.boolean(),
  ignore: fc.boolean(),
  cacheFields: some(fc.array(
    fc.record({
      _tag: fc.constant("CacheField" as const),
      name,
      decision: fc.constantFrom("n", "t", "y", "nF", "tF", "yF"),
      usedAt: some(time),
    }, { noNullPrototype: true }),
    { maxLength: 3 },
  )),
  haveGuids: fc.boolean(),
  haveSaveGuids: fc.boolean(),
  haveOnlyGuid128: fc.boolean(),
});

const attributes = item<Of<"Attribute">>({
  _tag: fc.constant("Attribute"),
  type: fc.constantFrom("p", "s"),
  key: name,
  value: some(text),
  body: fc.boolean(),
  deleted: fc.boolean(),
  changedAt: some(time),
  modSeq: some(modSeqs),
});

const changes = item<Of<"MailChange">>({
  _tag: fc.constant("MailChange"),
  type: fc.constantFrom("s", "e", "f"),
  uid: uids,
  guid: some(plain.map(guid)),
  headerHash: some(hex32),
  modSeq: some(modSeqs),
  privateModSeq: some(modSeqs),
  addFlags: some(fc.integer({ min: 0, max: 255 })),
  removeFlags: some(fc.integer({ min: 0, max: 255 })),
  finalFlags: some(fc.integer({ min: 0, max: 255 })),
  keywordsReset: fc.boolean(),
  keywordChanges: some(fc.array(keywordChange, { maxLength: 3 })),
  receivedAt: some(time),
  virtualSize: some(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
});

const requests = item<Of<"MailRequest">>({
  _tag: fc.constant("MailRequest"),
  guid: some(name.map(guid)),
  uid: some(uids),
});

const mails = item<Of<"RequestedMail">>({
  _tag: fc.constant("RequestedMail"),
  guid: some(name.map(guid)),
  uid: some(uids),
  pop3Uidl: some(text),
  pop3Order: some(positive),
  receivedAt: some(time),
  savedAt: some(time),
  body: fc.boolean(),
});

const finishes = item<Of<"Finish">>({
  _tag: fc.constant("Finish"),
  error: some(text.filter((error) => error !== "")),
  mailError: some(u32),
  fullResync: fc.boolean(),
});

const records: fc.Arbitrary<WireRecord> = fc.oneof(
  handshakes,
  states,
  nodes,
  deletes,
  numbers,
  attributes,
  changes,
  requests,
  mails,
  finishes,
);

const body = fc.array(
  fc.string({
    unit: fc.constantFrom(".", "\r", "\n", "a", "\0", "\xff"),
    minLength: 1,
    maxLength: 9,
  })
    .map((raw) => Uint8Array.from(raw, (character) => character.charCodeAt(0))),
  { maxLength: 3 },
);

/** An item with its body, if it has one. */
const complete: fc.Arbitrary<readonly WireItem[]> = fc.tuple(
  fc.oneof({ arbitrary: records, weight: 9 }, { arbitrary: fc.constant(END_OF_LIST), weight: 1 }),
  body,
).map(([one, pieces]) =>
  hasBody(one)
    ? [one, ...pieces.map((bytes) => ({ _tag: "BodyPiece" as const, bytes })), BODY_END]
    : [one]
);

/** A session of one side: hello, items in any order with whole bodies, perhaps `X`. */
export const wireSessions: fc.Arbitrary<readonly WireItem[]> = fc.record({
  minor: fc.integer({ min: 3, max: 7 }),
  more: fc.array(complete, { maxLength: 8 }),
  closed: fc.boolean(),
}).map(({ minor, more, closed }) => [
  { _tag: "Hello" as const, minor, extensions: [] },
  ...more.flat(),
  ...(closed ? [DONE] : []),
]);
