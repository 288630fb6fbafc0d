/**
 * Lines of the dsync protocol by their tables: the columns that a sender declares, and the values under them (Dovecot's
 * dsync-serializer.c, dsync-deserializer.c).
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { CacheField, WireRecord } from "./dsync_wire_item.ts";
import { formatValues, joinTabs, parseValue, splitTabs, splitValues } from "./dsync_wire_escape.ts";
import {
  type AnyTable,
  type Column,
  type Table,
  type Tabled,
  WIRE_TABLES,
} from "./dsync_wire_table.ts";

/** Where a sender has the columns of one item. */
export interface Layout {
  /** The item. */
  readonly table: AnyTable;
  /** Its fields with their columns and places behind the letter, from 0; -1: not declared. */
  readonly places: readonly {
    readonly field: string;
    readonly column: Column<unknown>;
    readonly at: number;
  }[];
  /** How many values of a line have to be looked at. */
  readonly width: number;
}

/** The layouts of one sender by letter. */
export type Layouts = ReadonlyMap<string, Layout>;

// Fields and forms come in pairs from one table; here they are walked over without their types.
const columnsOf = (table: AnyTable): [string, Column<unknown>][] =>
  Object.entries(table.columns as unknown as Readonly<Record<string, Column<unknown>>>);

/** The header line of an item, without its letter. */
export const formatHeader = (table: AnyTable): string =>
  joinTabs(columnsOf(table).map(([, { key }]) => key));

/**
 * The layout that a header line, without its letter, declares. Unknown columns are passed over, of one that is there
 * twice the first counts. A clause where a column that an item cannot do without is missing.
 */
export const parseHeader = (table: AnyTable, text: string): Either<string, Layout> => {
  const at = new Map<string, number>();
  splitTabs(text).forEach((key, place) => {
    if (!at.has(key)) at.set(key, place);
  });
  const places = columnsOf(table).map(([field, column]) => ({
    field,
    column,
    at: at.get(column.key) ?? -1,
  }));
  const lacking = places.find((place) => place.at < 0 && place.column.kind === "Required");
  if (lacking !== undefined) {
    return E.left(`the header of ${table.name} has no column "${lacking.column.key}"`);
  }
  return E.right({ table, places, width: 1 + Math.max(...places.map((place) => place.at)) });
};

const ownLayouts: readonly Layout[] = WIRE_TABLES.map((table) => {
  const places = columnsOf(table).map(([field, column], at) => ({ field, column, at }));
  return { table, places, width: places.length };
});

const SHOWN = 60;

/** A value for an error: quoted, without a control character, cut where it is long. */
export const shownValue = (value: string): string =>
  JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value).replaceAll(
    "\x7f",
    "\\u007f",
  );

type Values = Record<string, unknown>;

const parseNested = (
  value: string,
  table: Table<CacheField>,
  layouts: Layouts,
): Either<string, readonly CacheField[]> => {
  if (value === "") return E.right([]);
  const layout = layouts.get(table.letter);
  if (layout === undefined) return E.left(`${table.name} was not declared`);
  const found: CacheField[] = [];
  for (const line of value.split("\n")) {
    const record = parseRecord(layout, line, layouts);
    if (E.isLeft(record)) return record;
    found.push(record.right as CacheField);
  }
  return E.right(found);
};

const parseColumn = (
  column: Column<unknown>,
  value: string | null,
  layouts: Layouts,
): Either<string, unknown> => {
  if (column.kind === "Present") return E.right(value !== null);
  if (value === null) {
    return column.kind === "Required" ? E.left("has no value") : E.right(null);
  }
  if (column.kind === "Nested") return parseNested(value, column.table, layouts);
  const parsed = column.form.parse(value);
  return parsed === undefined
    ? E.left(`is ${shownValue(value)}, not ${column.form.expected}`)
    : E.right(parsed);
};

/**
 * The item of a line, without its letter; a clause that names item and key where it is none. Values beyond the declared
 * columns are not looked at.
 */
export const parseRecord = (
  { table, places, width }: Layout,
  text: string,
  layouts: Layouts,
): Either<string, WireRecord | CacheField> => {
  const raw = splitValues(text, width);
  const item: Values = { _tag: table.tag };
  for (const { field, column, at } of places) {
    const parsed = parseColumn(column, at < 0 ? null : parseValue(raw[at]), layouts);
    if (E.isLeft(parsed)) return E.left(`${table.name}: key "${column.key}" ${parsed.left}`);
    item[field] = parsed.right;
  }
  // The columns of a table are those of its item: Table<I> says so.
  return E.right(item as unknown as WireRecord | CacheField);
};

const formatNested = (records: readonly CacheField[]): Either<string, string> => {
  const lines: string[] = [];
  for (const record of records) {
    const line = formatRecord(record);
    if (E.isLeft(line)) return line;
    lines.push(line.right);
  }
  return E.right(lines.join("\n"));
};

const formatColumn = (column: Column<unknown>, value: unknown): Either<string, string | null> => {
  if (column.kind === "Present") return E.right(value === true ? "" : null);
  if (value === null) {
    return column.kind === "Required" ? E.left("has no value") : E.right(null);
  }
  if (column.kind === "Nested") return formatNested(value as readonly CacheField[]);
  const text = column.form.format(value as NonNullable<unknown>);
  // Nothing is sent that the same form would refuse when it comes in.
  return column.form.parse(text) === undefined
    ? E.left(`is ${shownValue(text)}, not ${column.form.expected}`)
    : E.right(text);
};

const layoutOfTag: ReadonlyMap<Tabled["_tag"], Layout> = new Map(
  ownLayouts.map((layout) => [layout.table.tag, layout]),
);

/**
 * The line of an item, without its letter, under the columns of {@linkcode formatHeader}; a clause that names item and
 * key where a value cannot be said.
 */
export const formatRecord = (item: WireRecord | CacheField): Either<string, string> => {
  const { table, places } = layoutOfTag.get(item._tag)!;
  const values: (string | null)[] = [];
  for (const { field, column } of places) {
    const value = formatColumn(column, (item as unknown as Values)[field]);
    if (E.isLeft(value)) return E.left(`${table.name}: key "${column.key}" ${value.left}`);
    values.push(value.right);
  }
  const text = formatValues(values);
  // An empty line has no value at all, so one empty value alone cannot be said.
  return text === "" && values[0] !== null
    ? E.left(`${table.name}: key "${places[0]!.column.key}" is empty and the only one`)
    : E.right(text);
};

/** The letter of an item's lines. */
export const letterOf = (item: WireRecord | CacheField): string =>
  layoutOfTag.get(item._tag)!.table.letter;
