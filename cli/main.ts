/**
 * The entry of the program `dsync`. What asks for its version alone waits for nothing else to be loaded.
 *
 * @module
 */
import denoJson from "../deno.json" with { type: "json" };

/** sysexits: a defect of the program itself. */
const DEFECT = 70;

if (Deno.args.length === 1 && Deno.args[0] === "--version") {
  console.log(`dsync ${denoJson.version}`);
} else {
  try {
    const { main } = await import("./program.ts");
    // All is written and closed. Left to itself the engine would first take its memory apart, piece by piece.
    Deno.exit(await main(Deno.args));
  } catch (defect) {
    console.error("dsync: a defect of dsync itself; nothing more is done, please report it");
    console.error(defect);
    Deno.exitCode = DEFECT;
  }
}
