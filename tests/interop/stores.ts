/**
 * The accounts that are converted in the tests.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type SampleAccount, sampleAccount } from "../sample/account.ts";
import type { MailKind } from "../sample/mails.ts";
import { type MaildirShape, writeMaildir } from "../sample/maildir.ts";
import type { Account, Dovecot, Settings } from "./dovecot.ts";
import { dovecotAccount, MANY_KEYWORDS } from "./fill.ts";

/** A store that Dovecot left, from tests/golden. */
export const goldenAccount = (dovecot: Dovecot, format: "maildir" | "mdbox"): Promise<Account> =>
  dovecot.account(format === "maildir" ? "maildir:~/Maildir" : "mdbox:~/mdbox", async (home) => {
    const archive = new URL(`../golden/dovecot-store/${format}.tar.gz`, import.meta.url);
    const { success, stderr } = await new Deno.Command("tar", {
      args: ["-xzf", fileURLToPath(archive), "--no-same-owner", "-C", home],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  });

/** How big a generated account is. */
export interface Size {
  /** Seed. */
  readonly seed: number;
  /** Mails, about. */
  readonly mails: number;
  /** Special kinds that occur once. */
  readonly once?: readonly MailKind[];
}

const sample = (size: Size, dots: boolean): SampleAccount => sampleAccount({ ...size, dots });

/** A Maildir written file by file. `~` in CONTROL= is taken from the location. */
export const writtenMaildir = (
  dovecot: Dovecot,
  location: string,
  size: Size,
  dovecotFiles: MaildirShape["dovecotFiles"] = "full",
): Promise<Account> =>
  dovecot.account(location, (home) => {
    const layout = location.includes("LAYOUT=fs") ? "fs" : "maildir++";
    const shape = { layout, dovecotFiles } as const;
    const control = location.includes("CONTROL=~/control")
      ? { control: join(home, "control") }
      : {};
    writeMaildir(sample(size, layout === "fs"), join(home, "Maildir"), { ...shape, ...control });
  });

/** Sets more keywords than file names can hold, in a session of Dovecot's: those beyond 26 are in the index alone. */
export const withManyKeywords = async (dovecot: Dovecot, account: Account): Promise<Account> => {
  await using imap = await dovecot.imap(account);
  await imap.select("INBOX");
  for (const [i, name] of MANY_KEYWORDS.entries()) {
    await imap.ok(`STORE ${1 + (i % 5)},${8 + i} +FLAGS.SILENT (${name})`);
  }
  return account;
};

/** An account that Dovecot has filled, with these settings; mdbox in many small m.N files. */
export const filledAccount = (
  dovecot: Dovecot,
  location: string,
  size: Size,
  settings: Settings = {},
): Promise<Account> =>
  dovecotAccount(
    dovecot,
    location,
    sample(size, location.startsWith("mdbox:") || location.includes("LAYOUT=fs")),
    { mdbox_rotate_size: "64k", ...settings },
  );
