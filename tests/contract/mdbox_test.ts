/** The contract over mdboxes: one of the usual kind, one that starts a new file every few mails, one spread out. */
import { makeOs } from "../../lib/os/os.ts";
import { openMdbox } from "../../lib/store/mdbox/mdbox_store.ts";
import { run } from "../../lib/testing/content.ts";
import { storeContract } from "../../lib/testing/store_contract.ts";

const home = (options: (root: string) => Partial<Parameters<typeof openMdbox>[1]>) => async () => {
  const root = await Deno.makeTempDir({ prefix: "dsync-mdbox-" });
  return {
    open: () => run(openMdbox(makeOs(), { root: `${root}/mdbox`, create: true, ...options(root) })),
    dispose: () => Deno.remove(root, { recursive: true }),
  };
};

const holds = { savedDates: true, spacesInGuids: true };

storeContract(Deno.test, "mdbox", home(() => ({})), holds);
storeContract(Deno.test, "mdbox of small files", home(() => ({ rotateSize: 2000 })), holds);
storeContract(
  Deno.test,
  "mdbox with INDEX, CONTROL and ALT",
  home((root) => ({ index: `${root}/idx`, control: `${root}/ctl`, alt: `${root}/alt` })),
  holds,
);
storeContract(
  Deno.test,
  "mdbox with its mailboxes in the root",
  home(() => ({ mailboxDir: "/" })),
  holds,
);
