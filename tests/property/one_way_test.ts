/** Properties of a one-way `mirror` over random histories of two accounts in memory. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { NO_MEMORY } from "../../lib/model/memory.ts";
import { isNothing } from "../../lib/model/report.ts";
import { mirror } from "../../lib/run/mirror.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import { run } from "../../lib/testing/content.ts";
import { act, anAct, newAccount, visible, World } from "./histories.ts";

const RUNS = Number(Deno.env.get("DSYNC_HISTORIES") ?? 200);

const acts = fc.array(anAct, { maxLength: 25 });
const rounds = fc.array(fc.record({ left: acts, right: acts }), { minLength: 1, maxLength: 4 });

type Account = ReturnType<typeof newAccount>;

const mailsOf = (state: Account): ReadonlySet<string> =>
  new Set(state.mailboxes.flatMap((box) => box.mails.map(({ record }) => record.guid as string)));

const copiesIn = (state: Account): readonly string[] => {
  const ids = state.mailboxes.flatMap((box) =>
    box.mails.map(({ record }) => record.guid as string)
  );
  return ids.filter((id, i) => ids.indexOf(id) < i);
};

/** The mails of the source's mailboxes that the destination's user has deleted: they stay deleted, whatever comes. */
const unwanted = (source: Account, destination: Account): ReadonlySet<string> => {
  const there = new Set(destination.mailboxes.map(({ guid }) => guid));
  const deleted = new Set(destination.log.map(({ guid }) => guid));
  return mailsOf({
    ...source,
    mailboxes: source.mailboxes.filter(({ guid }) => deleted.has(guid) && !there.has(guid)),
  });
};

const all = (state: Account): string =>
  JSON.stringify(state, (_, value) => typeof value === "bigint" ? String(value) : value);

Deno.test("mirror, one way, leaves the source alone, loses nothing, and then has nothing to do", async () => {
  await fc.assert(
    fc.asyncProperty(rounds, async (history) => {
      const world = new World();
      const source = newAccount(world);
      const destination = newAccount(world);
      const removed = new Set<string>();
      let memory = NO_MEMORY;
      for (const round of history) {
        for (const [state, side] of [[source, round.left], [destination, round.right]] as const) {
          for (const what of side) {
            const before = mailsOf(state);
            act(state, world, what);
            const after = mailsOf(state);
            for (const id of before) if (!after.has(id)) removed.add(id);
            // Of a mail with copies each side may remove another one: out of a bystander's sight.
            if (what._tag === "Copy") { for (const id of copiesIn(state)) removed.add(id); }
          }
        }
        const before = all(source);
        const left = unwanted(source, destination);
        const known = [...mailsOf(source), ...mailsOf(destination)];
        const first = await run(
          mirror(memoryStore(source), memoryStore(destination), { memory, oneWay: true }),
        );
        assert.deepEqual(first.report.problems, []);
        assert.equal(all(source), before, "the source is only read");
        const there = mailsOf(destination);
        for (const id of known) {
          const isMissed = !there.has(id) && !removed.has(id) && !left.has(id);
          assert.ok(!isMissed, `mail ${id} is in the destination`);
        }
        const again = await run(
          mirror(memoryStore(source), memoryStore(destination), {
            memory: first.memory,
            oneWay: true,
          }),
        );
        assert.ok(isNothing(again.report.right), `again: ${JSON.stringify(again.report.right)}`);
        memory = again.memory;
      }
      const known = new Set([...mailsOf(source), ...mailsOf(destination)]);
      await run(mirror(memoryStore(source), memoryStore(destination), { memory }));
      assert.deepEqual(visible(destination), visible(source), "a mirror brings them together");
      for (const id of known) {
        assert.ok(mailsOf(source).has(id) || removed.has(id), `mail ${id} outlives the mirror`);
      }
    }),
    { numRuns: RUNS },
  );
});
