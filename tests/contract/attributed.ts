/** Stores in a directory that keep attributes of mailboxes, here and behind a pipe. */
import { makeOs } from "../../lib/os/os.ts";
import { memoryPipe } from "../../lib/peer/memory_pipe.ts";
import { remoteStore } from "../../lib/peer/remote_store.ts";
import { serveStore } from "../../lib/peer/store_server.ts";
import type { Os } from "../../lib/port/os.ts";
import type { Store } from "../../lib/port/store.ts";
import { openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { openMdbox } from "../../lib/store/mdbox/mdbox_store.ts";
import { run } from "../../lib/testing/content.ts";

/** Opens a store in a directory, with its attributes in a file there. */
export type Open = (root: string, os?: Os) => Promise<Store>;

const maildir: Open = (root, os = makeOs()) =>
  run(openMaildir(os, {
    root: `${root}/Maildir`,
    layout: "maildir++",
    create: true,
    attributes: `${root}/attributes`,
  }));

/** An mdbox. */
export const mdbox: Open = (root, os = makeOs()) =>
  run(openMdbox(os, {
    root: `${root}/mdbox`,
    create: true,
    attributes: `${root}/attributes`,
  }));

const overPipe = (open: Open): Open => async (root, os) => {
  const store = await open(root, os);
  const [here, there] = memoryPipe();
  const served = serveStore(store, there)();
  const seen = await run(remoteStore(here));
  return {
    ...seen,
    close: async () => {
      await here.close();
      await served;
      await store.close();
    },
  };
};

/** By what titles call them. */
export const STORES: Readonly<Record<string, Open>> = {
  Maildir: maildir,
  mdbox,
  "Maildir behind a pipe": overPipe(maildir),
};

/** Gives `use` a directory of its own. */
export const inDirectory = async (use: (root: string) => Promise<void>): Promise<void> => {
  const root = await Deno.makeTempDir({ prefix: "dsync-attributed-" });
  try {
    await use(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
};
