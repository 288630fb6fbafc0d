// What a mirror would do, as a table, with nothing written: dry_run_table.ts LEFT RIGHT
import { dryOs, dryRun, mirror, openStore, run, thisMachine } from "@dsync/dsync";
import type { PlanStep } from "@dsync/dsync/model";

const [one = "", two = ""] = Deno.args;
const here = thisMachine();
const machine = { ...here, os: dryOs(here.os) };
await using left = await run(openStore(machine, one));
await using right = await run(openStore(machine, two, { create: true }));

const { steps } = await run(dryRun(left, right, (l, r) => mirror(l, r)));

const row = (step: PlanStep) => {
  switch (step._tag) {
    case "Tree":
      return { side: step.side, mailbox: step.operation.name, what: step.operation._tag, uid: "" };
    case "Replace":
      return { side: step.side, mailbox: step.name, what: "Replace", uid: "" };
    case "Mail":
      return {
        side: step.side,
        mailbox: step.name,
        what: step.operation._tag,
        uid: step.operation.uid,
      };
    case "Attribute":
      return { side: step.side, mailbox: step.name, what: step.attribute.key, uid: "" };
  }
};
console.table(steps.map(row));
