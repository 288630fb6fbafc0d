/** The contract over the memory store, plain and behind the unruly wrapper. */
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import { emptyState } from "../../lib/store/memory/memory_state.ts";
import { storeContract } from "../../lib/testing/store_contract.ts";
import { unruly } from "./unruly_store.ts";

const memoryHome = () => {
  const state = emptyState();
  return Promise.resolve({
    open: () => Promise.resolve(memoryStore(state)),
    dispose: () => Promise.resolve(),
  });
};

const holdsAll = { savedDates: true, spacesInGuids: true };

storeContract(Deno.test, "memory store", memoryHome, holdsAll);

storeContract(Deno.test, "memory store, unruly", async () => {
  const home = await memoryHome();
  return {
    ...home,
    open: async () => unruly(await home.open(), { chunk: 2, failAt: null }),
  };
}, holdsAll);
