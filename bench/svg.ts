/**
 * Plots as SVG, drawn by hand: bars around 1, and lines over numbers of mails.
 *
 * @module
 */

/** Text as SVG wants it. */
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const COLOURS = ["#2a7", "#c63", "#36c", "#a3a", "#888", "#b90", "#077"];
const GOOD = COLOURS[0];
const BAD = COLOURS[1];

const text = (
  x: number,
  y: number,
  words: string,
  anchor: "start" | "middle" | "end" = "start",
): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(words)}</text>`;

const line = (x1: number, y1: number, x2: number, y2: number, colour: string): string =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${
    y2.toFixed(1)
  }" stroke="${colour}"/>`;

const drawing = (width: number, height: number, parts: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
  `viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">\n` +
  ['<rect width="100%" height="100%" fill="white"/>', ...parts, "</svg>", ""].join("\n");

/** A ratio and what it is of. */
export interface Bar {
  readonly label: string;
  readonly ratio: number;
  readonly other: string;
}

const ROW = 22;
const LABELS = 430;
const BARS = 500;
/** Room for what is said beside the longest bar. */
const MARGIN = 240;

/** Bars on a logarithmic scale around 1. */
export const barPlot = (title: string, bars: readonly Bar[]): string => {
  const far = Math.max(1, ...bars.map(({ ratio }) => Math.abs(Math.log2(ratio))));
  const middle = LABELS + MARGIN / 2 + BARS / 2;
  const scale = BARS / 2 / far;
  const height = 40 + bars.length * ROW;
  const rows = bars.flatMap(({ label, ratio, other }, i) => {
    const y = 30 + i * ROW;
    const length = Math.abs(Math.log2(ratio)) * scale;
    const from = ratio < 1 ? middle - length : middle;
    const said = `${ratio.toFixed(2)} of ${other}`;
    return [
      text(LABELS, y + 12, label, "end"),
      `<rect x="${from.toFixed(1)}" y="${y}" width="${length.toFixed(1)}" height="14" fill="${
        ratio <= 1 ? GOOD : BAD
      }"/>`,
      // To the right of the bar, or of the line: to the left there are the labels.
      text(Math.max(middle, from + length) + 4, y + 12, said),
    ];
  });
  return drawing(LABELS + BARS + MARGIN * 3 / 2, height, [
    text(middle, 18, title, "middle"),
    line(middle, 24, middle, height - 8, "black"),
    ...rows,
  ]);
};

/** A line through points. */
export interface Curve {
  readonly name: string;
  /** x ascending, all above 0. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM, LEGEND] = [560, 300, 80, 36, 50, 340];

const powersBetween = (low: number, high: number): readonly number[] => {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  return Array.from({ length: Math.max(1, last - first) + 1 }, (_, i) => 10 ** (first + i));
};

const number = (value: number): string =>
  value >= 1 ? value.toLocaleString("en-US") : `${Number(value.toPrecision(1))}`;

/** Lines, both scales logarithmic. */
export const linePlot = (
  title: string,
  across: string,
  up: string,
  curves: readonly Curve[],
): string => {
  const points = curves.flatMap((curve) => curve.points);
  const xs = powersBetween(
    Math.min(...points.map(([x]) => x)),
    Math.max(...points.map(([x]) => x)),
  );
  const ys = powersBetween(
    Math.min(...points.map(([, y]) => y)),
    Math.max(...points.map(([, y]) => y)),
  );
  const part = (value: number, ticks: readonly number[]): number =>
    Math.log(value / ticks[0]!) / Math.log(ticks.at(-1)! / ticks[0]!);
  const x = (value: number): number => LEFT + part(value, xs) * WIDTH;
  const y = (value: number): number => TOP + HEIGHT - part(value, ys) * HEIGHT;
  const end = LEFT + WIDTH;
  return drawing(end + LEGEND, TOP + HEIGHT + BOTTOM, [
    text(LEFT + WIDTH / 2, 18, title, "middle"),
    text(LEFT + WIDTH / 2, TOP + HEIGHT + 40, across, "middle"),
    text(8, TOP - 8, up),
    ...xs.flatMap((tick) => [
      line(x(tick), TOP, x(tick), TOP + HEIGHT, "#ddd"),
      text(x(tick), TOP + HEIGHT + 18, number(tick), "middle"),
    ]),
    ...ys.flatMap((tick) => [
      line(LEFT, y(tick), end, y(tick), "#ddd"),
      text(LEFT - 6, y(tick) + 4, number(tick), "end"),
    ]),
    ...curves.flatMap((curve, i) => {
      const colour = COLOURS[i % COLOURS.length]!;
      const places = curve.points.map(([px, py]) => [x(px).toFixed(1), y(py).toFixed(1)]);
      const row = TOP + 12 + i * 18;
      return [
        `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${
          places.map((place) => place.join(",")).join(" ")
        }"/>`,
        ...places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`),
        `<rect x="${end + 14}" y="${row - 9}" width="10" height="10" fill="${colour}"/>`,
        text(end + 30, row, curve.name),
      ];
    }),
  ]);
};
