import assert from "node:assert/strict";
import type { RequestedMail } from "../codec/dsync_wire_item.ts";
import { type Guid, guid } from "../model/ids.ts";
import type { Body, Mail } from "../model/mail.ts";
import type { MakeSpool } from "../port/spool.ts";
import { Arrivals } from "./arrivals.ts";

const item = (id: string, body = true): RequestedMail => ({
  _tag: "RequestedMail",
  guid: guid(id) as Guid,
  uid: null,
  pop3Uidl: "",
  pop3Order: null,
  receivedAt: 1_700_000_000,
  savedAt: null,
  body,
});

const bodyOf = async function* (...sizes: readonly number[]) {
  for (const size of sizes) yield await Promise.resolve(new Uint8Array(size).fill(size & 0xff));
};

const sizeOf = async (body: Body): Promise<number> => {
  let size = 0;
  for await (const piece of body) size += piece.length;
  return size;
};

/** A spool in memory that says what it holds. */
const memorySpool = () => {
  const kept: Uint8Array[] = [];
  const told = { bytes: 0, made: 0, closed: 0 };
  const make: MakeSpool = () => {
    told.made++;
    return {
      append: (bytes) => {
        const at = told.bytes;
        kept.push(bytes.slice());
        told.bytes += bytes.length;
        return { at, size: bytes.length };
      },
      read: async function* ({ at, size }) {
        yield await new Blob(kept as BlobPart[]).slice(at, at + size).bytes();
      },
      close: () => void told.closed++,
    };
  };
  return { make, told };
};

const wanted = (...ids: readonly string[]): ReadonlyMap<string, number> =>
  new Map(ids.map((id) => [id, ids.filter((other) => other === id).length]));

const notSent = (key: string) => ({ error }: { readonly error: { readonly what: string } }) =>
  error.what.endsWith(`did not send the mail ${key}`);

const MiB = 1024 * 1024;

Deno.test("Arrivals: mails come in one order and are got in another", async () => {
  const { make, told } = memorySpool();
  const arrivals = new Arrivals(wanted("a", "b", "c"), make);
  const getting = (async () => {
    const sizes: number[] = [];
    for (const key of ["c", "a", "b"]) sizes.push(await sizeOf((await arrivals.get(key))!.body));
    return sizes;
  })();
  await arrivals.take(item("a"), bodyOf(1, 2));
  await arrivals.take(item("b"), bodyOf(10));
  await arrivals.take(item("c"), bodyOf(100));
  arrivals.end();
  assert.deepEqual(await getting, [100, 3, 10]);
  assert.deepEqual(told, { bytes: 0, made: 0, closed: 0 }, "small mails need no file");
});

Deno.test("Arrivals: one mail may be wanted more than once, and is gone after the last time", async () => {
  const arrivals = new Arrivals(wanted("a", "a"), memorySpool().make);
  await arrivals.take(item("a"), bodyOf(5));
  arrivals.end();
  for (let n = 0; n < 2; n++) assert.equal((await arrivals.get("a"))!.size, 5);
  await assert.rejects(arrivals.get("a"), notSent("a"));
});

Deno.test("Arrivals: a mail that the other end has no more is null; one that it never tells, an error", async () => {
  const arrivals = new Arrivals(wanted("a", "b"), memorySpool().make);
  await arrivals.take(item("a", false), bodyOf());
  arrivals.end();
  assert.equal(await arrivals.get("a"), null);
  await assert.rejects(arrivals.get("b"), notSent("b"));
});

Deno.test("Arrivals: what nobody wants, or comes twice, is read over and dropped", async () => {
  const arrivals = new Arrivals(wanted("a"), memorySpool().make);
  let read = 0;
  const counted = async function* () {
    for await (const piece of bodyOf(7, 8)) {
      read += piece.length;
      yield piece;
    }
  };
  await arrivals.take(item("stranger"), counted());
  await arrivals.take(item("a"), bodyOf(5));
  await arrivals.take(item("a"), counted());
  arrivals.end();
  assert.equal(read, 30, "both were read to their ends");
  assert.equal((await arrivals.get("a"))!.size, 5, "the first counts");
});

Deno.test("Arrivals: a large mail goes to a file, also when nobody works", async () => {
  const { make, told } = memorySpool();
  const arrivals = new Arrivals(wanted("large", "small"), make);
  await arrivals.take(item("large"), bodyOf(MiB, 1));
  await arrivals.take(item("small"), bodyOf(3));
  arrivals.end();
  assert.deepEqual([told.bytes, told.made], [MiB + 1, 1]);
  assert.equal(await sizeOf((await arrivals.get("large"))!.body), MiB + 1);
  assert.equal(await sizeOf((await arrivals.get("small"))!.body), 3);
  arrivals.close();
  assert.equal(told.closed, 1);
});

Deno.test("Arrivals: memory is bounded when nobody works: what is above 8 MiB goes to a file", async () => {
  const { make, told } = memorySpool();
  const ids = Array.from({ length: 20 }, (_, i) => `m${i}`);
  const arrivals = new Arrivals(wanted(...ids), make);
  for (const id of ids) await arrivals.take(item(id), bodyOf(MiB));
  arrivals.end();
  assert.equal(told.bytes, 12 * MiB);
  let size = 0;
  for (const id of ids.toReversed()) size += await sizeOf((await arrivals.get(id))!.body);
  assert.equal(size, 20 * MiB);
});

Deno.test("Arrivals: while somebody works, the one who listens waits instead", async () => {
  const { make, told } = memorySpool();
  const ids = Array.from({ length: 20 }, (_, i) => `m${i}`);
  const arrivals = new Arrivals(wanted(...ids), make);
  const got: Mail[] = [];
  await arrivals.take(item("m0"), bodyOf(MiB));
  got.push((await arrivals.get("m0"))!);
  // Whoever got a mail is at work with it: from here on nothing goes to a file.
  let taken = 1;
  const taking = (async () => {
    for (const id of ids.slice(1)) {
      await arrivals.take(item(id), bodyOf(MiB));
      taken++;
    }
    arrivals.end();
  })();
  await new Promise((go) => setTimeout(go, 20));
  assert.ok(taken < 12, `${taken} mails were taken ahead`);
  for (const id of ids.slice(1)) got.push((await arrivals.get(id))!);
  await taking;
  assert.equal(got.length, 20);
  assert.ok(told.bytes <= 2 * MiB, `${told.bytes} bytes went to a file`);
});

Deno.test("Arrivals: a failure reaches whoever waits, on either end", async () => {
  const arrivals = new Arrivals(wanted("a"), memorySpool().make);
  const getting = assert.rejects(arrivals.get("a"), /the pipe broke/);
  arrivals.fail(new Error("the pipe broke"));
  await getting;
  await assert.rejects(arrivals.get("a"), /the pipe broke/);
});

Deno.test("Arrivals: when nobody gets mails any more, those that come are dropped", async () => {
  const { make, told } = memorySpool();
  const arrivals = new Arrivals(wanted("a", "b"), make);
  arrivals.abandon();
  await arrivals.take(item("a"), bodyOf(2 * MiB));
  await arrivals.take(item("b"), bodyOf(20 * MiB));
  assert.equal(told.bytes, 0);
});
