import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { encodeFileHeader } from "../../codec/mdbox_file.ts";
import { decodeMapRecord, encodeMapRecord, type MapRecord } from "../../codec/mdbox_index.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import type { Body } from "../../model/mail.ts";
import type { Os } from "../../port/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { Journal } from "./journal.ts";
import { fileIdOf, type Layout, storageFile } from "./layout.ts";
import { StorageReader } from "./storage_reader.ts";
import { type NewMail, type Placement, StorageWriter } from "./storage_writer.ts";
import { bytes, fileNames, inStorage, os } from "./_storage.ts";

const streamOf = async function* (all: Uint8Array, piece: number) {
  for (let i = 0; i < all.length; i += piece) {
    yield await Promise.resolve(all.subarray(i, i + piece));
  }
};

const mail = (n: number, body: Uint8Array, asStream = 0): NewMail => ({
  guid: `guid-${n}`,
  receivedAt: 1000 + n,
  pop3Uidl: n % 2 === 0 ? `uidl-${n}` : null,
  pop3Order: n % 3 === 0 && n > 0 ? n : null,
  mailbox: "INBOX",
  size: body.length,
  body: asStream === 0 ? [body] : streamOf(body, asStream),
});

const bodyBytes = async (body: Body): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece.slice());
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
};

/** Gives the new files numbers, as the store does under the lock of the map. */
const number = (layout: Layout, { targets, records }: Placement, first: number): MapRecord[] => {
  let next = first;
  const ids = targets.map(({ fileId, path }) => {
    if (fileId !== null) return fileId;
    os.disk.rename(path, storageFile(layout, next));
    return next++;
  });
  return records.map(({ target, offset, size }) => ({ fileId: ids[target]!, offset, size }));
};

const damage = (use: () => unknown): SyncError => {
  try {
    use();
  } catch (thrown) {
    if (thrown instanceof StreamFailure) return thrown.error as SyncError;
    throw thrown;
  }
  assert.fail("no error");
};

Deno.test("fileIdOf takes only m.N with a number that fits", () => {
  const table: [string, number | null][] = [
    ["m.", null],
    ["m.0", null],
    ["m.01", null],
    ["m.1.broken", null],
    ["m.4294967296", null],
    ["m.4294967295", 4294967295],
    ["m.1", 1],
  ];
  for (const [name, id] of table) assert.equal(fileIdOf(name), id, name);
});

inStorage(
  "StorageWriter refuses a mail that cannot be stored and keeps the others",
  async (layout) => {
    const writer = new StorageWriter(os, layout, new Journal(os, layout));
    const big = new Uint8Array(2_000_000).fill(0x0a);
    const failing = async function* () {
      yield await Promise.resolve(big);
      throw new StreamFailure(syncError("Damaged", "message", { path: "far" }, "broken there"));
    };
    const table: [string, NewMail, string | null][] = [
      ["good", mail(1, bytes("one\n")), null],
      ["GUID with a line end", { ...mail(2, bytes("x")), guid: "a\nb" }, "Unfit"],
      ["too large", { ...mail(3, bytes("x")), size: 2 ** 32 }, "Unfit"],
      ["wrong size", { ...mail(4, bytes("x")), size: 2 }, "Changed"],
      ["stream", mail(5, big, 65536), null],
      ["longer stream", { ...mail(6, big, 65536), size: 1_999_999 }, "Changed"],
      ["shorter stream", { ...mail(7, big, 65536), size: 2_000_001 }, "Changed"],
      ["failing stream", { ...mail(8, big), body: failing(), size: 3_000_000 }, "Damaged"],
      ["good again", mail(9, bytes("nine\n")), null],
    ];
    for (const [name, one, tag] of table) {
      const added = await writer.add(one);
      assert.equal(E.isLeft(added) ? added.left._tag : null, tag, name);
    }
    const placed = number(layout, await writer.place(null, () => null), 1);
    const reader = new StorageReader(os, layout);
    const guids = placed.map((record) => reader.read(record)?.metadata.guid);
    assert.deepEqual(guids, ["guid-1", "guid-5", "guid-9"]);
    const stream = reader.read(placed[1]!)!;
    assert(!Array.isArray(stream.body));
    assert.equal(stream.metadata.virtualSize, 4_000_000);
    assert.deepEqual(await bodyBytes(stream.body), big);
    reader.close();
    writer.release();
  },
);

