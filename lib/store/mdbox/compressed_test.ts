import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { INBOX } from "../../model/mailbox.ts";
import { allDone, applyTo, BOX } from "../../testing/content.ts";
import { hexGuid, saveOf } from "../../testing/mails.ts";
import { create, fetched, inHome, opened, outcomeOf, replaceInFile } from "./_store_home.ts";

inHome("mails that Dovecot has compressed are given as clients see them", async (home) => {
  const small = new Uint8Array(0x00123).map((_, i) => 65 + i % 3);
  const large = new Uint8Array(0x30000).map((_, i) => 65 + i % 3);
  const plain = [small, small, large, small];
  await opened(home, async (store) => {
    await create(store, "INBOX", BOX);
    const packed = [gzipSync, zstdCompressSync, gzipSync, gzipSync].map((pack, i) =>
      saveOf({ uid: i + 1, bytes: pack(plain[i]!) })
    );
    allDone(await applyTo(store, BOX, packed));
  });
  // What Dovecot says of them: the plain size in place of the mailbox; the last one is said to be longer than it is.
  for (const [i, size] of ["00123", "00123", "30000", "00124"].entries()) {
    replaceInFile(home, `G${hexGuid(i + 1)}\nBINBOX\n`, `G${hexGuid(i + 1)}\nZ${size}\n`);
  }
  await opened(home, async (store) => {
    const all = await fetched(store, [1, 2, 3, 4]);
    assert.deepEqual(all.map(outcomeOf), [
      "Mail",
      "Mail",
      "Mail",
      "Damaged: it has 291 bytes when decompressed, not 292",
    ]);
    for (const [i, one] of all.slice(0, 3).entries()) {
      assert(one._tag === "Mail" && Array.isArray(one.mail.body));
      assert.equal(one.mail.size, plain[i]!.length);
      assert(Buffer.concat(one.mail.body).equals(plain[i]!), `${i}`);
    }
    const last = all[3]!;
    assert(last._tag === "Lost");
    assert.deepEqual(last.error.where, {
      path: `${home}/mdbox/storage/m.1`,
      mailbox: INBOX,
      uid: 4,
    });
  });
});
