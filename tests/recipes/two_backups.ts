// Backs up to several places at once: two_backups.ts maildir:~/Maildir mdbox:/disk1/eve mdbox:/disk2/eve
import { backup, openStore, run, thisMachine } from "@dsync/dsync";

const [from = "", ...places] = Deno.args;
const machine = thisMachine();
await using source = await run(openStore(machine, from));

const backUp = async (place: string): Promise<string> => {
  await using copy = await run(openStore(machine, place, { create: true }));
  const { right, problems } = await run(
    backup(source, copy, { maxDelete: { _tag: "Share", percent: 10 } }),
  );
  return `${place}: ${right.saved} saved, ${problems.length} problems`;
};

// One that fails does not keep the others from their end.
for (const end of await Promise.allSettled(places.map(backUp))) {
  console.log(end.status === "fulfilled" ? end.value : `${end.reason}`);
}
