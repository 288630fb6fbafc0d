/**
 * The scenario of maildir_places.ts with LAYOUT=fs.
 *
 * @module
 */
import { placesScenario } from "./maildir_places.ts";
import type { Scenario } from "./scenario.ts";

/** With LAYOUT=fs. */
export const scenario: Scenario = placesScenario("fs");
