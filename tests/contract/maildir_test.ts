/** The contract over Maildirs of both layouts, plain and with their parts in other places. */
import { makeOs } from "../../lib/os/os.ts";
import { openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { run } from "../../lib/testing/content.ts";
import { storeContract } from "../../lib/testing/store_contract.ts";

const home =
  (options: (root: string) => Partial<Parameters<typeof openMaildir>[1]>) => async () => {
    const root = await Deno.makeTempDir({ prefix: "dsync-maildir-" });
    return {
      open: () =>
        run(openMaildir(makeOs(), {
          root: `${root}/Maildir`,
          layout: "maildir++",
          create: true,
          ...options(root),
        })),
      dispose: () => Deno.remove(root, { recursive: true }),
    };
  };

const holds = { savedDates: false, spacesInGuids: false };

storeContract(Deno.test, "Maildir++", home(() => ({})), holds);
storeContract(Deno.test, "Maildir, LAYOUT=fs", home(() => ({ layout: "fs" })), holds);
storeContract(
  Deno.test,
  "Maildir++ with INDEX, CONTROL and INBOX",
  home((root) => ({ index: `${root}/idx`, control: `${root}/ctl`, inbox: `${root}/in` })),
  holds,
);
