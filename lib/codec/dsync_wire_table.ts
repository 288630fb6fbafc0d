/**
 * The items of the dsync protocol as tables of columns. A table is the whole codec of its item: the header line, reading
 * and writing are made from it (the columns are those of `items` in Dovecot's dsync-ibc-stream.c, 2.3.19.1).
 *
 * @module
 */
import type {
  Attribute,
  CacheField,
  Deletes,
  Finish,
  Handshake,
  MailboxNumbers,
  MailboxState,
  MailChange,
  MailRequest,
  RequestedMail,
  TreeNode,
  WireRecord,
} from "./dsync_wire_item.ts";
import {
  CHARACTER,
  CHARACTER_OR_NONE,
  type Form,
  GONE,
  GUID,
  HEX_FLAGS,
  HEX_TIME,
  HEX_U64,
  KEYWORD_CHANGES,
  LINES,
  MAILBOX_GUID,
  MODSEQ,
  NAME,
  NAME_PARTS,
  NAMES,
  oneLetterOf,
  oneOf,
  POSITIVE,
  POSITIVE_U32,
  TEXT,
  TIME,
  U32,
  UID,
} from "./dsync_wire_form.ts";

/** A column of an item. */
export type Column<A> =
  /** Must be declared and have a value. */
  | { readonly kind: "Required"; readonly key: string; readonly form: Form<A> }
  /** Null where it has no value. */
  | { readonly kind: "Optional"; readonly key: string; readonly form: Form<NonNullable<A>> }
  /** True where it has a value, whatever that is. */
  | { readonly kind: "Present"; readonly key: string }
  /** Records of another item, one to a line. */
  | { readonly kind: "Nested"; readonly key: string; readonly table: Table<CacheField> };

/** What has columns. */
export type Tabled = WireRecord | CacheField;

/** An item as a table. */
export interface Table<I extends Tabled> {
  /** The kind that it reads and writes. */
  readonly tag: I["_tag"];
  /** The name that Dovecot's messages have for it. */
  readonly name: string;
  /** The letter that begins its lines. */
  readonly letter: string;
  /** The first minor version that has it. */
  readonly since: number;
  /** A column for each field, in the order in which they are declared and written. */
  readonly columns: { readonly [K in Exclude<keyof I, "_tag">]: Column<I[K]> };
}

const required = <A>(key: string, form: Form<A>): Column<A> => ({ kind: "Required", key, form });
const optional = <A extends NonNullable<unknown>>(key: string, form: Form<A>): Column<A | null> => (
  // The conditional NonNullable is not resolved for a free type variable.
  { kind: "Optional", key, form } as Column<A | null>
);
const present = (key: string): Column<boolean> => ({ kind: "Present", key });

/** `H`. */
export const HANDSHAKE: Table<Handshake> = {
  tag: "Handshake",
  name: "handshake",
  letter: "H",
  since: 0,
  columns: {
    hostname: required("hostname", NAME),
    namespacePrefixes: optional("sync_ns_prefix", LINES),
    mailbox: optional("sync_box", NAME),
    mailboxGuid: optional("sync_box_guid", MAILBOX_GUID),
    syncType: optional("sync_type", oneLetterOf(["f", "c", "s"])),
    debug: present("debug"),
    visibleNamespaces: present("sync_visible_namespaces"),
    excluded: optional("exclude_mailboxes", NAMES),
    mailRequests: present("send_mail_requests"),
    backupSend: present("backup_send"),
    backupReceive: present("backup_recv"),
    lockTimeout: optional("lock_timeout", POSITIVE_U32),
    noMails: present("no_mail_sync"),
    noOverwrite: present("no_backup_overwrite"),
    purge: present("purge_remote"),
    noNotify: present("no_notify"),
    since: optional("sync_since_timestamp", POSITIVE),
    maxSize: optional("sync_max_size", POSITIVE),
    flag: optional("sync_flags", NAME),
    until: optional("sync_until_timestamp", POSITIVE),
    virtualAll: optional("virtual_all_box", NAME),
    emptyHeaderWorkaround: present("empty_hdr_workaround"),
    // Not among the columns of Dovecot 2.4.
    commitInterval: optional("import_commit_msgs_interval", POSITIVE_U32),
    hashedHeaders: optional("hashed_headers", NAMES),
    altChar: optional("alt_char", CHARACTER_OR_NONE),
  },
};

/** `S`. */
export const MAILBOX_STATE: Table<MailboxState> = {
  tag: "MailboxState",
  name: "mailbox_state",
  letter: "S",
  since: 0,
  columns: {
    guid: required("mailbox_guid", MAILBOX_GUID),
    uidValidity: required("last_uidvalidity", U32),
    commonUid: required("last_common_uid", U32),
    commonModSeq: required("last_common_modseq", MODSEQ),
    commonPrivateModSeq: required("last_common_pvt_modseq", MODSEQ),
    messages: optional("last_messages_count", U32),
    changedMeanwhile: present("changes_during_sync"),
  },
};

/** `N`. */
export const TREE_NODE: Table<TreeNode> = {
  tag: "TreeNode",
  name: "mailbox_tree_node",
  letter: "N",
  since: 0,
  columns: {
    name: required("name", NAME_PARTS),
    existence: required("existence", oneLetterOf(["y", "n", "d"])),
    guid: optional("mailbox_guid", MAILBOX_GUID),
    uidValidity: optional("uid_validity", U32),
    uidNext: optional("uid_next", U32),
    renamedAt: optional("last_renamed_or_created", TIME),
    subscribed: present("subscribed"),
    subscriptionAt: optional("last_subscription_change", TIME),
  },
};

