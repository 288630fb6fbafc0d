/**
 * Whether this machine has the Dovecot that these tests are written for.
 *
 * @module
 */

const exists = (path: string): boolean => {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
};

/** A program that is needed, and the Debian package that brings it. */
interface Needed {
  readonly file: string;
  readonly what: string;
}

/** What the tests need. */
export const FOR_TESTS: readonly Needed[] = [
  { file: "/usr/bin/doveadm", what: "dovecot-core" },
  { file: "/usr/lib/dovecot/imap", what: "dovecot-imapd" },
];

/** What the benchmark compares with, and counts with, besides. */
export const FOR_BENCH: readonly Needed[] = [
  { file: "/usr/bin/mbsync", what: "isync" },
  { file: "/usr/bin/strace", what: "strace" },
];

/** What the tests over ssh need besides. */
export const FOR_SSH: readonly Needed[] = [
  { file: "/usr/sbin/sshd", what: "openssh-server" },
  { file: "/usr/bin/ssh", what: "openssh-client" },
];

/** The packages of which the program is missing. */
export const missing = (needed: readonly Needed[]): readonly string[] =>
  needed.filter(({ file }) => !exists(file)).map(({ what }) => what);

/** Dovecot's version, "2.3.19.1"; null where there is none. */
export const dovecotVersion = (): string | null => {
  if (!exists("/usr/sbin/dovecot")) return null;
  const { stdout } = new Deno.Command("/usr/sbin/dovecot", { args: ["--version"], stderr: "null" })
    .outputSync();
  return new TextDecoder().decode(stdout).trim().split(" ")[0] ?? null;
};

/** Why there is no Dovecot to judge by, or null when there is one. Its formats and settings are those of 2.3. */
export const whyNoDovecot = (): string | null => {
  const packages = missing(FOR_TESTS);
  if (packages.length > 0) return `${packages.join(", ")} not installed`;
  const version = dovecotVersion();
  return version?.startsWith("2.3.") ? null : `Dovecot is ${version}, they are written for 2.3`;
};
