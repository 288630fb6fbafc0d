/**
 * An account is mirrored to where nothing is yet: `first_mirror.ts?left=FORMAT&right=FORMAT`.
 *
 * @module
 */
import { ACCOUNT, fill, SUBSCRIPTIONS } from "../account.ts";
import type { Scenario } from "../scenario.ts";
import { formatsOf, mirrorSides, withSide } from "../sides.ts";

const formats = formatsOf(import.meta.url);

/** The left side is full, the right one is not there. */
export const scenario: Scenario = {
  prepare: (os, home) =>
    withSide(os, home, "left", formats.left, (store) => fill(store, ACCOUNT, SUBSCRIPTIONS)),
  run: (os, home) => mirrorSides(os, home, formats),
};
