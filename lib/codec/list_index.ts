/**
 * `dovecot.list.index`: the mailbox tree as an index whose "mails" are the parts of mailbox names (Dovecot:
 * mailbox-list-index.h, mailbox-list-index.c). With LAYOUT=index it is the only list of mailboxes; with other layouts a
 * cache that may be missing.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";
import { type MailboxGuid, mailboxGuid } from "../model/ids.ts";
import { bytesOfText, textOfBytes } from "./byte_text.ts";
import { formatHex, parseHex } from "./guid.ts";
import {
  appendMails,
  type ExtensionKind,
  setExtensionHeader,
  setExtensionRecords,
} from "./index_build.ts";
import type { LogRecord } from "./index_record.ts";
import type { IndexView } from "./index_view.ts";

/** Node flag: nothing below it can be made. */
export const LIST_NO_INFERIORS = 0x01;
/** Node flag: only its children exist. */
export const LIST_NONEXISTENT = 0x04;
/** Node flag: its name was broken and has been made up. */
export const LIST_CORRUPTED_NAME = 0x08;
/** Node flag: it cannot be opened. */
export const LIST_NO_SELECT = 0x10;

/** The extension that holds names and nodes; its header starts with one byte and grows with the names. */
export const LIST: ExtensionKind = { name: "list", headerSize: 1, recordSize: 28, recordAlign: 4 };

const NAME_ID_AT = 0;
const PARENT_AT = 4;
const GUID_AT = 8;
const UID_VALIDITY_AT = 24;
const NO_GUID = "0".repeat(32);

/** One part of the hierarchy. */
export interface ListNode {
  /** Identity of the node; it stays when the mailbox is renamed. */
  readonly uid: number;
  /** `LIST_` flags. */
  readonly flags: number;
  /** Number of its name in the table of names; not 0. */
  readonly nameId: number;
  /** Storage name of this one level. */
  readonly name: string;
  /** UID of the parent; 0: at the top. */
  readonly parent: number;
  /** Identity of the mailbox; null: none, or not known yet. */
  readonly guid: MailboxGuid | null;
  /** UIDVALIDITY; 0: not known yet. */
  readonly uidValidity: number;
}

const damaged = (what: string): SyncError => syncError("Damaged", "store", {}, what);

/** The table of names of the extension's header: by number, ascending. `header` may lack zeros at its end. */
export const decodeListNames = (
  header: Uint8Array,
): E.Either<SyncError, ReadonlyMap<number, string>> => {
  const names = new Map<number, string>();
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  let below = 0;
  // The numbers follow the names without padding. Byte 0 is the refresh flag.
  for (let at = 1; at + 4 <= header.length;) {
    const id = view.getUint32(at, true);
    if (id === 0) break;
    if (id <= below) return E.left(damaged(`name ${id} after ${below} in the list of names`));
    at += 4;
    const end = header.indexOf(0, at);
    if (end < 0) return E.left(damaged(`name ${id} does not end in the list of names`));
    names.set(id, textOfBytes(header.subarray(at, end)));
    below = id;
    at = end + 1;
  }
  return E.right(names);
};

/** The header of the extension with these names, ascending by number, and the refresh flag off. */
export const encodeListNames = (
  names: ReadonlyMap<number, string>,
): Uint8Array<ArrayBuffer> => {
  const entries = [...names].map(([id, name]) => [id, bytesOfText(name)] as const);
  const size = entries.reduce((sum, [, name]) => sum + 4 + name.length + 1, 1 + 4);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 1;
  for (const [id, name] of entries) {
    view.setUint32(at, id, true);
    bytes.set(name, at + 4);
    at += 4 + name.length + 1;
  }
  return bytes;
};

/**
 * The nodes of a list index in the order of their UIDs. Fails with `Damaged` where a name or parent is missing, or
 * parents go round in a circle. Linear.
 */
