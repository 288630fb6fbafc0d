/**
 * The ledger: decisions as JSON lines, each with its time and the pair of locations.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import * as t from "io-ts";
import type { Decision, DecisionKind } from "../model/decision.ts";
import type { Side } from "../model/report.ts";

// `deno doc --lint` takes the types of other packages for private ones (denoland/deno#27364), but not these.
/** @internal */
type Type<A> = t.Type<A, unknown>;

/** A decision as it is told: names and GUIDs as plain text. */
export interface DecisionJson {
  /** What was decided. */
  readonly kind: DecisionKind;
  /** On which side it was carried out. */
  readonly side: Side;
  /** The mailbox. */
  readonly mailbox: string;
  /** The mail; null: it is of the mailbox as a whole. */
  readonly uid: number | null;
  /** The mail's GUID. */
  readonly guid: string | null;
  /** What came of it, by `kind`. */
  readonly to: string | null;
  /** Why. */
  readonly reason: string;
}

const fields = {
  kind: t.keyof({
    renumbered: null,
    "flags lost": null,
    "came back": null,
    removed: null,
    "mailbox renamed": null,
    "mailbox merged": null,
    "mailbox removed": null,
    "mailbox replaced": null,
    "mailbox kept": null,
  }),
  side: t.keyof({ left: null, right: null }),
  mailbox: t.string,
  uid: t.union([t.null, t.number]),
  guid: t.union([t.null, t.string]),
  to: t.union([t.null, t.string]),
  reason: t.string,
};

/** The codec of a decision. */
export const DECISION: Type<DecisionJson> = t.type(fields);

/** A line of the ledger. */
export interface LedgerEntry extends DecisionJson {
  /** When it was carried out, as ISO 8601 has it. */
  readonly at: string;
  /** The location of the left side. */
  readonly left: string;
  /** The location of the right side. */
  readonly right: string;
}

const ENTRY: Type<LedgerEntry> = t.type({
  at: t.string,
  left: t.string,
  right: t.string,
  ...fields,
});

/** A line of the ledger, with its end. */
export const formatLedgerLine = (
  at: string,
  names: Readonly<Record<Side, string>>,
  decision: Decision,
): string => `${JSON.stringify({ at, left: names.left, right: names.right, ...decision })}\n`;

/** Parses a line; null: it is none, such as one that a killed run has left half written. */
export const parseLedgerLine = (line: string): LedgerEntry | null => {
  try {
    const entry = ENTRY.decode(JSON.parse(line));
    return E.isRight(entry) ? entry.right : null;
  } catch {
    return null;
  }
};