inStorage("StorageWriter leaves no file for mails that were all refused", async (layout) => {
  const journal = new Journal(os, layout);
  const writer = new StorageWriter(os, layout, journal);
  const big = new Uint8Array(2_000_000);
  assert(E.isLeft(await writer.add({ ...mail(1, big, 65536), size: 1_999_999 })));
  assert(E.isRight(await writer.add(mail(2, big, 65536))));
  assert(E.isLeft(await writer.add({ ...mail(3, big, 65536), size: 1_999_999 })));
  const { targets, records } = await writer.place(null, () => null);
  assert.deepEqual([targets.length, records.map(({ target }) => target)], [1, [0]]);
  writer.abort();
  journal.close();
  assert.deepEqual(fileNames(layout), []);
});

inStorage(
  "what StorageWriter writes StorageReader reads, in any order and any cut",
  async (layout) => {
    const one = fc.record({
      body: fc.uint8Array({ maxLength: 3000 }),
      piece: fc.constantFrom(0, 0, 100, 5000),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(one, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.nat()),
        async (batches, order) => {
          for (const { name } of os.files.list(layout.storage) ?? []) {
            os.disk.unlink(`${layout.storage}/${name}`);
          }
          const journal = new Journal(os, layout);
          const wanted: { n: number; body: Uint8Array }[] = [];
          const map: MapRecord[] = [];
          const endOf = (id: number) =>
            Math.max(0, ...map.filter((r) => r.fileId === id).map((r) => r.offset + r.size)) ||
            null;
          for (const batch of batches) {
            const writer = new StorageWriter(os, layout, journal);
            for (const { body, piece } of batch) {
              const n = wanted.length;
              assert(E.isRight(await writer.add(mail(n, body, piece))));
              wanted.push({ n, body });
            }
            const highest = Math.max(0, ...map.map((r) => r.fileId));
            const placement = await writer.place(map.at(-1)?.fileId ?? null, endOf);
            map.push(...number(layout, placement, highest + 1));
            writer.release();
            journal.reset();
          }
          journal.close();
          const sizes = new Map(
            map.map((r) => [r.fileId, os.files.stat(storageFile(layout, r.fileId))]),
          );
          for (const [id, info] of sizes) {
            const alone = map.filter((r) => r.fileId === id).length === 1;
            assert(alone || info!.size <= layout.rotateSize, `m.${id} has ${info!.size} bytes`);
            assert.equal(info!.size, endOf(id));
          }
          const reader = new StorageReader(os, layout);
          for (let i = 0; i < 12; i++) {
            const at = order.next().value % map.length;
            const stored = reader.read(map[at]!)!;
            const { n, body } = wanted[at]!;
            assert.equal(stored.metadata.guid, `guid-${n}`);
            assert.equal(stored.metadata.pop3Uidl, mail(n, body).pop3Uidl);
            assert.equal(stored.metadata.pop3Order, mail(n, body).pop3Order);
            assert.equal(stored.bodySize, body.length);
            assert.deepEqual(await bodyBytes(stored.body), body);
          }
          reader.close();
        },
      ),
      { numRuns: 25 },
    );
  },
);

