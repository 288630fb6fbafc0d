/**
 * For tests: what a session is asked for that has no wish of its own.
 *
 * @module
 */
import type { SessionRequest } from "./session_handshake.ts";

/** All of two accounts, in both directions. */
export const MERGE: SessionRequest = {
  flow: "both",
  keepOwn: false,
  syncType: "changed",
  names: { only: null, onlyGuid: null, excluded: [] },
  mails: true,
  filter: { since: null, until: null, maxSize: null, flag: null },
  namespacePrefixes: null,
  visibleNamespaces: false,
  lockTimeout: null,
  purge: false,
  virtualAll: null,
  altChar: "_",
  debug: false,
};
