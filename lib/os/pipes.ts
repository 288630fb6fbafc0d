/**
 * Pipes of the system: a program that is started, and this program's own standard input and output.
 *
 * @module
 */
import { TextLineStream } from "@std/streams/text-line-stream";
import { type SyncError, syncError } from "../model/error.ts";
import { setPipeSize } from "./libc.ts";
import { spawn } from "./spawn.ts";
import type { Pipe, Started, StartProgram } from "../port/pipe.ts";
import { failStream } from "../stream/chunks.ts";

/** How long a program may take at most to end when its pipe is closed. */
const GRACE_MS = 30_000;
/** The same for one that has been silent for too long already; and when it was asked to end, for any. */
const SHORT_GRACE_MS = 2000;

/** Dovecot hands its parsed configuration on to what it starts, which another configuration of it would not survive. */
const NOT_INHERITED = /^(DOVECONF_|DOVECOT_|CONFIG_FILE$|RESTRICT_)/;

const failed = (what: string, cause?: unknown): never =>
  failStream<SyncError>(syncError("Io", "run", {}, what, cause));

/** The longest that a timer waits: one that is set for longer is over at once. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Has something done later, unless what is given is called before. By a signal's own timer: what `setTimeout` needs is
 * loaded by Deno when it is first called, which takes as long as a tenth of all of a program's start.
 */
const later = (ms: number, act: () => void): () => void => {
  const signal = AbortSignal.timeout(Math.min(ms, LONGEST_MS));
  signal.addEventListener("abort", act);
  return () => signal.removeEventListener("abort", act);
};

/** Watches that something moves, in either direction. */
class Idle {
  readonly #ms: number;
  #moved = false;
  #isWaiting = false;
  /** Whether it was silent for too long. */
  isSilent = false;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Something moved. */
  touch(): void {
    this.#moved = true;
  }

  /** What `read` gives; only while that is waited for does silence count. */
  async waitFor<A>(read: Promise<A>): Promise<A> {
    this.touch();
    this.#isWaiting = true;
    const value = await read;
    this.#isWaiting = false;
    this.touch();
    return this.isSilent
      ? failed(`the other end said nothing for ${Math.round(this.#ms / 1000)} seconds`)
      : value;
  }

  /** Calls `onSilence` when nothing has moved for the whole time; what it gives ends that. */
  watch(onSilence: () => void): () => void {
    const look = (): void => {
      if (this.#isWaiting && !this.#moved) {
        this.isSilent = true;
        return onSilence();
      }
      this.#moved = false;
      end = later(this.#ms, look);
    };
    let end = later(this.#ms, look);
    return () => end();
  }
}

/** A pipe over two streams; `timeoutMs`: how long it may be silent. */
export const streamPipe = (
  readable: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  timeoutMs: number,
): Pipe => watchedPipe(readable, writable, new Idle(timeoutMs));

const watchedPipe = (
  readable: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  idle: Idle,
): Pipe => {
  const writer = writable.getWriter();
  let closed: Promise<void> | null = null;
  const incoming = async function* (): AsyncGenerator<Uint8Array> {
    const reader = readable.getReader();
    const release = (): void => void reader.cancel().catch(() => {});
    // A read that is let go of ends at once.
    const unwatch = idle.watch(release);
    try {
      for (;;) {
        const { value, done } = await idle.waitFor(reader.read());
        if (done) return;
        if (value.length > 0) yield value;
      }
    } finally {
      unwatch();
      release();
    }
  };
  return {
    incoming: incoming(),
    send: async (bytes) => {
      try {
        await writer.write(bytes);
        idle.touch();
      } catch (cause) {
        failed("the other end is gone", cause);
      }
    },
    close: () => closed ??= writer.close().catch(() => {}),
  };
};

/** Sends a signal to a program, which may have ended just now. */
const endNow = (child: Deno.ChildProcess, signal: Deno.Signal): void => {
  try {
    child.kill(signal);
  } catch (thrown) {
    // "Child process has already terminated": Deno knows it before its status is told.
    if (!(thrown instanceof TypeError)) throw thrown;
  }
};

/** The environment that a program inherits. */
const inherited = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => !NOT_INHERITED.test(name)),
  );

/** Tells each line of a stream; `stop` lets go of it before it has ended. */
const eachLine = (
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): { readonly ended: Promise<void>; readonly stop: () => Promise<void> } => {
  const reader = stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
    .getReader();
  const tell = async (): Promise<void> => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      onLine(next.value);
    }
  };
  return { ended: tell(), stop: () => reader.cancel() };
};

/** Waits for something, but not longer than the grace; gives whether it came. */
const within = async (what: Promise<unknown>, ms: number): Promise<boolean> => {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const end = later(ms, () => resolve(false));
  try {
    return await Promise.race([what.then(() => true), late]);
  } finally {
    end();
  }
};

/**
 * A {@linkcode StartProgram} whose pipes may be silent for `timeoutMs`. A program that cannot be started fails with
 * `Missing` or `Denied`.
 */
export const programs = (timeoutMs: number): StartProgram => (argv, onLine): Started => {
  const [program, ...args] = argv;
  let child: Deno.ChildProcess;
  try {
    child = spawn(program!, {
      args,
      env: inherited(),
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
  } catch (cause) {
    const tag = cause instanceof Deno.errors.NotFound ? "Missing" : "Denied";
    const where = { path: program! };
    return failStream(syncError(tag, "run", where, "the program cannot be started", cause));
  }
  const told = eachLine(child.stderr, onLine);
  const idle = new Idle(timeoutMs);
  const pipe = watchedPipe(child.stdout, child.stdin, idle);
  return {
    pipe,
    end: async (graceMs = idle.isSilent ? SHORT_GRACE_MS : Math.min(GRACE_MS, timeoutMs)) => {
      await pipe.close();
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        if (await within(child.status, signal === "SIGTERM" ? graceMs : SHORT_GRACE_MS)) break;
        endNow(child, signal);
      }
      const { code, signal } = await child.status;
      // A grandchild may hold the other end of its standard error open, and would keep this process waiting.
      if (!await within(told.ended, SHORT_GRACE_MS)) await told.stop();
      return signal === null ? code : null;
    },
  };
};

/** As much as a user may have in a pipe on Linux, where nobody has set it otherwise; by itself it is 64 kB. */
const PIPE_SIZE = 1 << 20;

/** This program's own standard input and output. */
export const standardPipe = (timeoutMs: number): Pipe => {
  // Else the two ends wait for each other after every few mails.
  setPipeSize([0, 1], PIPE_SIZE);
  return streamPipe(Deno.stdin.readable, Deno.stdout.writable, timeoutMs);
};
