import assert from "node:assert/strict";
import { appendMails } from "../../codec/index_build.ts";
import { DONE } from "../../codec/index_record.ts";
import { encodeGroup } from "../../codec/index_record_encode.ts";
import { withDirectory } from "../../os/_other_process.ts";
import { appendBytes, BASE, fresh, mails, os, summaryOf } from "./_index_home.ts";
import { tornEnd } from "./torn_end.ts";

const GROUP = encodeGroup([mails(3, 4), appendMails(Uint32Array.of(5), new Uint8Array(1))], DONE);

const TORN: readonly (readonly [name: string, tail: Uint8Array])[] = [
  ["a few bytes of a record", GROUP.subarray(0, 5)],
  ["a group that is not whole", GROUP.subarray(0, -4)],
  ["zeros, as a file system leaves them", new Uint8Array(64)],
  ["a group of which the rest is zeros", Uint8Array.of(...GROUP.subarray(0, 4), 0, 0, 0, 0, 0)],
];

for (const [name, tail] of TORN) {
  Deno.test(`tornEnd: ${name}: it is told, with file and offset`, () =>
    withDirectory((home) => {
      const file = fresh(home, [mails(1, 2)]);
      const { offset } = file.view.position;
      appendBytes(`${home}/${BASE}.log`, tail);
      const error = tornEnd({ ...os, pause: () => {} }, file);
      assert(error !== null);
      assert.deepEqual(summaryOf(error, home), [
        "Damaged",
        `${BASE}.log`,
        "the log ends inside a record, and what it said last is lost (doveadm force-resync)",
      ]);
      assert.equal(error.where.offset, offset);
      assert.deepEqual([...file.view.uids], [1, 2]);
      file.close();
    }));
}

Deno.test("tornEnd: a log that ends with a record is not waited for", () =>
  withDirectory((home) => {
    const file = fresh(home, [mails(1, 2)]);
    const pause = () => assert.fail("nobody is at work");
    assert.equal(tornEnd({ ...os, pause }, file), null);
    file.close();
  }));

Deno.test("tornEnd: a writer in the middle of a record is waited for, and what he wrote is seen", () =>
  withDirectory((home) => {
    const path = `${home}/${BASE}.log`;
    const file = fresh(home, [mails(1, 2)]);
    appendBytes(path, GROUP.subarray(0, 9));
    let pauses = 0;
    const pause = () => {
      pauses += 1;
      if (pauses === 3) appendBytes(path, GROUP.subarray(9));
    };
    assert.equal(tornEnd({ ...os, pause }, file), null);
    assert.equal(pauses, 3);
    assert.deepEqual([...file.view.uids], [1, 2, 3, 4, 5]);
    file.close();
  }));

Deno.test("tornEnd: a writer who never pauses is no dead one", () =>
  withDirectory((home) => {
    const file = fresh(home, [mails(1, 2)]);
    const large = encodeGroup([mails(...Array.from({ length: 99 }, (_, i) => 3 + i))], DONE);
    let at = 0;
    const pause = () => appendBytes(`${home}/${BASE}.log`, large.subarray(at, at += 9));
    pause();
    assert.equal(tornEnd({ ...os, pause }, file), null);
    file.close();
  }));