inStorage("StorageWriter appends only where it may", async (layout) => {
  const file = storageFile(layout, 3);
  const full = bytes("2 M1e C1\n" + "x".repeat(layout.rotateSize));
  const table: [string, () => void, number | null, boolean][] = [
    ["good", () => {}, 9, true],
    ["not in the map", () => {}, null, false],
    ["longer than the map says", () => os.disk.create(file, [bytes("2 M1e C1\nx")]), 9, false],
    ["version 1", () => os.disk.create(file, [bytes("1 M1e C1\n")]), 9, false],
    ["other message header", () => os.disk.create(file, [bytes("2 M1f C1\n")]), 9, false],
    ["no room", () => os.disk.create(file, [full]), full.length, false],
    ["not there", () => os.disk.unlink(file), 9, false],
  ];
  for (const [name, prepare, end, appends] of table) {
    os.disk.unlink(file);
    if (prepare.length === 0 && (name === "good" || name === "not in the map")) {
      os.disk.create(file, [bytes("2 M1e C1\n")]);
    }
    prepare();
    const journal = new Journal(os, layout);
    const writer = new StorageWriter(os, layout, journal);
    await writer.add(mail(1, bytes("x")));
    const { targets } = await writer.place(3, () => end);
    assert.equal(targets[0]?.fileId, appends ? 3 : null, name);
    writer.abort();
    journal.close();
  }
});

inStorage("StorageWriter starts a new file where somebody has the last one", async (layout) => {
  const file = storageFile(layout, 3);
  os.disk.create(file, [bytes("2 M1e C1\n")]);
  const fd = os.files.open(file, "r+");
  const lock = os.locks.tryFlock(fd, file);
  assert(lock !== null);
  const journal = new Journal(os, layout);
  const writer = new StorageWriter(os, layout, journal);
  await writer.add(mail(1, bytes("x")));
  assert.equal((await writer.place(3, () => 9)).targets[0]?.fileId, null);
  writer.abort();
  journal.close();
  lock.release();
  os.files.close(fd);
  assert.deepEqual(fileNames(layout), ["m.3"]);
});

inStorage("StorageWriter.abort leaves everything as it was", async (layout) => {
  const file = storageFile(layout, 3);
  os.disk.create(file, [bytes("2 M1e C1\n")]);
  for (const size of [10, 2_000_000]) {
    const journal = new Journal(os, layout);
    const writer = new StorageWriter(os, layout, journal);
    await writer.add(mail(1, new Uint8Array(size)));
    await writer.place(3, () => 9);
    writer.abort();
    journal.close();
    assert.deepEqual(fileNames(layout), ["m.3"]);
    assert.equal(os.files.stat(file)?.size, 9);
  }
});

inStorage(
  "StorageWriter.place: every file of the batch is durable, or it fails as the first that is not",
  async (layout) => {
    const paths: string[] = [];
    let open = 0;
    const slow = (fails: boolean): Os => ({
      ...os,
      disk: {
        ...os.disk,
        openNew: (path, mode) => {
          paths.push(path);
          return os.disk.openNew(path, mode);
        },
        syncBeside: async (fd) => {
          open++;
          const n = open;
          // The last one begun is the first to end.
          for (let turn = n; turn < 4; turn++) await os.sleep(1);
          await os.disk.syncBeside(fd);
          open--;
          if (fails && n === 2) throw new StreamFailure(syncError("Io", "store", {}, "no space"));
        },
      },
    });
    for (const fails of [false, true]) {
      paths.length = 0;
      const journal = new Journal(os, layout);
      const writer = new StorageWriter(slow(fails), layout, journal);
      for (const n of [1, 2, 3]) await writer.add(mail(n, new Uint8Array(2_000_000)));
      const end = await writer.place(null, () => null).then(
        () => null,
        (thrown) => thrown.error.what,
      );
      assert.deepEqual([end, paths.length, open], [fails ? "no space" : null, 3, 0]);
      writer.abort();
      journal.close();
      assert.deepEqual(fileNames(layout), []);
    }
  },
);

