import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import fc from "fast-check";
import { flags, keywords } from "../model/flags.ts";
import { guid, modSeq, type Uid, uid } from "../model/ids.ts";
import type { CopyMail, PlannedOperation } from "../model/operation.ts";
import { CHUNK, collect, drain } from "../stream/chunks.ts";
import type { Fetched } from "../port/store.ts";
import { mailOf } from "../testing/mails.ts";
import { attachMails, copiesTogether, type FetchMails, firstCopies } from "./attach.ts";

const copyOf = (n: number): CopyMail => ({
  _tag: "CopyMail",
  from: {
    uid: uid(n),
    guid: guid(`g${n}`),
    flags: flags(0),
    keywords: keywords([]),
    modSeq: modSeq(1n),
  },
  uid: uid(n),
  keepModSeq: false,
});

/** A plan of copies and expunges. */
const plan = (kinds: readonly boolean[]): readonly PlannedOperation[] =>
  kinds.map((isCopy, i): PlannedOperation =>
    isCopy ? copyOf(i + 1) : { _tag: "Expunge", uid: uid(i + 1), guid: guid("x") }
  );

/** Mails of every UID but those that can be divided by seven; counts the calls. */
const source = (calls: number[]): FetchMails =>
  async function* (wanted) {
    calls.push(0);
    for await (const uids of wanted) {
      calls[calls.length - 1]! += uids.length;
      yield uids.map((one: Uid): Fetched =>
        one % 7 === 0
          ? {
            _tag: "Lost",
            uid: one,
            error: { _tag: "Changed", scope: "message", where: {}, what: "gone" },
          }
          : { _tag: "Mail", mail: mailOf({ uid: one }) }
      );
    }
  };

Deno.test("attachMails over copiesTogether: all operations in their order, one fetch for each run of copies", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (kinds) => {
    const calls: number[] = [];
    const lost: number[] = [];
    const attach = attachMails(source(calls), (copy) => {
      lost.push(copy.uid);
      return Promise.resolve(null);
    });
    const all = await collect(attach(copiesTogether(plan(kinds))))();
    assert.ok(E.isRight(all));
    const there = kinds.flatMap((isCopy, i) => isCopy && (i + 1) % 7 === 0 ? [] : [i + 1]);
    assert.deepEqual(
      all.right.map((one) => one._tag === "SaveMail" ? one.copy.uid : (one as { uid: Uid }).uid),
      there,
    );
    assert.deepEqual(
      lost,
      kinds.flatMap((isCopy, i) => isCopy && (i + 1) % 7 === 0 ? [i + 1] : []),
    );
    const runs = kinds.filter((isCopy, i) => isCopy && kinds[i - 1] !== true).length;
    assert.equal(calls.length, runs);
  }));
});

Deno.test("copiesTogether: what is no copy comes in chunks of the usual size", async () => {
  const sizes: number[] = [];
  const kinds = [...Array(CHUNK * 2 + 1).fill(false), ...Array(CHUNK + 5).fill(true)];
  await drain(copiesTogether(plan(kinds)), (chunk) => void sizes.push(chunk.length))();
  assert.deepEqual(sizes, [CHUNK, CHUNK, 1, CHUNK + 5]);
});

Deno.test("firstCopies: those that are fetched first", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 20 }), async (kinds) => {
    const operations = plan(kinds);
    const calls: number[] = [];
    const recover = (): Promise<null> => Promise.resolve(null);
    await drain(attachMails(source(calls), recover)(copiesTogether(operations)))();
    const first = kinds.indexOf(true) + 1;
    const wanted = Array.from({ length: calls[0] ?? 0 }, (_, i) => first + i);
    assert.deepEqual(firstCopies(operations).map((copy) => Number(copy.from.uid)), wanted);
  }));
});
