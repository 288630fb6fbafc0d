/**
 * What every store must do, whatever it is made of, as tests for one's own.
 *
 * @module
 */
import { SEEN } from "../model/flags.ts";
import type { Store } from "../port/store.ts";
import {
  allDone,
  applyTo,
  BOX,
  CREATE,
  type Holds,
  type Home,
  type Register,
  run,
} from "./content.ts";
import { failureCases } from "./failure_cases.ts";
import { mailCases } from "./mail_cases.ts";
import { type MailSpec, saveOf } from "./mails.ts";
import { readingCases } from "./reading_cases.ts";
import { treeCases } from "./tree_cases.ts";

const SOME_MAILS: readonly MailSpec[] = [
  { uid: 1, flags: SEEN, keywords: ["Work"] },
  { uid: 2, bytes: "" },
  { uid: 7, bytes: "Subject: crlf\r\n\r\nlone\rcr\n" },
  { uid: 40 },
];

/**
 * Registers the whole contract for one kind of store. Each case gets an empty store and reads back through a second,
 * freshly opened one: what counts is what was kept. `test` is `Deno.test`, or that of another runner.
 *
 * @example
 * ```ts
 * import { emptyState, memoryStore } from "@dsync/dsync/stores";
 * import { storeContract } from "@dsync/dsync/testing";
 *
 * const cases: string[] = [];
 * const list = (name: string) => void cases.push(name); // instead of Deno.test
 * storeContract(list, "memory", () => {
 *   const state = emptyState();
 *   const open = () => Promise.resolve(memoryStore(state));
 *   return Promise.resolve({ open, dispose: () => Promise.resolve() });
 * }, { savedDates: true, spacesInGuids: true });
 * if (cases.length < 20) throw new Error("each promise of the port is a case");
 * ```
 */
export const storeContract = (
  test: Register,
  name: string,
  makeHome: () => Promise<Home>,
  holds: Holds,
): void => {
  const reopened = async <A>(home: Home, use: (store: Store) => Promise<A>): Promise<A> => {
    const store = await home.open();
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  };
  const inHome = (claim: string, body: (home: Home, store: Store) => Promise<void>): void =>
    test(`${name}: ${claim}`, async () => {
      const home = await makeHome();
      try {
        await reopened(home, (store) => body(home, store));
      } finally {
        await home.dispose();
      }
    });
  treeCases({ test: inHome, reopened, holds });
  mailCases({ test: inHome, reopened, holds });
  failureCases({ test: inHome, reopened, holds });
  readingCases((claim, body) =>
    inHome(`filled, ${claim}`, async (home, store) => {
      await run(store.applyTree(CREATE));
      allDone(await applyTo(store, BOX, SOME_MAILS.map(saveOf)));
      await store.close();
      await reopened(home, body);
    })
  );
};

/**
 * Registers the part of the contract that a store can keep which is only read. `open` gives a store that holds some mail,
 * the same in each call.
 */
export const readingContract = (
  test: Register,
  name: string,
  open: () => Promise<Store>,
): void =>
  readingCases((claim, body) =>
    test(`${name}: ${claim}`, async () => {
      const store = await open();
      try {
        await body(store);
      } finally {
        await store.close();
      }
    })
  );