/** `D`. */
export const DELETES: Table<Deletes> = {
  tag: "Deletes",
  name: "mailbox_delete",
  letter: "D",
  since: 0,
  columns: {
    separator: required("hierarchy_sep", CHARACTER),
    escape: optional("escape_char", CHARACTER_OR_NONE),
    mailboxes: optional("mailboxes", GONE),
    directories: optional("dirs", GONE),
    unsubscribed: optional("unsubscribes", GONE),
  },
};

/** `c`, inside of `B` only. */
export const CACHE_FIELD: Table<CacheField> = {
  tag: "CacheField",
  name: "mailbox_cache_field",
  letter: "c",
  since: 0,
  columns: {
    name: required("name", NAME),
    decision: required("decision", oneOf(["n", "t", "y", "nF", "tF", "yF"])),
    usedAt: optional("last_used", TIME),
  },
};

/** `B`. */
export const MAILBOX_NUMBERS: Table<MailboxNumbers> = {
  tag: "MailboxNumbers",
  name: "mailbox",
  letter: "B",
  since: 0,
  columns: {
    guid: required("mailbox_guid", MAILBOX_GUID),
    uidValidity: required("uid_validity", U32),
    uidNext: required("uid_next", U32),
    messages: required("messages_count", U32),
    firstRecentUid: required("first_recent_uid", U32),
    highestModSeq: required("highest_modseq", MODSEQ),
    highestPrivateModSeq: required("highest_pvt_modseq", MODSEQ),
    lost: present("mailbox_lost"),
    ignore: present("mailbox_ignore"),
    cacheFields: { kind: "Nested", key: "cache_fields", table: CACHE_FIELD },
    haveGuids: present("have_guids"),
    haveSaveGuids: present("have_save_guids"),
    haveOnlyGuid128: present("have_only_guid128"),
  },
};

/** `A`. */
export const ATTRIBUTE: Table<Attribute> = {
  tag: "Attribute",
  name: "mailbox_attribute",
  letter: "A",
  since: 1,
  columns: {
    type: required("type", oneLetterOf(["p", "s"])),
    key: required("key", NAME),
    value: optional("value", TEXT),
    body: present("stream"),
    deleted: present("deleted"),
    changedAt: optional("last_change", TIME),
    modSeq: optional("modseq", MODSEQ),
  },
};

/** `C`. */
export const MAIL_CHANGE: Table<MailChange> = {
  tag: "MailChange",
  name: "mail_change",
  letter: "C",
  since: 0,
  columns: {
    type: required("type", oneLetterOf(["s", "e", "f"])),
    uid: required("uid", UID),
    guid: optional("guid", GUID),
    headerHash: optional("hdr_hash", NAME),
    modSeq: optional("modseq", MODSEQ),
    privateModSeq: optional("pvt_modseq", MODSEQ),
    addFlags: optional("add_flags", HEX_FLAGS),
    removeFlags: optional("remove_flags", HEX_FLAGS),
    finalFlags: optional("final_flags", HEX_FLAGS),
    keywordsReset: present("keywords_reset"),
    keywordChanges: optional("keyword_changes", KEYWORD_CHANGES),
    receivedAt: optional("received_timestamp", HEX_TIME),
    virtualSize: optional("virtual_size", HEX_U64),
  },
};

/** `R`. */
export const MAIL_REQUEST: Table<MailRequest> = {
  tag: "MailRequest",
  name: "mail_request",
  letter: "R",
  since: 0,
  columns: { guid: optional("guid", GUID), uid: optional("uid", UID) },
};

/** `M`. */
export const REQUESTED_MAIL: Table<RequestedMail> = {
  tag: "RequestedMail",
  name: "mail",
  letter: "M",
  since: 0,
  columns: {
    guid: optional("guid", GUID),
    uid: optional("uid", UID),
    pop3Uidl: optional("pop3_uidl", TEXT),
    pop3Order: optional("pop3_order", POSITIVE_U32),
    receivedAt: optional("received_date", TIME),
    savedAt: optional("saved_date", TIME),
    body: present("stream"),
  },
};

/** `F`. */
export const FINISH: Table<Finish> = {
  tag: "Finish",
  name: "finish",
  letter: "F",
  since: 3,
  columns: {
    error: optional("error", TEXT),
    mailError: optional("mail_error", U32),
    fullResync: present("require_full_resync"),
  },
};

/** Any table, where it does not matter whose. */
export type AnyTable = Table<Tabled>;

// A table is written for its own item; those who walk over its columns treat fields and forms alike.
const any = <I extends Tabled>(table: Table<I>): AnyTable => table as unknown as AnyTable;

/** All tables, in the order of Dovecot's header lines. */
export const WIRE_TABLES: readonly AnyTable[] = [
  any(HANDSHAKE),
  any(MAILBOX_STATE),
  any(TREE_NODE),
  any(DELETES),
  any(MAILBOX_NUMBERS),
  any(ATTRIBUTE),
  any(MAIL_CHANGE),
  any(MAIL_REQUEST),
  any(REQUESTED_MAIL),
  any(FINISH),
  any(CACHE_FIELD),
];
