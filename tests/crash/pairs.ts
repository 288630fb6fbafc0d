/**
 * The scenarios of two stores, in all pairs of formats.
 *
 * @module
 */
import type { Scenario } from "./scenario.ts";
import { FORMATS, type Formats, formatsOf } from "./sides.ts";
import { type ModSeqRule, type PairVerdict, pairVerdict } from "./verdict.ts";

/** A scenario of two stores. */
export interface PairScenario {
  /** For the title of a test. */
  readonly title: string;
  /** Its module. */
  readonly module: string;
  /** The formats of its sides. */
  readonly formats: Formats;
  /** Steps that it makes at least. */
  readonly atLeast: number;
  /** What must hold. */
  readonly verdict: () => Promise<PairVerdict>;
}

const SCENARIOS: readonly (readonly [name: string, atLeast: number, rule: ModSeqRule])[] = [
  ["first_mirror", 100, "equal"],
  ["merge", 200, "alike"],
  ["backup", 120, "above"],
];

/** Every scenario in every pair of formats. */
export const PAIRS: readonly PairScenario[] = SCENARIOS.flatMap(([name, atLeast, rule]) =>
  FORMATS.flatMap((left) =>
    FORMATS.map((right) => {
      const url = new URL(`scenarios/${name}.ts?left=${left}&right=${right}`, import.meta.url);
      const formats = formatsOf(url.href);
      return {
        title: `${name}, ${left} to ${right}`,
        module: url.href,
        formats,
        atLeast,
        verdict: async () => {
          const { scenario } = await import(url.href) as { readonly scenario: Scenario };
          return pairVerdict(scenario, formats, rule);
        },
      };
    })
  )
);
