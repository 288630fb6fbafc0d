/**
 * `deno task demo`: a sample Maildir becomes an mdbox and a Maildir again; prints what was done and whether all is equal.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { errorText } from "../../lib/codec/error_text.ts";
import { type Location, parseLocation } from "../../lib/codec/location.ts";
import { openLocation } from "../../lib/open/open_location.ts";
import { makeOs } from "../../lib/os/os.ts";
import type { Store } from "../../lib/port/store.ts";
import { backup } from "../../lib/run/backup.ts";
import { compareStores, isEqual } from "../../lib/run/compare.ts";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { SyncError } from "../../lib/model/error.ts";
import { writeDemoMaildir } from "./demo_maildir.ts";

const orExit = async <A>(task: TaskEither<SyncError, A>): Promise<A> => {
  const end = await task();
  if (E.isRight(end)) return end.right;
  console.error(errorText(end.left));
  Deno.exit(1);
};

const home = await Deno.makeTempDir({ prefix: "dsync-demo-" });
const os = makeOs();
const open = (text: string, create: boolean): Promise<Store> =>
  orExit(openLocation(os, (parseLocation(text, home) as E.Right<Location>).right, { create }));

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(2);

const convert = async (from: string, to: string): Promise<void> => {
  const source = await open(from, false);
  const destination = await open(to, true);
  const begun = performance.now();
  const report = await orExit(backup(source, destination));
  report.problems.forEach((problem) => console.error(errorText(problem)));
  console.log(
    `${from} -> ${to}: ${report.mailboxes} mailboxes, ${report.right.saved} mails, ` +
      `${report.right.savedBytes} bytes, ${seconds(begun)} s`,
  );
  await source.close();
  await destination.close();
};

writeDemoMaildir(`${home}/Maildir`);
console.log(`A sample Maildir is in ${home}/Maildir`);
await convert("maildir:~/Maildir", "mdbox:~/mdbox");
await convert("mdbox:~/mdbox", "maildir:~/Maildir-again");

const [one, two, three] = [
  await open("maildir:~/Maildir", false),
  await open("mdbox:~/mdbox", false),
  await open("maildir:~/Maildir-again", false),
];
let equal = true;
for (const [name, store] of [["mdbox", two], ["Maildir-again", three]] as const) {
  const found = await orExit(compareStores(one, store));
  equal &&= isEqual(found);
  console.log(
    `Maildir and ${name}: ${
      isEqual(found) ? "equal" : "DIFFERENT"
    } in ${found.mailboxes} mailboxes, ` +
      `${found.mails} mails, ${found.bytes} bytes`,
  );
  for (const finding of found.findings) {
    console.log(
      `  ${finding.mailbox ?? ""} ${
        finding.uid ?? ""
      } ${finding.field}: ${finding.left} | ${finding.right}`,
    );
  }
}
console.log(`Look around, then: rm -r ${home}`);
Deno.exit(equal ? 0 : 1);
