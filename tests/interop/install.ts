/**
 * Brings Dovecot onto this machine for the tests that have it as their judge. Always ends well: what could not be
 * had is said in one line, and those tests are left out.
 *
 * @module
 */

/** What is needed, by the file that shows it is there, and the package that brings it. */
const NEEDED: readonly (readonly [file: string, what: string])[] = [
  ["/usr/bin/doveadm", "dovecot-core"],
  ["/usr/lib/dovecot/imap", "dovecot-imapd"],
  ["/usr/bin/mbsync", "isync"],
];

const exists = (path: string): boolean => {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
};

const missing = (): readonly string[] =>
  NEEDED.filter(([file]) => !exists(file)).map(([, what]) => what);

const aptGet = async (...args: string[]): Promise<string | null> => {
  const { success, stderr } = await new Deno.Command("apt-get", {
    args: ["-qq", ...args],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  const words = new TextDecoder().decode(stderr).trim().split("\n");
  return success ? null : `apt-get ${args[0]}: ${words[words.length - 1]}`;
};

const install = async (packages: readonly string[]): Promise<string | null> => {
  if (!exists("/usr/bin/apt-get")) return "this is no Debian";
  if (Deno.uid() !== 0) return "only root may install packages";
  const updated = await aptGet("update");
  const failed = await aptGet("install", "-y", "--no-install-recommends", ...packages);
  return failed === null ? null : updated ?? failed;
};

if (import.meta.main) {
  const wanted = missing();
  const reason = wanted.length === 0 ? null : await install(wanted);
  const left = missing();
  if (left.length > 0) {
    console.log(
      `left out: what needs ${left.join(", ")} (${reason ?? "not installed"}); to have it: ` +
        `apt-get install ${left.join(" ")}, then deno task test:interop`,
    );
  }
}
