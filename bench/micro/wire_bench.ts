/**
 * What a mail costs on the wire, in Dovecot's protocol and in ours: twenty thousand a run.
 *
 * @module
 */
import { joinBytes } from "../../lib/codec/byte_pieces.ts";
import { WireDecoder } from "../../lib/codec/dsync_wire_decoder.ts";
import { encodeFrame, FrameDecoder, jsonBytes, parseJson } from "../../lib/codec/store_frame.ts";
import { RECORDS as RECORDS_TYPE, valueOf } from "../../lib/codec/store_value.ts";
import { CHUNK } from "../../lib/stream/chunks.ts";
import { MAILS, RECORDS, right, wireBytes } from "./_inputs.ts";

const cut = (bytes: Uint8Array, size: number): readonly Uint8Array[] =>
  Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => bytes.subarray(i * size, (i + 1) * size),
  );

const decodeLines = (chunks: readonly Uint8Array[]): void => {
  const decoder = new WireDecoder();
  for (const chunk of chunks) {
    decoder.feed(chunk);
    while (right(decoder.next()) !== null);
  }
};

const READ = 64 << 10;
const lines = wireBytes();
const [pieces, bytes] = [cut(lines, READ), cut(lines, 1)];
Deno.bench(
  `dsync wire: decode ${MAILS} lines, 64 KiB at a time`,
  { group: "wire" },
  () => decodeLines(pieces),
);
Deno.bench(
  `dsync wire: decode ${MAILS} lines, byte by byte`,
  { group: "wire" },
  () => decodeLines(bytes),
);

const groups = Array.from(
  { length: Math.ceil(MAILS / CHUNK) },
  (_, i) => RECORDS.slice(i * CHUNK, (i + 1) * CHUNK),
);
const framesOf = (): Uint8Array =>
  joinBytes(
    groups.map((records) => encodeFrame({ kind: "Item", channel: 1, content: jsonBytes(records) })),
  );
Deno.bench(`store protocol: encode ${MAILS} records`, { group: "store" }, () => void framesOf());

const frames = cut(framesOf(), READ);
Deno.bench(`store protocol: decode and check ${MAILS} records`, { group: "store" }, () => {
  const decoder = new FrameDecoder();
  for (const chunk of frames) {
    decoder.feed(chunk);
    for (let frame = right(decoder.next()); frame !== null; frame = right(decoder.next())) {
      if (valueOf(RECORDS_TYPE, parseJson(frame.content)) === undefined) {
        throw new Error("these are no records");
      }
    }
  }
});
