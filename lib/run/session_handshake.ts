/**
 * How a master tells its slave what to do: options as a handshake, and back.
 *
 * @module
 */
import type { Handshake } from "../codec/dsync_wire_item.ts";
import type { Flow } from "../sync/session_order.ts";
import { isSelected, type NameSelection, type SpecialUses } from "../sync/select_names.ts";
import type { MailFilter } from "../sync/wire_mailbox.ts";
import type { SessionOptions, SyncType } from "./session_options.ts";

/** What a session is to do, as a command line or a script says it. */
export interface SessionRequest {
  /** Which way mails go, from the view of the master. */
  readonly flow: Flow;
  /** -1. */
  readonly keepOwn: boolean;
  /** How much is compared: changed, or -f, or -s with a state. */
  readonly syncType: SyncType;
  /** -m, -g, -x. */
  readonly names: NameSelection;
  /** False with -m '' or -g '': mailboxes and subscriptions only. */
  readonly mails: boolean;
  /** -t, -e, -I, -O. */
  readonly filter: MailFilter;
  /** -n; null: not given. */
  readonly namespacePrefixes: readonly string[] | null;
  /** -N. */
  readonly visibleNamespaces: boolean;
  /** -l, seconds; null: no lock. */
  readonly lockTimeout: number | null;
  /** -P: the slave purges its storage at the end. */
  readonly purge: boolean;
  /** -a: the virtual mailbox that has all mails. */
  readonly virtualAll: string | null;
  /** -C: what a Dovecot puts in place of a character that a mailbox name cannot have. */
  readonly altChar: string;
  /** -D. */
  readonly debug: boolean;
}

const LETTERS: Readonly<Record<SyncType, "f" | "c" | "s">> = {
  full: "f",
  changed: "c",
  state: "s",
};

/** Dovecot's own default for how many saves it commits at once. */
const COMMIT_INTERVAL = 100;

/** The headers by which mails are known that have no GUID. */
const HASHED_HEADERS: readonly string[] = ["Date", "Message-ID"];

/** What a slave says of itself. */
export const slaveHandshake = (hostname: string): Handshake => ({
  _tag: "Handshake",
  hostname,
  namespacePrefixes: null,
  mailbox: null,
  mailboxGuid: null,
  syncType: null,
  debug: false,
  visibleNamespaces: false,
  excluded: null,
  mailRequests: false,
  backupSend: false,
  backupReceive: false,
  lockTimeout: null,
  noMails: false,
  noOverwrite: false,
  purge: false,
  noNotify: false,
  since: null,
  maxSize: null,
  flag: null,
  until: null,
  virtualAll: null,
  emptyHeaderWorkaround: false,
  commitInterval: null,
  hashedHeaders: [],
  altChar: null,
});

/** What a master says of itself, and of how to sync. The direction is as the slave has it. */
export const masterHandshake = (request: SessionRequest, hostname: string): Handshake => ({
  ...slaveHandshake(hostname),
  namespacePrefixes: request.namespacePrefixes,
  mailbox: request.names.only,
  mailboxGuid: request.names.onlyGuid,
  syncType: LETTERS[request.syncType],
  debug: request.debug,
  visibleNamespaces: request.visibleNamespaces,
  excluded: request.names.excluded.length === 0 ? null : request.names.excluded,
  mailRequests: true,
  backupSend: request.flow === "in",
  backupReceive: request.flow === "out",
  lockTimeout: request.lockTimeout,
  noMails: !request.mails,
  noOverwrite: request.keepOwn,
  purge: request.purge,
  since: request.filter.since,
  maxSize: request.filter.maxSize,
  flag: request.filter.flag,
  until: request.filter.until,
  virtualAll: request.virtualAll,
  commitInterval: COMMIT_INTERVAL,
  // Without the TAB that a Dovecot sends at the end: its own slave hashes one line end too many for it.
  hashedHeaders: HASHED_HEADERS,
  altChar: request.altChar,
});

/** What a master adds to what its handshake says, or a slave to what it is told. */
export type SessionMeans = Pick<
  SessionOptions,
  | "states"
  | "compares"
  | "remembered"
  | "makeSpool"
  | "newGuid"
  | "side"
  | "onEvent"
  | "signal"
  | "pace"
>;

/** How a master holds the session that it asked for. */
export const masterOptions = (
  request: SessionRequest,
  means: SessionMeans,
  usesOf: SpecialUses,
): SessionOptions => ({
  ...means,
  role: "master",
  flow: request.flow,
  keepOwn: request.keepOwn,
  syncType: request.syncType,
  wants: (name, guid) => isSelected(request.names, usesOf, name, guid),
  mails: request.mails,
  filter: request.filter,
  requests: true,
  hashedHeaders: HASHED_HEADERS,
  emptyHeaderWorkaround: false,
});

const SYNC_TYPES: Readonly<Record<"f" | "c" | "s", SyncType>> = {
  f: "full",
  c: "changed",
  s: "state",
};

/** How a slave holds the session that a master's handshake asks for. */
export const slaveOptions = (
  handshake: Handshake,
  means: SessionMeans,
  usesOf: SpecialUses,
): SessionOptions => {
  const names: NameSelection = {
    only: handshake.mailbox,
    onlyGuid: handshake.mailboxGuid,
    excluded: handshake.excluded ?? [],
  };
  return {
    ...means,
    role: "slave",
    flow: handshake.backupReceive ? "in" : handshake.backupSend ? "out" : "both",
    keepOwn: handshake.noOverwrite,
    syncType: SYNC_TYPES[handshake.syncType ?? "f"],
    wants: (name, guid) => isSelected(names, usesOf, name, guid),
    mails: !handshake.noMails,
    filter: {
      since: handshake.since,
      // A Dovecot 2.3.19.1 that was given -t writes it here, too: a limit of one second is none.
      until: handshake.until === handshake.since ? null : handshake.until,
      maxSize: handshake.maxSize,
      flag: handshake.flag,
    },
    requests: handshake.mailRequests,
    // A Dovecot's list ends with a TAB, and so with an empty name.
    hashedHeaders:
      (handshake.hashedHeaders?.some((name) => name !== "")
        ? handshake.hashedHeaders
        : HASHED_HEADERS).filter((name) => name !== ""),
    emptyHeaderWorkaround: handshake.emptyHeaderWorkaround,
  };
};
