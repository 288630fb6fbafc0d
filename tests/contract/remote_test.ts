/** The contract over stores at the other end of a pipe, whole and cut into small pieces. */
import type { Store } from "../../lib/port/store.ts";
import { makeOs } from "../../lib/os/os.ts";
import { remoteStore } from "../../lib/peer/remote_store.ts";
import { serveStore } from "../../lib/peer/store_server.ts";
import { openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { openMdbox } from "../../lib/store/mdbox/mdbox_store.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import { emptyState } from "../../lib/store/memory/memory_state.ts";
import { memoryPipe } from "../../lib/peer/memory_pipe.ts";
import { type Home, run } from "../../lib/testing/content.ts";
import { storeContract } from "../../lib/testing/store_contract.ts";

/** A store as it is seen over a pipe. */
const remote = async (store: Store, piece: number): Promise<Store> => {
  const [here, there] = memoryPipe({ piece });
  const served = serveStore(store, there)();
  const seen = await run(remoteStore(here));
  return {
    ...seen,
    close: async () => {
      await seen.close();
      await here.close();
      await served;
      await store.close();
    },
  };
};

const overPipe = (makeHome: () => Promise<Home>, piece = 65_536) => async (): Promise<Home> => {
  const home = await makeHome();
  return { ...home, open: async () => await remote(await home.open(), piece) };
};

const memoryHome = (): Promise<Home> => {
  const state = emptyState();
  return Promise.resolve({
    open: () => Promise.resolve(memoryStore(state)),
    dispose: () => Promise.resolve(),
  });
};

const diskHome = (open: (root: string) => Promise<Store>) => async (): Promise<Home> => {
  const root = await Deno.makeTempDir({ prefix: "dsync-remote-" });
  return { open: () => open(root), dispose: () => Deno.remove(root, { recursive: true }) };
};

const holdsAll = { savedDates: true, spacesInGuids: true };

storeContract(Deno.test, "memory store over a pipe", overPipe(memoryHome), holdsAll);
storeContract(
  Deno.test,
  "memory store over a pipe, seven bytes at a time",
  overPipe(memoryHome, 7),
  holdsAll,
);
storeContract(
  Deno.test,
  "mdbox over a pipe",
  overPipe(
    diskHome((root) => run(openMdbox(makeOs(), { root: `${root}/mdbox`, create: true }))),
  ),
  holdsAll,
);
storeContract(
  Deno.test,
  "Maildir over a pipe",
  overPipe(
    diskHome((root) =>
      run(openMaildir(makeOs(), { root: `${root}/Maildir`, layout: "maildir++", create: true }))
    ),
  ),
  { savedDates: false, spacesInGuids: false },
);
