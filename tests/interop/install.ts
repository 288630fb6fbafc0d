/**
 * Brings Dovecot onto this machine for the tests that have it as their judge. Always ends well: what could not be
 * had is said in one line, and those tests are left out.
 *
 * @module
 */
import { FOR_BENCH, FOR_SSH, FOR_TESTS, missing, whyNoDovecot } from "./present.ts";

/** Runs apt-get; gives its last word when it failed. */
const aptGet = async (...args: string[]): Promise<string | null> => {
  const { success, stderr } = await new Deno.Command("apt-get", {
    args: ["-qq", ...args],
    // RUNLEVEL keeps the packages from starting their services.
    env: { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  const words = new TextDecoder().decode(stderr).trim().split("\n");
  return success ? null : `apt-get ${args[0]}: ${words[words.length - 1]}`;
};

/** Installs packages; gives the reason when that cannot be. */
const install = async (packages: readonly string[]): Promise<string | null> => {
  if (Deno.build.os !== "linux") return `this is ${Deno.build.os}`;
  if (Deno.uid() !== 0) return "only root may install packages";
  try {
    const updated = await aptGet("update");
    const failed = await aptGet("install", "-y", "--no-install-recommends", ...packages);
    return failed === null ? null : updated ?? failed;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "this is no Debian";
    throw error;
  }
};

const ALL = [...FOR_TESTS, ...FOR_SSH, ...FOR_BENCH];

/** What is left out, why, and how to have it; null when all is there. */
const left = (reason: string | null): string | null => {
  const packages = missing(ALL);
  const what = whyNoDovecot() !== null
    ? "the tests with a real Dovecot"
    : missing(FOR_SSH).length > 0
    ? "the tests over ssh"
    : "a part of the benchmark";
  if (packages.length > 0) {
    return `left out: ${what} (${reason ?? "not installed"}); to have it, on Debian 12: ` +
      `apt-get install ${packages.join(" ")}`;
  }
  const why = whyNoDovecot();
  return why === null ? null : `left out: ${what} (${why}); Debian 12 has the right one`;
};

if (import.meta.main) {
  const wanted = missing(ALL);
  const said = left(wanted.length === 0 ? null : await install(wanted));
  if (said !== null) console.log(said);
}
