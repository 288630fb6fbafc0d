/**
 * What every store must do, whatever it is made of. Each case gets an empty store and reads back through a second,
 * freshly opened one: what counts is what was kept.
 */
import type { Store } from "../../lib/port/store.ts";
import type { Cases, Home } from "./content.ts";
import { mailCases } from "./mail_cases.ts";
import { treeCases } from "./tree_cases.ts";

/** Registers the contract's cases for one kind of store. */
export const storeContract = (
  name: string,
  makeHome: () => Promise<Home>,
  holds: Cases["holds"],
): void => {
  const test: Cases["test"] = (claim, body) =>
    Deno.test(`${name}: ${claim}`, async () => {
      const home = await makeHome();
      const store = await home.open();
      try {
        await body(home, store);
      } finally {
        await store.close();
        await home.dispose();
      }
    });
  const reopened = async <A>(home: Home, use: (store: Store) => Promise<A>): Promise<A> => {
    const store = await home.open();
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  };
  treeCases({ test, reopened, holds });
  mailCases({ test, reopened, holds });
};
