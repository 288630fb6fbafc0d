/**
 * The contract of a store that is handed a mail of which the other side cannot read the rest.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type SyncError, syncError } from "../model/error.ts";
import { failStream } from "../stream/chunks.ts";
import { applyTo, BOX, type Cases, contentOf, CREATE, run } from "./content.ts";
import { bytesOf, saveOf } from "./mails.ts";

/** Registers them. */
export const failureCases = ({ test, reopened }: Cases): void => {
  test(
    "apply refuses a mail whose bytes end in a failure, and saves the others",
    async (home, store) => {
      await run(store.applyTree(CREATE));
      const broken = async function* () {
        yield await Promise.resolve(bytesOf({ uid: 2 }).subarray(0, 5));
        failStream<SyncError>(syncError("Damaged", "message", { path: "/there" }, "of no use"));
      };
      const saves = [1, 2, 3].map((uid) => saveOf({ uid }));
      const second = saves[1]!;
      saves[1] = { ...second, mail: { ...second.mail, body: broken() } };
      const outcomes = await applyTo(store, BOX, saves);
      assert.deepEqual(outcomes.map(({ _tag }) => _tag), ["Done", "Refused", "Done"]);
      const [, refused] = outcomes;
      assert.ok(refused?._tag === "Refused");
      assert.deepEqual([refused.error._tag, refused.error.scope], ["Damaged", "message"]);
      assert.equal(refused.error.what, "of no use");
      await reopened(home, async (again) => {
        const { mails } = await contentOf(again, BOX);
        assert.deepEqual(mails.map((mail) => mail.uid as number), [1, 3]);
      });
    },
  );
};
