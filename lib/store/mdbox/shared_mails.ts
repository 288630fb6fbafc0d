/**
 * Finds stored mails that a new mailbox entry can name, instead of storing the same bytes again.
 *
 * @module
 */
import { guid128 } from "../../codec/guid.ts";
import type { Mail } from "../../model/mail.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { allIndexDirectories } from "./hierarchy.ts";
import { guidBytesOf, mapUidOf, openMailboxIndex } from "./mailbox_index.ts";
import { type Mapped, MAX_REFCOUNT } from "./map.ts";
import type { Storage } from "./storage.ts";

/** What two mails must agree in to be one record: all that a record says, but for the bytes, which GUID and size stand for. */
export const signatureOf = (mail: Mail): string =>
  JSON.stringify([mail.guid, mail.size, mail.receivedAt, mail.pop3Uidl, mail.pop3Order]);

/** A GUID's first 48 bits: few enough for a number, so that a million of them need no object each. */
const keyOf = (guid: Uint8Array): number => {
  let key = 0;
  for (let i = 0; i < 6; i++) key = key * 256 + guid[i]!;
  return key;
};

/** Whether so many more entries may name a record. One without any may be purged at any moment. */
export const hasRoom = (mapped: Mapped | null, more: number): boolean =>
  mapped !== null && mapped.refcount > 0 && mapped.refcount + more <= MAX_REFCOUNT;

/** The stored mails of one store that can be shared. */
export class SharedMails {
  readonly #storage: Storage;
  /** What was stored in this run, by signature. */
  readonly #stored = new Map<string, number>();
  /** What the mailboxes had before, by the GUID's key; a guess that the record has to confirm. */
  #known: Map<number, number> | null = null;

  /** Reads nothing yet. */
  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Notes that a mail was stored. */
  remember(signature: string, mapUid: number): void {
    this.#stored.set(signature, mapUid);
  }

  /**
   * The map UID of a record that is this mail and can be named once more, or null. `planned`: by how many entries it will
   * be before. The first call reads the indexes of all mailboxes; it must be checked under the map's lock that the record
   * is still there.
   */
  find(mail: Mail, planned: (mapUid: number) => number): number | null {
    const canTake = (mapUid: number) => hasRoom(this.#storage.find(mapUid), planned(mapUid) + 1);
    const stored = this.#stored.get(signatureOf(mail));
    if (stored !== undefined) return canTake(stored) ? stored : null;
    this.#known ??= this.#readMailboxes();
    const guess = this.#known.get(keyOf(guid128(mail.guid)));
    return guess !== undefined && canTake(guess) && this.#is(guess, mail) ? guess : null;
  }

  #is(mapUid: number, mail: Mail): boolean {
    try {
      const { metadata, bodySize } = this.#storage.read(mapUid).stored;
      return metadata.plainSize === null && metadata.external === null &&
        metadata.guid === mail.guid && bodySize === mail.size &&
        metadata.receivedAt === mail.receivedAt && metadata.pop3Uidl === mail.pop3Uidl &&
        metadata.pop3Order === mail.pop3Order;
    } catch (thrown) {
      if (thrown instanceof StreamFailure) return false;
      throw thrown;
    }
  }

  #readMailboxes(): Map<number, number> {
    const { os, layout } = this.#storage;
    const known = new Map<number, number>();
    for (const directory of allIndexDirectories(os, layout)) {
      try {
        const index = openMailboxIndex(os, directory);
        if (index === null) continue;
        const { view } = index;
        for (let row = 0; row < view.count; row++) {
          const guid = guidBytesOf(view, row);
          const mapUid = mapUidOf(view, row);
          if (guid !== null && mapUid !== 0) known.set(keyOf(guid), mapUid);
        }
        index.close();
      } catch (thrown) {
        // A mailbox that cannot be read shares nothing; whoever syncs it is told.
        if (!(thrown instanceof StreamFailure)) throw thrown;
      }
    }
    return known;
  }
}
