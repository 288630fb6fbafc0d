// Merges two stores by rules of one's own: own_policy.ts LEFT RIGHT
import { type MergePolicy, mirror, openStore, run, thisMachine } from "@dsync/dsync";
import { FLAGGED, flags, SEEN } from "@dsync/dsync/model";

const policy: MergePolicy = {
  // Read on one side is read on both; all else as usual.
  flags: (left, right, usual) => ({
    ...usual,
    flags: flags(usual.flags | ((left.record.flags | right.record.flags) & SEEN)),
  }),
  // A flagged mail outlives its deletion on the other side.
  keeps: (mail) => (mail.flags & FLAGGED) !== 0,
};

const [one = "", two = ""] = Deno.args;
const machine = thisMachine();
await using left = await run(openStore(machine, one));
await using right = await run(openStore(machine, two));

const { report } = await run(mirror(left, right, { policy }));
console.log(`${report.mails} mails, ${report.problems.length} problems`);
