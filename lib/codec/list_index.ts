/**
 * `dovecot.list.index`: the mailbox tree as an index whose "mails" are the parts of mailbox names (Dovecot:
 * mailbox-list-index.h, mailbox-list-index.c). With the layouts that are supported it is a cache of Dovecot's, which may
 * be missing; it is only told that it is old.
 *
 * @module
 */
import { type ExtensionKind, setExtensionHeader } from "./index_build.ts";
import type { LogRecord } from "./index_record.ts";

/** The extension that holds names and nodes; its header starts with the refresh flag and grows with the names. */
const LIST: ExtensionKind = { name: "list", headerSize: 1, recordSize: 28, recordAlign: 4 };

/** Tells running sessions to look at the file system again, as Dovecot does after each create, delete and rename. */
export const refreshList = (): readonly LogRecord[] => setExtensionHeader(LIST, Uint8Array.of(1));
