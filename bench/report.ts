/**
 * Results as a table and as bars.
 *
 * @module
 */
import { type Measured, median } from "./measure.ts";

/** What came of one way to do a piece of work. */
export interface WayResult {
  readonly name: string;
  readonly runs: readonly Measured[];
}

/** What came of a piece of work. */
export interface JobResult {
  readonly corpus: string;
  readonly job: string;
  readonly ways: readonly WayResult[];
}

/** The numbers of one way: medians, and the median of its ratios to the second way, run by run. */
export const numbersOf = (ways: readonly WayResult[], i: number) => {
  const { runs } = ways[i]!;
  const other = ways[1]!.runs;
  return {
    seconds: median(runs.map(({ seconds }) => seconds)),
    cpu: median(runs.map(({ cpu }) => cpu)),
    peakMiB: Math.max(...runs.map(({ peakMiB }) => peakMiB)),
    ratio: median(runs.map(({ seconds }, round) => seconds / other[round]!.seconds)),
  };
};

/** A piece of work as lines for a terminal. */
export const jobText = ({ corpus, job, ways }: JobResult): string =>
  [
    `${corpus}: ${job}`,
    ...ways.map(({ name }, i) => {
      const { seconds, cpu, peakMiB, ratio } = numbersOf(ways, i);
      return `  ${name.padEnd(28)} ${seconds.toFixed(2).padStart(7)} s  x${ratio.toFixed(2)}` +
        `  ${cpu.toFixed(2).padStart(7)} s CPU  ${peakMiB.toFixed(0).padStart(5)} MiB`;
    }),
  ].join("\n");

/** All results as a page of Markdown. `head`: lines on the machine and the versions. */
export const resultsPage = (
  head: readonly string[],
  results: readonly JobResult[],
  plot: string,
): string =>
  [
    "# Results",
    "",
    ...head.map((line) => `- ${line}`),
    "",
    `![the ratios](${plot})`,
    "",
    "| mail | work | way | wall | ratio | CPU | peak memory |",
    "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ...results.flatMap(({ corpus, job, ways }) =>
      ways.map(({ name }, i) => {
        const { seconds, cpu, peakMiB, ratio } = numbersOf(ways, i);
        const cells = [
          corpus,
          job,
          name,
          `${seconds.toFixed(2)} s`,
          ratio.toFixed(2),
          `${cpu.toFixed(2)} s`,
          `${peakMiB.toFixed(0)} MiB`,
        ];
        return `| ${cells.join(" | ")} |`;
      })
    ),
    "",
  ].join("\n");

const ROW = 22;
const LEFT = 400;
const WIDTH = 900;
/** Room for long names. */
const MARGIN = 80;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A bar for the first way of each piece of work: its ratio to the second, on a logarithmic scale around 1. */
export const ratioPlot = (results: readonly JobResult[]): string => {
  const rows = results.map((result) => ({
    label: `${result.corpus}: ${result.job}`,
    ratio: numbersOf(result.ways, 0).ratio,
    other: result.ways[1]!.name,
  }));
  const far = Math.max(1, ...rows.map(({ ratio }) => Math.abs(Math.log2(ratio))));
  const middle = (LEFT + WIDTH) / 2;
  const scale = (WIDTH - LEFT) / 2 / far * 0.8;
  const bars = rows.map(({ label, ratio, other }, i) => {
    const y = 30 + i * ROW;
    const width = Math.abs(Math.log2(ratio)) * scale;
    const x = ratio < 1 ? middle - width : middle;
    const text = ratio < 1 ? `x="${x - 4}" text-anchor="end"` : `x="${x + width + 4}"`;
    return `<text x="${LEFT - 90}" y="${y + 12}" text-anchor="end">${escaped(label)}</text>` +
      `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="14" fill="${
        ratio <= 1 ? "#2a7" : "#c63"
      }"/><text ${text} y="${y + 12}">${ratio.toFixed(2)} of ${escaped(other)}</text>`;
  });
  const height = 40 + rows.length * ROW;
  const width = WIDTH + 160 + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="${-MARGIN} 0 ${width} ${height}" font-family="sans-serif" font-size="12">` +
    `<rect x="${-MARGIN}" width="100%" height="100%" fill="white"/>` +
    `<text x="${middle}" y="18" text-anchor="middle">wall time, as a ratio; left of the line: dsync is faster</text>` +
    `<line x1="${middle}" y1="24" x2="${middle}" y2="${height - 8}" stroke="black"/>${
      bars.join("")
    }</svg>\n`;
};
