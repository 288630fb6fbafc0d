/**
 * What a sync is allowed to do to its two stores: everything, nothing, or what a plan has.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { PlannedIdentity } from "../lib/codec/plan_json.ts";
import { type SyncError, syncError } from "../lib/model/error.ts";
import type { PlanStep } from "../lib/model/plan.ts";
import type { Store } from "../lib/port/store.ts";
import { type Approval, approved } from "../lib/run/approved.ts";
import { rehearsing } from "../lib/run/dry_run.ts";
import type { GivenIdentities } from "../lib/port/given_identities.ts";

/** What a sync is allowed to do. */
export type Permission =
  /** Everything. */
  | { readonly _tag: "All" }
  /** Nothing: what it would do is noted, with the locations of both sides. */
  | {
    readonly _tag: "Nothing";
    readonly note: (step: PlanStep) => void;
    readonly onSides: (left: string, right: string) => void;
    /** Told of each identity that was made up. */
    readonly onIdentity: (identity: PlannedIdentity) => void;
  }
  /** What was approved, between these two locations. */
  | {
    readonly _tag: "Approved";
    readonly approval: Approval;
    readonly left: string;
    readonly right: string;
    /** Those that were made up for the plan. */
    readonly identities: readonly PlannedIdentity[];
  };

/** Which identities the mailboxes of a location get that have none; undefined: new ones. */
export const identitiesAt = (
  permission: Permission,
  location: string,
): GivenIdentities | undefined => {
  switch (permission._tag) {
    case "All":
      return undefined;
    case "Nothing":
      return {
        of: () => null,
        note: (name, identity) => permission.onIdentity({ location, name, ...identity }),
      };
    case "Approved":
      return {
        of: (name) =>
          permission.identities.find((one) => one.location === location && one.name === name) ??
            null,
        note: () => {},
      };
  }
};

/** The two stores with no more power over them than is allowed. */
export const permitted = (
  permission: Permission,
  left: Store,
  right: Store,
): Either<SyncError, readonly [Store, Store]> => {
  switch (permission._tag) {
    case "All":
      return E.right([left, right]);
    case "Nothing":
      permission.onSides(left.location, right.location);
      return E.right([
        rehearsing(left, "left", permission.note),
        rehearsing(right, "right", permission.note),
      ]);
    case "Approved": {
      const { approval } = permission;
      if (permission.left !== left.location || permission.right !== right.location) {
        const what = `the plan is of ${permission.left} and ${permission.right}, ` +
          `these are ${left.location} and ${right.location}`;
        return E.left(syncError("Unfit", "run", {}, what));
      }
      return E.right([approved(left, "left", approval), approved(right, "right", approval)]);
    }
  }
};
