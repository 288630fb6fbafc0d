/**
 * A pre-authenticated IMAP session with a real Dovecot: raw commands out, raw responses in.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { mutf7 } from "../sample/mutf7.ts";

/** What one command brought. */
export interface ImapAnswer {
  /** OK, NO or BAD. */
  readonly status: string;
  /** The text behind it. */
  readonly text: string;
  /** The untagged responses that came before it, each whole with its literals, without the "* " and the last CR LF; latin1. */
  readonly untagged: readonly string[];
}

/** A mailbox name or other string as IMAP wants it: quoted, in modified UTF-7. */
export const imapString = (value: string): string => `"${mutf7(value).replace(/[\\"]/g, "\\$&")}"`;

/** Whether Dovecot only wonders at a machine that stood still for a while. */
const isOfClock = (line: string): boolean => / Warning: Time jumped forwards /.test(line);

/** A session. Commands are answered in order; one at a time. */
export class ImapSession implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #stderr: Promise<string>;
  #input = Buffer.alloc(0);
  #serial = 0;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#writer = child.stdin.getWriter();
    this.#reader = child.stdout.getReader();
    this.#stderr = new Response(child.stderr).text();
  }

  /**
   * Starts a process that speaks IMAP over its standard input and output, and waits for its greeting; with `login` the
   * user is not known yet.
   */
  static async start(
    command: Deno.Command,
    login?: { readonly user: string; readonly password: string },
  ): Promise<ImapSession> {
    const session = new ImapSession(command.spawn());
    const greeting = (await session.#response()).toString("latin1");
    if (!greeting.startsWith(login === undefined ? "* PREAUTH" : "* OK")) {
      throw new Error(`no session: ${greeting}`);
    }
    if (login !== undefined) {
      await session.ok(`LOGIN ${imapString(login.user)} ${imapString(login.password)}`);
    }
    return session;
  }

  /** Sends a command, its parts joined (bytes go as they are), and reads up to its tagged response. */
  async send(...parts: readonly (string | Uint8Array)[]): Promise<ImapAnswer> {
    const tag = `t${++this.#serial}`;
    const bytes = parts.map((part) =>
      typeof part === "string" ? Buffer.from(part, "latin1") : part
    );
    await this.#writer.write(
      Buffer.concat([Buffer.from(`${tag} `), ...bytes, Buffer.from("\r\n")]),
    );
    const untagged: string[] = [];
    while (true) {
      const line = (await this.#response()).toString("latin1");
      if (line.startsWith("* ")) untagged.push(line.slice(2));
      else if (line.startsWith(`${tag} `)) {
        const [, status = "", text = ""] = /^\S+ (\S+) ?(.*)$/s.exec(line) ?? [];
        return { status, text, untagged };
      }
    }
  }

  /** Like {@linkcode send}, but anything but OK throws. */
  async ok(...parts: readonly (string | Uint8Array)[]): Promise<ImapAnswer> {
    const answer = await this.send(...parts);
    if (answer.status !== "OK") {
      throw new Error(
        `${String(parts[0])}: ${answer.status} ${answer.text}; ${await this.close()}`,
      );
    }
    return answer;
  }

  /** APPEND of bytes as they are (literal8 where there is a NUL); gives the UID. */
  async append(
    mailbox: string,
    bytes: Uint8Array,
    flags: readonly string[] = [],
    received?: number,
  ): Promise<number> {
    const date = received === undefined ? "" : ` ${imapDate(received)}`;
    const binary = bytes.includes(0) ? "~" : "";
    const { text } = await this.ok(
      `APPEND ${imapString(mailbox)} (${flags.join(" ")})${date} ${binary}{${bytes.length}+}\r\n`,
      bytes,
    );
    return Number(/APPENDUID \d+ (\d+)/.exec(text)?.[1] ?? NaN);
  }

  /** SELECT, with CONDSTORE if wanted. */
  select(mailbox: string, condstore = false): Promise<ImapAnswer> {
    return this.ok(`SELECT ${imapString(mailbox)}${condstore ? " (CONDSTORE)" : ""}`);
  }

  /** Logs out and waits for the end; gives the warnings and errors that the process wrote to standard error. */
  async close(): Promise<string> {
    try {
      await this.#writer.write(Buffer.from("bye LOGOUT\r\n"));
      await this.#writer.close();
      while (!(await this.#reader.read()).done);
    } catch {
      // The process has ended already: its standard error says why.
    }
    await this.#child.status;
    return (await this.#stderr).split("\n").filter((line) =>
      line !== "" && !line.includes(": Info: ") && !isOfClock(line)
    )
      .join("\n");
  }

  /** Ends the session. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#reader.read();
    if (done) throw new Error(`the IMAP process ended: ${await this.#stderr}`);
    this.#input = Buffer.concat([this.#input, value]);
  }

  /** One response: lines and literals up to a line that ends without a literal. */
  async #response(): Promise<Buffer> {
    let searched = 0;
    while (true) {
      const end = this.#input.indexOf("\r\n", searched);
      if (end < 0) {
        await this.#more();
        continue;
      }
      const literal = /\{(\d+)\}$/.exec(
        this.#input.toString("latin1", Math.max(searched, end - 24), end),
      );
      if (literal === null) {
        const whole = this.#input.subarray(0, end);
        this.#input = this.#input.subarray(end + 2);
        return whole;
      }
      searched = end + 2 + Number(literal[1]);
      while (this.#input.length < searched) await this.#more();
    }
  }
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** A date-time string (RFC 3501) of seconds since 1970, in UTC. */
export const imapDate = (seconds: number): string => {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `"${two(date.getUTCDate())}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()} ` +
    `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000"`;
};
