/** Mails that cannot be read, and a Dovecot behind a pipe: they are named, keep their UIDs, and stop no other. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { judged } from "../dovecot.ts";
import { oursLeads } from "./histories.ts";

const mail = (subject: string): string => `Subject: ${subject}\n\n${subject}\n`;

/** A compressed mail above the size that is read at once, of which the end is missing. */
const cutLarge = (): { readonly bytes: Uint8Array; readonly size: number } => {
  let seed = 1;
  const plain = new Uint8Array(3 << 20)
    .map(() => (seed = Math.imul(seed, 1103515245) + 12345 | 0) >>> 16);
  const packed = gzipSync(plain);
  return { bytes: packed.subarray(0, packed.length - 1000), size: plain.length };
};

for (const theirLocation of ["mdbox:~/mdbox", "maildir:~/Maildir"]) {
  judged(
    `mails that cannot be read stay where they are beside ${theirLocation}`,
    async (dovecot) => {
      const large = cutLarge();
      const cur = "Maildir/cur";
      const ours = await dovecot.account("maildir:~/Maildir", (home) => {
        for (const box of ["cur", "new", "tmp"]) {
          Deno.mkdirSync(`${home}/Maildir/${box}`, { recursive: true });
        }
        Deno.writeTextFileSync(`${home}/${cur}/1.first:2,S`, mail("first"));
        Deno.symlinkSync(`${home}/nowhere`, `${home}/${cur}/2.dangling:2,`);
        Deno.writeFileSync(`${home}/${cur}/3.cut,S=${large.size}:2,`, large.bytes);
        Deno.writeTextFileSync(`${home}/${cur}/4.last:2,S`, mail("last"));
      });
      const theirs = await dovecot.account(theirLocation);
      const lead = oursLeads(dovecot);
      for (let n = 1; n <= 4; n++) {
        if (n === 3) {
          await using imap = await dovecot.imap(theirs);
          await imap.append("INBOX", new TextEncoder().encode("Subject: new\r\n\r\nnew\r\n"));
        }
        const { code, stderr } = await lead.sync("mirror", ours, theirs);
        assert.equal(code, 2, `run ${n}: ${stderr}`);
        assert.match(stderr, /3\.cut/, `run ${n}`);
        const list = Deno.readTextFileSync(`${ours.home}/Maildir/dovecot-uidlist`);
        assert.deepEqual(
          list.split("\n").slice(1, 5).map((line) => line.split(" ")[0]),
          ["1", "2", "3", "4"],
          `run ${n}: ${list}`,
        );
        const told = await dovecot.quietly(theirs, [
          "-f",
          "tab",
          "fetch",
          "uid hdr.subject",
          "ALL",
        ]);
        const all = n < 3 ? ["1\tfirst", "4\tlast"] : ["1\tfirst", "4\tlast", "5\tnew"];
        assert.deepEqual(told.trim().split("\n").slice(1), all, `run ${n}`);
      }
    },
  );
}