inStorage("StorageReader names what is wrong, with path and offset", async (layout) => {
  const writer = new StorageWriter(os, layout, new Journal(os, layout));
  await writer.add(mail(1, bytes("one\n")));
  await writer.add(mail(2, bytes("two\n")));
  const [first, second] = number(layout, await writer.place(null, () => null), 1);
  writer.release();
  assert(first !== undefined && second !== undefined);
  const path = storageFile(layout, 1);
  os.disk.create(storageFile(layout, 2), [bytes("no header")]);
  const reader = new StorageReader(os, layout);
  assert.equal(reader.read({ ...first, fileId: 9 }), null);
  const table: [string, MapRecord, string, number][] = [
    ["offset", { ...first, offset: first.offset + 1 }, path, first.offset + 1],
    ["size", { ...first, size: first.size + second.size }, path, first.offset],
    ["shorter", { ...first, size: 20 }, path, first.offset],
    ["behind the end", { ...second, offset: 5000 }, path, 5000],
    ["large behind the end", { ...second, offset: 5000, size: 2 ** 31 }, path, 5000],
    ["large", { ...first, size: 2 ** 31 }, path, first.offset],
    ["no header", { ...first, fileId: 2 }, storageFile(layout, 2), 0],
  ];
  for (const [name, record, file, offset] of table) {
    const error = damage(() => reader.read(record));
    assert.deepEqual(
      [error._tag, error.where.path, error.where.offset],
      ["Damaged", file, offset],
      name,
    );
  }
  assert.equal(reader.read(first)?.metadata.guid, "guid-1");
  reader.close();
});

inStorage("StorageReader finds a file in the alternative storage", async (layout) => {
  const writer = new StorageWriter(os, layout, new Journal(os, layout));
  await writer.add(mail(1, bytes("one\n")));
  const [record] = number(layout, await writer.place(null, () => null), 1);
  writer.release();
  os.disk.mkdir(layout.altStorage!);
  os.disk.rename(storageFile(layout, 1), `${layout.altStorage}/m.1`);
  const reader = new StorageReader(os, layout);
  assert.equal(reader.read(record!)?.metadata.guid, "guid-1");
  reader.close();
});

inStorage(
  "StorageReader sees a record that was put in place after its window was read",
  async (layout) => {
    const writer = new StorageWriter(os, layout, new Journal(os, layout));
    for (let n = 1; n <= 3; n++) await writer.add(mail(n, bytes("mail\n")));
    const [first, second, third] = number(layout, await writer.place(null, () => null), 1);
    writer.release();
    // A writer fills in the message header last: until then there are zeros.
    const path = storageFile(layout, 1);
    const fd = os.files.open(path, "r+");
    const header = new Uint8Array(30);
    os.files.read(fd, header, third!.offset);
    os.disk.write(fd, new Uint8Array(30), third!.offset);
    const reader = new StorageReader(os, layout);
    reader.read(first!);
    reader.read(second!);
    os.disk.write(fd, header, third!.offset);
    assert.equal(reader.read(third!)?.metadata.guid, "guid-3");
    reader.close();
    os.files.close(fd);
  },
);

inStorage(
  "StorageWriter begins another file where a record would end beyond 32 bits",
  async (layout) => {
    const first = storageFile(layout, 1);
    os.disk.create(first, [encodeFileHeader(1)]);
    for (
      const [end, appended] of [[2 ** 32 - 1, false], [4.5 * 2 ** 30, false], [
        2 ** 32 - 4096,
        true,
      ]] as const
    ) {
      // Sparse, behind some large mails as it were.
      Deno.truncateSync(first, end);
      const writer = new StorageWriter(os, layout, new Journal(os, layout));
      await writer.add(mail(1, bytes("Subject: x\n\nx\n")));
      const { targets, records } = await writer.place(1, () => end);
      assert.equal(targets[0]!.fileId, appended ? 1 : null, `at ${end}`);
      const { offset, size } = records[0]!;
      assert.ok(offset + size < 2 ** 32, `at ${end}`);
      const map = new Uint8Array(12);
      encodeMapRecord(map, 0, { fileId: 1, offset, size });
      assert.deepEqual(decodeMapRecord(map, 0), { fileId: 1, offset, size });
      writer.abort();
    }
  },
  8 * 2 ** 30,
);