export const decodeListIndex = (view: IndexView): E.Either<SyncError, readonly ListNode[]> => {
  const list = view.extension(LIST.name);
  if (list === undefined || list.recordSize < LIST.recordSize) {
    return view.count === 0
      ? E.right([])
      : E.left(damaged("the list index has no list of mailboxes"));
  }
  const names = decodeListNames(list.header);
  if (E.isLeft(names)) return names;
  const nodes: ListNode[] = [];
  for (let row = 0; row < view.count; row++) {
    const nameId = list.u32(row, NAME_ID_AT);
    const name = names.right.get(nameId);
    const uid = view.uidOf(row);
    if (name === undefined) return E.left(damaged(`node ${uid} has name ${nameId}, which is lost`));
    const parent = list.u32(row, PARENT_AT);
    if (parent !== 0 && view.rowOf(parent) < 0) {
      return E.left(damaged(`node ${uid} has parent ${parent}, which is lost`));
    }
    const guid = formatHex(list.bytes(row).subarray(GUID_AT, GUID_AT + 16));
    nodes.push({
      uid,
      flags: view.rawFlagsOf(row),
      nameId,
      name,
      parent,
      guid: guid === NO_GUID ? null : mailboxGuid(guid),
      uidValidity: list.u32(row, UID_VALIDITY_AT),
    });
  }
  const circle = findCircle(nodes);
  return circle === null
    ? E.right(nodes)
    : E.left(damaged(`node ${circle} is among its own parents`));
};

/** A node that is its own ancestor, or null. Linear: each node is walked once. */
const findCircle = (nodes: readonly ListNode[]): number | null => {
  const parents = new Map(nodes.map(({ uid, parent }) => [uid, parent]));
  const rooted = new Set([0]);
  for (const { uid } of nodes) {
    const path = new Set<number>();
    let at = uid;
    while (!rooted.has(at)) {
      if (path.has(at)) return at;
      path.add(at);
      at = parents.get(at) ?? 0;
    }
    for (const one of path) rooted.add(one);
  }
  return null;
};

/** The parts of a node's full name, from the top. `byUid` has all nodes. */
export const listPath = (
  node: ListNode,
  byUid: ReadonlyMap<number, ListNode>,
): readonly string[] => {
  const parts: string[] = [];
  for (let at: ListNode | undefined = node; at !== undefined; at = byUid.get(at.parent)) {
    parts.unshift(at.name);
  }
  return parts;
};

/** Tells running sessions to look at the file system again, as Dovecot does after each create, delete and rename. */
export const refreshList = (): readonly LogRecord[] => setExtensionHeader(LIST, Uint8Array.of(1));

/**
 * Adds nodes: `names` is the whole table, old names and new ones; UIDs of `nodes` ascend and are not below UIDNEXT.
 */
export const addListNodes = (
  names: ReadonlyMap<number, string>,
  nodes: readonly ListNode[],
): readonly LogRecord[] => {
  const header = encodeListNames(names);
  const kind = { ...LIST, headerSize: header.length };
  const table = setExtensionHeader(kind, header);
  if (nodes.length === 0) return table;
  const uids = Uint32Array.from(nodes, ({ uid }) => uid);
  return [
    ...table,
    appendMails(uids, Uint8Array.from(nodes, ({ flags }) => flags)),
    ...setExtensionRecords(kind, uids, encodeNodes(nodes)),
  ];
};

const encodeNodes = (nodes: readonly ListNode[]): Uint8Array => {
  const data = new Uint8Array(nodes.length * LIST.recordSize);
  const fields = new DataView(data.buffer);
  nodes.forEach((node, i) => {
    const at = i * LIST.recordSize;
    fields.setUint32(at + NAME_ID_AT, node.nameId, true);
    fields.setUint32(at + PARENT_AT, node.parent, true);
    data.set(node.guid === null ? [] : parseHex(node.guid) ?? [], at + GUID_AT);
    fields.setUint32(at + UID_VALIDITY_AT, node.uidValidity, true);
  });
  return data;
};
