/**
 * The contract of one mailbox: what comes out is what went in.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import { pipe } from "fp-ts/function.js";
import { sameGuid } from "../codec/guid.ts";
import { DELETED, DRAFT, FLAGGED, flags, SEEN } from "../model/flags.ts";
import { guid, modSeq, uid } from "../model/ids.ts";
import { mailboxName } from "../model/mailbox.ts";
import type { MailOperation } from "../model/operation.ts";
import { collect, fromArray } from "../stream/chunks.ts";
import { bytesOf, hexGuid, mailOf, type MailSpec, recordOf, saveOf } from "./mails.ts";
import {
  allDone,
  apply,
  applyTo,
  awkwardMails,
  BOX,
  type Cases,
  contentOf,
  CREATE,
  OTHER,
  plainRecords,
  run,
} from "./content.ts";

/** Registers them. */
export const mailCases = ({ test, reopened, holds: gaps }: Cases): void => {
  const specs = awkwardMails().filter((spec) => gaps.spacesInGuids || !spec.guid?.includes(" "));

  test("apply keeps mails of every kind exactly", async (home, store) => {
    await run(store.applyTree(CREATE));
    const outcomes = await applyTo(store, BOX, specs.map(saveOf));
    allDone(outcomes);
    assert.equal(outcomes.length, specs.length);
    await reopened(home, async (again) => {
      const { records, mails, status } = await contentOf(again, BOX);
      assert.deepEqual(records.map((r) => r.uid), specs.map((s) => s.uid));
      records.forEach((record, i) => {
        const wanted = recordOf(specs[i]!);
        assert.equal(record.flags, wanted.flags, `flags of ${record.uid}`);
        assert.deepEqual(
          record.keywords.map((k) => k.toLowerCase()).sort(),
          wanted.keywords.map((k) => k.toLowerCase()).sort(),
          `keywords of ${record.uid}`,
        );
      });
      mails.forEach((mail, i) => {
        const wanted = mailOf(specs[i]!);
        assert.equal(mail.guid, wanted.guid);
        assert.equal(mail.receivedAt, wanted.receivedAt, `received date of ${mail.uid}`);
        assert.equal(mail.size, wanted.size);
        const bytes = new TextDecoder("latin1").decode(bytesOf(specs[i]!));
        assert.ok(mail.bytes === bytes, `bytes of ${mail.uid}`);
      });
      assert.equal(status.messages, specs.length);
      assert.equal(status.uidNext, 4_000_000_001);
    });
  });

  test("apply keeps saved dates, POP3 UIDLs and POP3 order", async (home, store) => {
    await run(store.applyTree(CREATE));
    const wanted: MailSpec[] = [
      { uid: 1, savedAt: 1_500_000_000, pop3Uidl: "uidl-1", pop3Order: 7 },
      { uid: 2, savedAt: 1_500_000_001 },
      { uid: 3, pop3Uidl: "x" },
    ];
    allDone(await applyTo(store, BOX, wanted.map(saveOf)));
    await reopened(home, async (again) => {
      const { mails } = await contentOf(again, BOX);
      assert.deepEqual(mails.map((m) => m.pop3Uidl), ["uidl-1", null, "x"]);
      assert.deepEqual(mails.map((m) => m.pop3Order), [7, null, null]);
      if (gaps.savedDates) {
        assert.deepEqual(mails.slice(0, 2).map((m) => m.savedAt), [1_500_000_000, 1_500_000_001]);
      }
    });
  });

  test("apply gives a new mailbox the exact MODSEQs, over several batches", async (home, store) => {
    await run(store.applyTree(CREATE));
    const wanted: MailSpec[] = [
      { uid: 1, modSeq: 2 },
      { uid: 5, modSeq: 90, keywords: ["a", "b"] },
      { uid: 6, modSeq: 3, flags: SEEN },
      { uid: 9, modSeq: 123_456_789_012 },
      { uid: 10, modSeq: 1 },
    ];
    await run(store.withMailbox(BOX, (mailbox) =>
      pipe(
        apply(mailbox, wanted.slice(0, 2).map(saveOf), 1),
        TE.chain(() =>
          apply(mailbox, [...wanted.slice(2).map(saveOf), {
            _tag: "RaiseStatus",
            uidNext: 20,
            highestModSeq: modSeq(123_456_789_020n),
            firstRecentUid: 10,
          }], 1)
        ),
      )));
    await reopened(home, async (again) => {
      const { records, status } = await contentOf(again, BOX);
      assert.deepEqual(records.map((r) => r.modSeq), wanted.map((w) => BigInt(w.modSeq!)));
      assert.equal(status.highestModSeq, 123_456_789_020n);
      assert.equal(status.uidNext, 20);
      assert.equal(status.firstRecentUid, 10);
      assert.ok(status.modSeqTracked);
    });
  });

  test("apply refuses a UID below UIDNEXT and saves the others", async (home, store) => {
    await run(store.applyTree(CREATE));
    allDone(await applyTo(store, BOX, [saveOf({ uid: 5 })]));
    const outcomes = await applyTo(store, BOX, [
      saveOf({ uid: 5, guid: hexGuid(9) }),
      saveOf({ uid: 6 }),
    ]);
    assert.deepEqual(outcomes.map((o) => o._tag), ["Refused", "Done"]);
    const [first] = outcomes;
    assert.ok(first?._tag === "Refused");
    assert.equal(first.error._tag, "Changed");
    assert.equal(first.error.where.uid, 5);
    await reopened(home, async (again) => {
      const { mails } = await contentOf(again, BOX);
      assert.deepEqual(mails.map((m) => [m.uid, m.guid]), [[5, hexGuid(5)], [6, hexGuid(6)]]);
    });
  });

  test("apply refuses a mail whose body is not of its size", async (home, store) => {
    await run(store.applyTree(CREATE));
    const short = saveOf({ uid: 2, bytes: "x".repeat(2_000_000), pieces: 65_536 });
    const outcomes = await applyTo(store, BOX, [
      saveOf({ uid: 1 }),
      { ...short, mail: { ...short.mail, size: 2_000_001 } },
      saveOf({ uid: 3 }),
    ]);
    assert.deepEqual(outcomes.map((o) => o._tag), ["Done", "Refused", "Done"]);
    await reopened(home, async (again) => {
      const { mails } = await contentOf(again, BOX);
      assert.deepEqual(mails.map((m) => m.uid), [1, 3]);
    });
  });

  const flagged = (
    over: Partial<Extract<MailOperation, { _tag: "UpdateFlags" }>>,
  ): MailOperation => ({
    _tag: "UpdateFlags",
    uid: uid(1),
    guid: guid(hexGuid(1)),
    add: flags(0),
    remove: flags(0),
    addKeywords: [],
    removeKeywords: [],
    modSeq: null,
    ...over,
  });

  test("apply changes flags and keywords relative to what is there", async (home, store) => {
    await run(store.applyTree(CREATE));
    allDone(
      await applyTo(store, BOX, [
        saveOf({ uid: 1, flags: SEEN | DRAFT, keywords: ["Keep", "Drop"] }),
        saveOf({ uid: 2, flags: FLAGGED, keywords: ["Drop"] }),
      ]),
    );
    allDone(
      await applyTo(store, BOX, [flagged({
        add: flags(DELETED | SEEN),
        remove: flags(DRAFT),
        addKeywords: ["New"],
        removeKeywords: ["drop"],
      })]),
    );
    await reopened(home, async (again) => {
      const { records } = await contentOf(again, BOX);
      assert.deepEqual(plainRecords(records), [
        {
          uid: 1,
          guid: hexGuid(1),
          flags: SEEN | DELETED,
          keywords: ["Keep", "New"],
        },
        { uid: 2, guid: hexGuid(2), flags: FLAGGED, keywords: ["Drop"] },
      ]);
    });
  });

  test(
    "apply raises a mail's MODSEQ to the wanted one and never lowers it",
    async (home, store) => {
      await run(store.applyTree(CREATE));
      allDone(
        await applyTo(store, BOX, [
          saveOf({ uid: 1, modSeq: 5 }),
          saveOf({ uid: 2, modSeq: 6 }),
          {
            _tag: "RaiseStatus",
            uidNext: 3,
            highestModSeq: modSeq(6n),
            firstRecentUid: 1,
          },
        ]),
      );
      allDone(await applyTo(store, BOX, [flagged({ modSeq: modSeq(1000n) })]));
      const lifted = await contentOf(store, BOX);
      assert.deepEqual(lifted.records.map((r) => r.modSeq), [1000n, 6n]);
      assert.equal(lifted.status.highestModSeq, 1000n);
      allDone(await applyTo(store, BOX, [flagged({ add: flags(SEEN), modSeq: modSeq(3n) })]));
      await reopened(home, async (again) => {
        const { records, status } = await contentOf(again, BOX);
        assert.ok(records[0]!.modSeq > 1000n);
        assert.equal(records[1]!.modSeq, 6n);
        assert.equal(status.highestModSeq, records[0]!.modSeq);
      });
    },
  );

  test(
    "apply refuses to touch a mail with another GUID, or one that is gone",
    async (home, store) => {
      await run(store.applyTree(CREATE));
      allDone(await applyTo(store, BOX, [saveOf({ uid: 1 })]));
      const outcomes = await applyTo(store, BOX, [
        flagged({ guid: guid(hexGuid(99)), add: flags(SEEN) }),
        flagged({ uid: uid(77), add: flags(SEEN) }),
        { _tag: "Expunge", uid: uid(1), guid: guid(hexGuid(99)) },
      ]);
      assert.deepEqual(outcomes.map((o) => o._tag === "Refused" && o.error._tag), [
        "Changed",
        "Changed",
        "Changed",
      ]);
      await reopened(home, async (again) => {
        const { records } = await contentOf(again, BOX);
        assert.deepEqual(records.map((r) => [r.uid, r.flags]), [[1, 0]]);
      });
    },
  );

  test("apply expunges once, and the log tells it as done by a sync", async (home, store) => {
    await run(store.applyTree(CREATE));
    allDone(
      await applyTo(store, BOX, [saveOf({ uid: 1 }), saveOf({ uid: 2 }), saveOf({ uid: 3 })]),
    );
    const expunge: MailOperation = { _tag: "Expunge", uid: uid(2), guid: guid(hexGuid(2)) };
    allDone(await applyTo(store, BOX, [expunge]));
    allDone(await applyTo(store, BOX, [expunge]));
    await reopened(home, async (again) => {
      const { records, status } = await contentOf(again, BOX);
      assert.deepEqual(records.map((r) => r.uid), [1, 3]);
      assert.equal(status.uidNext, 4);
      const changes = await run(again.withMailbox(BOX, (mailbox) => collect(mailbox.changes())));
      const expunged = changes.filter((change) => change._tag === "Expunged");
      assert.deepEqual(expunged.map((c) => [c.uid, c.bySync]), [[2, true]]);
      assert.ok(expunged.every((c) => c.guid !== null && sameGuid(c.guid, guid(hexGuid(2)))));
      assert.ok(await run(again.withMailbox(BOX, (mailbox) => TE.right(mailbox.historyComplete))));
    });
  });

  test(
    "apply renumbers a mail with everything it has, and the old UID is expunged",
    async (home, store) => {
      await run(store.applyTree(CREATE));
      const spec = {
        flags: SEEN | FLAGGED,
        keywords: ["Work"],
        pop3Uidl: "u",
        pop3Order: 3,
        receivedAt: 99,
      };
      allDone(
        await applyTo(store, BOX, [
          saveOf({ uid: 1 }),
          saveOf({ uid: 2, ...spec }),
          saveOf({ uid: 3 }),
        ]),
      );
      const move = (from: number, to: number, id = from): MailOperation => ({
        _tag: "RenumberMail",
        uid: uid(from),
        guid: guid(hexGuid(id)),
        newUid: uid(to),
        modSeq: modSeq(500n),
      });
      const outcomes = await applyTo(store, BOX, [
        move(1, 3),
        saveOf({ uid: 5 }),
        move(2, 7),
        move(3, 8, 99),
        move(77, 9),
        saveOf({ uid: 10 }),
      ]);
      assert.deepEqual(outcomes.map((o) => o._tag === "Done"), [
        false,
        true,
        true,
        false,
        false,
        true,
      ]);
      await reopened(home, async (again) => {
        const { records, mails, status } = await contentOf(again, BOX);
        assert.deepEqual(records.map((r) => r.uid), [1, 3, 5, 7, 10]);
        assert.deepEqual(plainRecords(records)[3], {
          uid: 7,
          guid: hexGuid(2),
          flags: SEEN | FLAGGED,
          keywords: ["Work"],
        });
        assert.ok(records[3]!.modSeq >= 500n);
        const wanted = mailOf({ uid: 2, ...spec });
        const { bytes, ...kept } = mails[3]!;
        assert.equal(bytes, new TextDecoder().decode(bytesOf({ uid: 2 })));
        assert.deepEqual(
          [kept.guid, kept.receivedAt, kept.pop3Uidl, kept.pop3Order],
          [wanted.guid, wanted.receivedAt, wanted.pop3Uidl, wanted.pop3Order],
        );
        assert.equal(status.uidNext, 11);
      });
    },
  );

  test("an open mailbox shows the state at its opening", async (_home, store) => {
    await run(store.applyTree(CREATE));
    const many = Array.from({ length: 3000 }, (_, i) => saveOf({ uid: i + 1, bytes: "x\n" }));
    allDone(await applyTo(store, BOX, many));
    await run(store.withMailbox(BOX, (mailbox) => async () => {
      const seen: number[] = [];
      let first = true;
      for await (const chunk of mailbox.records()) {
        chunk.forEach((record) => seen.push(record.uid));
        if (!first) continue;
        first = false;
        const last: MailOperation = { _tag: "Expunge", uid: uid(3000), guid: guid(hexGuid(3000)) };
        allDone(await run(apply(mailbox, [last, saveOf({ uid: 3001 })])));
      }
      assert.equal(seen.length, 3000);
      assert.equal(seen.at(-1), 3000);
      assert.equal((await run(collect(mailbox.records()))).length, 3000);
      return E.right(undefined);
    }));
    const { records } = await contentOf(store, BOX);
    assert.equal(records.at(-1)!.uid, 3001);
    assert.equal(records.length, 3000);
  });

  test("fetch answers each UID in the order asked for", async (_home, store) => {
    await run(store.applyTree(CREATE));
    allDone(await applyTo(store, BOX, [1, 2, 3, 4].map((n) => saveOf({ uid: n }))));
    const answers = await run(
      store.withMailbox(BOX, (box) => collect(box.fetch(fromArray([3, 9, 1, 3].map(uid), 2)))),
    );
    assert.deepEqual(
      answers.map((a) => a._tag === "Mail" ? a.mail.uid : `lost ${a.uid} ${a.error._tag}`),
      [3, "lost 9 Changed", 1, 3],
    );
  });

  test("apply comes to the same end however its input is cut", async (home, store) => {
    const work = (chunk: number, box: typeof BOX, name: string) =>
      pipe(
        store.applyTree({ ...CREATE, name: mailboxName(name), guid: box }),
        TE.chain(() =>
          store.withMailbox(box, (mailbox) =>
            apply(mailbox, [
              ...[1, 2, 3, 4, 5].map((n) => saveOf({ uid: n, flags: n, modSeq: n + 1 })),
              flagged({ add: flags(DELETED) }),
              { _tag: "Expunge", uid: uid(3), guid: guid(hexGuid(3)) },
              { _tag: "RaiseStatus", uidNext: 9, highestModSeq: modSeq(50n), firstRecentUid: 2 },
            ], chunk))
        ),
      );
    allDone(await run(work(1, BOX, "one")));
    allDone(await run(work(1000, OTHER, "other")));
    await reopened(home, async (again) => {
      const one = await contentOf(again, BOX);
      const other = await contentOf(again, OTHER);
      assert.deepEqual(plainRecords(one.records), plainRecords(other.records));
      assert.equal(one.status.uidNext, other.status.uidNext);
      assert.deepEqual(one.records.map((r) => r.uid), [1, 2, 4, 5]);
    });
  });
};
