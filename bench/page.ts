/**
 * Results as a page of Markdown with its plots.
 *
 * @module
 */
import { curvesOf, growthOf } from "./growth.ts";
import { type JobResult, numbersOf, ratioOf, ratioTextOf } from "./results.ts";
import { barPlot, linePlot } from "./svg.ts";
import { verdictsOf } from "./targets.ts";

/** What a page is made of. */
export interface Bench {
  /** Lines on the day, the machine and the versions. */
  readonly head: readonly string[];
  readonly results: readonly JobResult[];
  /** What was not measured, each with its reason. */
  readonly left: readonly string[];
}

/** Files by name. */
export type Pages = Readonly<Record<string, string>>;

const [RATIOS, COST, MEMORY] = ["ratios.svg", "cost.svg", "memory.svg"];

/** A table; columns of numbers stand to the right. */
const table = (
  columns: readonly (string | { readonly number: string })[],
  rows: readonly (readonly string[])[],
): readonly string[] => {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    row(columns.map((column) => typeof column === "string" ? column : column.number)),
    row(columns.map((column) => typeof column === "string" ? "---" : "---:")),
    ...rows.map(row),
  ];
};

const targetLines = (results: readonly JobResult[]): readonly string[] => {
  const verdicts = verdictsOf(results);
  const missed = verdicts.filter(({ verdict }) => verdict === "missed").length;
  return [
    "## Targets",
    "",
    missed === 0
      ? "None that was measured is missed."
      : `${missed} missed; [profiles.md](profiles.md) shows why.`,
    "",
    ...table(
      ["what", { number: "at most" }, { number: "measured" }, ""],
      verdicts.map(({ what, limit, value, verdict }) => [
        what,
        limit,
        value,
        verdict === "missed" ? "**missed**" : verdict,
      ]),
    ),
  ];
};

const growthLines = (results: readonly JobResult[]): readonly string[] => [
  "## How it grows",
  "",
  `![cost of a mail](${COST})`,
  "",
  `![memory](${MEMORY})`,
  "",
  ...table(
    [
      "work",
      "way",
      { number: "mails" },
      { number: "wall" },
      { number: "of a mail" },
      { number: "peak memory" },
    ],
    growthOf(results).flatMap(({ work, way, steps }) =>
      steps.map(({ mails, seconds, costOfMail, peakMB }) => [
        work,
        way,
        mails.toLocaleString("en-US"),
        `${seconds.toFixed(2)} s`,
        `${costOfMail.toFixed(1)} µs`,
        `${peakMB.toFixed(0)} MB`,
      ])
    ),
  ),
];

const allLines = (results: readonly JobResult[]): readonly string[] => [
  "## Everything",
  "",
  `![the ratios](${RATIOS})`,
  "",
  ...table(
    [
      "mail",
      "work",
      "caches",
      "way",
      { number: "wall" },
      { number: "ratio" },
      { number: "CPU" },
      { number: "peak memory" },
      { number: "written" },
      { number: "to disk" },
      { number: "fsyncs" },
      { number: "rounds" },
    ],
    results.flatMap(({ corpus, work, caches, ways }) =>
      ways.map((way) => {
        const { seconds, cpu, peakMB, writtenMB, toDiskMB, syncs } = numbersOf(way);
        return [
          corpus,
          work,
          caches,
          way.name,
          `${seconds.toFixed(3)} s`,
          ratioTextOf(way, ways),
          `${cpu.toFixed(2)} s`,
          `${peakMB.toFixed(0)} MB`,
          `${writtenMB.toFixed(1)} MB`,
          `${toDiskMB.toFixed(1)} MB`,
          syncs === null ? "" : `${syncs}`,
          `${way.runs.length}`,
        ];
      })
    ),
  ),
  "",
  "Wall and CPU are medians, memory is the most that one process held. ratio: the median of the ratios",
  "to the second way of the same work, round by round, where there is one. written: handed to write(2), pipes included.",
  "to disk: what the kernel counts as on its way to a disk (none on a tmpfs). fsyncs: fsync, fdatasync,",
  "syncfs, sync, sync_file_range and msync, counted by strace in a round that is not timed. CPU,",
  "bytes and fsyncs are of the process and all that it started. Up to four fsyncs and 0.3 MB of each",
  "dsync are Deno's, which keeps what it has compiled. mbsync waits a second where a Maildir has just",
  "changed. 1 MB is 10^6 bytes.",
];

/** The page and its plots. */
export const pagesOf = ({ head, results, left }: Bench): Pages => {
  const growths = growthOf(results);
  const bars = results.flatMap(({ corpus, work, caches, ways: [way, other] }) =>
    other === undefined ? [] : {
      label: `${corpus}: ${work}${caches === "cold" ? ", cold" : ""}`,
      ratio: ratioOf(way!, other),
      other: other.name,
    }
  );
  const lines = [
    "# Results",
    "",
    ...head.map((one) => `- ${one}`),
    "",
    ...targetLines(results),
    "",
    ...(growths.length === 0 ? [] : [...growthLines(results), ""]),
    ...allLines(results),
    "",
    "## Not measured",
    "",
    ...(left.length === 0 ? ["Nothing was left out."] : left.map((one) => `- ${one}`)),
    "",
  ];
  const mails = "number of mails";
  return {
    "README.md": lines.join("\n"),
    [RATIOS!]: barPlot("wall time, as a ratio; left of the line: dsync is faster", bars),
    ...(growths.length === 0 ? {} : {
      [COST!]: linePlot("cost of a mail", mails, "µs", curvesOf(growths, "costOfMail")),
      [MEMORY!]: linePlot("peak memory", mails, "MB", curvesOf(growths, "peakMB")),
    }),
  };
};
