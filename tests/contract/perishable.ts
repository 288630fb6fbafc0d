/** A store whose bodies are good no longer than the port promises. */
import type { SyncError } from "../../lib/model/error.ts";
import type { Uid } from "../../lib/model/ids.ts";
import type { Fetched, Mailbox, Store } from "../../lib/port/store.ts";
import type { Chunks } from "../../lib/stream/chunks.ts";

/** The same mail in memory of its own, and what spoils that. */
const copied = async (answer: Fetched): Promise<readonly [Fetched, () => void]> => {
  if (answer._tag === "Lost") return [answer, () => {}];
  const body: Uint8Array[] = [];
  for await (const piece of answer.mail.body) body.push(piece.slice());
  const spoil = () => body.forEach((piece) => piece.fill(0x21));
  return [{ ...answer, mail: { ...answer.mail, body } }, spoil];
};

const spoiling = async function* (
  fetched: Chunks<Fetched, SyncError>,
): AsyncGenerator<readonly Fetched[]> {
  let old: readonly (() => void)[] = [];
  for await (const chunk of fetched) {
    old.forEach((spoil) => spoil());
    const copies = await Promise.all(chunk.map(copied));
    old = copies.map(([, spoil]) => spoil);
    yield copies.map(([answer]) => answer);
  }
};

/** Cuts a stream into chunks of one. */
const singly = async function* (wanted: Chunks<Uid, SyncError>): AsyncGenerator<readonly Uid[]> {
  for await (const uids of wanted) for (const uid of uids) yield [uid];
};

/** The same store; each chunk that it reads is of one mail, whose bytes are overwritten when the next one is pulled. */
export const perishable = (store: Store): Store => {
  const wrapped = (mailbox: Mailbox): Mailbox =>
    new Proxy(mailbox, {
      get: (target, key) =>
        key === "fetch"
          ? (wanted: Chunks<Uid, SyncError>) => spoiling(target.fetch(singly(wanted)))
          : Reflect.get(target, key),
    });
  return {
    ...store,
    withMailbox: (guid, use) => store.withMailbox(guid, (mailbox) => use(wrapped(mailbox))),
    replaceMailbox: (identity, use) =>
      store.replaceMailbox(identity, (mailbox) => use(wrapped(mailbox))),
  };
};
