/**
 * How a side of the dsync protocol begins: its version, then a line for each item with the columns that it will use.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { joinTabs, splitTabs } from "./dsync_wire_escape.ts";
import { NAME, U32 } from "./dsync_wire_form.ts";
import type { Hello } from "./dsync_wire_item.ts";
import {
  formatHeader,
  type Layout,
  type Layouts,
  parseHeader,
  shownValue,
} from "./dsync_wire_record.ts";
import { WIRE_TABLES } from "./dsync_wire_table.ts";

/** The major version; another one is another protocol. */
export const WIRE_MAJOR = 3;

/** The minor version from which a backup's source sends every attribute (Dovecot after 2.4.4). */
export const WIRE_MINOR_FULL_ATTRIBUTES = 6;

/** The minor version that is told. A Dovecot 2.2.31 to 2.4.4 tells 5, and takes this for the same. */
export const WIRE_MINOR: number = WIRE_MINOR_FULL_ATTRIBUTES;

/** What is done with a peer of some minor version. */
export interface WireAbilities {
  /** The item `A` exists, with its list. */
  readonly attributes: boolean;
  /** `have_save_guids` is sent; without it `have_guids` says it. */
  readonly saveGuids: boolean;
  /** The item `F` exists. */
  readonly finish: boolean;
  /** The version of the header hash. Minor 4 has 3 and not 2: so does Dovecot 2.3.19.1. */
  readonly headerHash: 1 | 3;
  /** The source of a backup sends all attributes, and the destination has no others after it. */
  readonly fullAttributes: boolean;
}

/** The abilities that the minor version of a peer stands for. */
export const wireAbilities = (minor: number): WireAbilities => ({
  attributes: minor >= 1,
  saveGuids: minor >= 2,
  finish: minor >= 3,
  headerHash: minor >= 4 ? 3 : 1,
  fullAttributes: minor >= WIRE_MINOR_FULL_ATTRIBUTES,
});

/** The letter of the line that names extensions; a Dovecot passes over lines whose letter it does not know. */
const EXTENSIONS = "+";

const END = ".";

/** All lines of a hello; a clause where an extension's name cannot be said. */
export const formatHello = ({ minor, extensions }: Hello): Either<string, string> => {
  if (U32.parse(String(minor)) === undefined) return E.left(`hello: no minor version: ${minor}`);
  const lines = [`VERSION\tdsync\t${WIRE_MAJOR}\t${minor}`];
  for (const table of WIRE_TABLES) lines.push(table.letter + formatHeader(table));
  const wrong = extensions.find((name) => name === "" || NAME.parse(name) === undefined);
  if (wrong !== undefined) return E.left(`hello: no name of an extension: ${shownValue(wrong)}`);
  if (extensions.length > 0) lines.push(EXTENSIONS + joinTabs(extensions));
  return E.right(`${lines.join("\n")}\n${END}\n`);
};

/** The minor version in a peer's first line; a clause where it does not speak this protocol. */
export const parseVersion = (line: string): Either<string, number> => {
  const [word, service, major, minor, ...more] = line.split("\t");
  const minorNumber = U32.parse(minor ?? "");
  if (word === "VERSION" && service === "dsync" && major === String(WIRE_MAJOR)) {
    if (minorNumber !== undefined && more.length === 0) return E.right(minorNumber);
  }
  const old = word === "dsync-client" || word === "dsync-server"
    ? "the peer is a Dovecot before 2.2"
    : `the peer does not speak version ${WIRE_MAJOR} of dsync's protocol`;
  return E.left(`${old}: its first line is ${shownValue(line)}`);
};

/** What a peer has declared. */
export interface Declared {
  /** Its hello. */
  readonly hello: Hello;
  /** Where its items have their columns. */
  readonly layouts: Layouts;
}

const tableOf = new Map(WIRE_TABLES.map((table) => [table.letter, table]));

/** Gathers the lines between a peer's version and the dot that ends its hello. */
export class HelloLines {
  readonly #minor: number;
  readonly #layouts = new Map<string, Layout>();
  #extensions: readonly string[] = [];

  /** Starts behind the line of a minor version. */
  constructor(minor: number) {
    this.#minor = minor;
  }

  /**
   * Takes one line: null where more follow, at the dot what was declared; a clause where a line or an item is missing or
   * lacks a column. Lines of unknown letters are passed over; of two with one letter the last counts.
   */
  add(line: string): Either<string, Declared | null> {
    if (line === END) return this.#end();
    const letter = line.slice(0, 1);
    const table = tableOf.get(letter);
    if (table !== undefined) {
      const layout = parseHeader(table, line.slice(1));
      if (E.isLeft(layout)) return layout;
      this.#layouts.set(letter, layout.right);
    } else if (letter === EXTENSIONS) {
      this.#extensions = splitTabs(line.slice(1)).filter((name) =>
        name !== "" && NAME.parse(name) !== undefined
      );
    }
    return E.right(null);
  }

  #end(): Either<string, Declared> {
    const lacking = WIRE_TABLES.find(({ letter, since }) =>
      since <= this.#minor && !this.#layouts.has(letter)
    );
    return lacking === undefined
      ? E.right({
        hello: { _tag: "Hello", minor: this.#minor, extensions: this.#extensions },
        layouts: this.#layouts,
      })
      : E.left(`the peer did not declare ${lacking.name}`);
  }
}
