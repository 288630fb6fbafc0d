/**
 * A real Dovecot, run as an unprivileged user on accounts in a temporary directory.
 *
 * @module
 */
import { join } from "node:path";
import { ImapSession } from "./imap.ts";
import { type Ended, Machine } from "./machine.ts";
import { whyNoDovecot } from "./present.ts";

/** One account: a home and a mail location in it. */
export interface Account {
  /** A directory that holds everything of this account and nothing else. */
  readonly home: string;
  /** mail_location, with "~" for the home: `mdbox:~/mdbox`. */
  readonly location: string;
}

/** The location with the home written out, for programs whose HOME is another. */
export const absolute = ({ home, location }: Account): string =>
  location.replaceAll("~/", `${home}/`);

/** Further settings: `mdbox_rotate_size` to `64k`, and the like. */
export type Settings = Readonly<Record<string, string>>;

const DOVEADM = "/usr/bin/doveadm";
const IMAP = "/usr/lib/dovecot/imap";
const LDA = "/usr/lib/dovecot/dovecot-lda";

/** Whether there is a Dovecot to judge by; where there is none its tests are left out, as `install.ts` has said. */
export const hasDovecot: boolean = whyNoDovecot() === null;

// info goes nowhere: what remains on standard error is a warning or an error.
const configuration = (root: string): string => `
base_dir = ${root}/run
log_path = /dev/stderr
info_log_path = /dev/null
ssl = no
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
postmaster_address = postmaster@example.org
namespace inbox {
  inbox = yes
  separator = /
}
`;

/** A Dovecot on a machine. */
export class Dovecot implements AsyncDisposable {
  private constructor(readonly machine: Machine, readonly config: string) {}

  /** Writes the configuration into a fresh temporary directory. */
  static async start(): Promise<Dovecot> {
    const machine = await Machine.start();
    const config = join(machine.root, "dovecot.conf");
    await Deno.writeTextFile(config, configuration(machine.root));
    return new Dovecot(machine, config);
  }

  /** An account with an empty home, or one whose home `fill` fills. */
  async account(location: string, fill?: (home: string) => unknown): Promise<Account> {
    const home = await this.machine.directory("account");
    await fill?.(home);
    await this.machine.own(home);
    return { home, location };
  }

  /** A copy of an account, times, links and all. */
  async copy(account: Account): Promise<Account> {
    return { ...account, home: await this.machine.copy(account.home, "copy") };
  }

  #options(account: Account, settings: Settings): string[] {
    const all = { mail_location: account.location, ...settings };
    return [
      "-c",
      this.config,
      ...Object.entries(all).flatMap(([key, value]) => ["-o", `${key}=${value}`]),
    ];
  }

  /** Runs doveadm on an account. */
  doveadm(account: Account, args: readonly string[], settings: Settings = {}): Promise<Ended> {
    return this.machine.run(DOVEADM, [...this.#options(account, settings), ...args], account);
  }

  /** Like {@linkcode doveadm}; a failure or a word on standard error throws. Gives its output as text. */
  async quietly(
    account: Account,
    args: readonly string[],
    settings: Settings = {},
  ): Promise<string> {
    const { code, stdout, stderr } = await this.doveadm(account, args, settings);
    if (code !== 0 || stderr !== "") {
      throw new Error(`doveadm ${args.join(" ")}: ${code}\n${stderr}`);
    }
    return new TextDecoder().decode(stdout);
  }

  /** A doveadm process whose output is read as it comes. */
  spawn(account: Account, args: readonly string[], settings: Settings = {}): Deno.ChildProcess {
    return this.machine.command(DOVEADM, [...this.#options(account, settings), ...args], account)
      .spawn();
  }

  /** Opens an IMAP session on an account. */
  imap(account: Account, settings: Settings = {}): Promise<ImapSession> {
    return ImapSession.start(
      this.machine.command(IMAP, this.#options(account, settings), {
        home: account.home,
        stdin: "piped",
      }),
    );
  }

  /** Delivers a mail as a mail server would, into a mailbox. */
  async deliver(account: Account, mailbox: string, bytes: Uint8Array): Promise<void> {
    const args = [...this.#options(account, {}), "-m", mailbox, "-f", "sender@example.org"];
    const { code, stderr } = await this.machine.run(LDA, args, {
      home: account.home,
      input: bytes,
    });
    if (code !== 0 || stderr !== "") throw new Error(`dovecot-lda: ${code}\n${stderr}`);
  }

  /** Removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }
}

/** A test that has a real Dovecot as its judge; left out on machines without one. */
export const judged = (name: string, body: (dovecot: Dovecot) => Promise<void>): void =>
  Deno.test({
    name,
    ignore: !hasDovecot,
    fn: async () => {
      await using dovecot = await Dovecot.start();
      await body(dovecot);
    },
  });
