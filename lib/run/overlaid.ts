/**
 * A mailbox of which some things are another's.
 *
 * @module
 */
import type { Mailbox } from "../port/store.ts";

/** The same mailbox but for `changed`; what only is worked out when it is asked for stays so. */
export const overlaid = (mailbox: Mailbox, changed: Partial<Mailbox>): Mailbox =>
  new Proxy(mailbox, {
    get: (target, key) => Reflect.get(key in changed ? changed : target, key),
  });
