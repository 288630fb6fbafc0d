import assert from "node:assert/strict";
import { mailsOf } from "../../codec/_index_fixture.ts";
import {
  appendMails,
  setExtensionRecords,
  updateKeywords,
  withExactModSeqs,
} from "../../codec/index_build.ts";
import { DONE, SYNC_DONE } from "../../codec/index_record.ts";
import { failureOf } from "../../os/_failure.ts";
import { withDirectory } from "../../os/_other_process.ts";
import { BASE, fresh, os, uids, VALID } from "./_index_home.ts";
import { createIndex } from "./index_create.ts";
import type { IndexFile } from "./index_file.ts";

Deno.test("createIndex: refuses where an index is, or is being made", () =>
  withDirectory((home) => {
    fresh(home).close();
    assert.equal(failureOf(() => fresh(home))._tag, "Changed");
    Deno.removeSync(`${home}/${BASE}.log`);
    Deno.writeFileSync(`${home}/${BASE}.log.newlock`, new Uint8Array(0));
    assert.equal(failureOf(() => fresh(home))._tag, "Changed");
    Deno.utimeSync(`${home}/${BASE}.log.newlock`, 0, os.now() / 1000 - 200);
    fresh(home).close();
    assert.deepEqual([...Deno.readDirSync(home)].map(({ name }) => name), [`${BASE}.log`]);
  }));

Deno.test("createIndex: log and snapshot give the same mails, with exactly the modseqs wanted", () =>
  withDirectory((home) => {
    const some = uids(1, 5, 6);
    const guid = { name: "guid", headerSize: 0, recordSize: 16, recordAlign: 1 };
    const wanted = BigUint64Array.of(7n, 123456789012n, 2n);
    const make = (name: string, form: "log" | "snapshot"): IndexFile => {
      Deno.mkdirSync(`${home}/${name}`);
      return createIndex(os, `${home}/${name}`, BASE, (appender) => {
        appender.append([VALID], DONE);
        const records = [
          appendMails(some, Uint8Array.of(8, 0, 1)),
          ...setExtensionRecords(guid, some, new Uint8Array(48).fill(7)),
          ...updateKeywords("add", new Map([["Work", [1, 6]], ["$Junk", [6]]])),
        ];
        appender.append(withExactModSeqs(appender.position, records, some, wanted), SYNC_DONE);
      }, { form });
    };
    const [log, snapshot] = [make("a", "log"), make("b", "snapshot")];
    assert.deepEqual(mailsOf(log.view).map(({ modseq }) => modseq), [7, 123456789012, 2]);
    assert.deepEqual(mailsOf(snapshot.view), mailsOf(log.view));
    assert.equal(snapshot.view.highestModSeq, log.view.highestModSeq);
    assert.equal(snapshot.view.uidNext, 7);
    log.close();
    snapshot.close();
  }));
