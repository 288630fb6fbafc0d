/** A real doveadm at the other end of a pipe, in either role, and our brain at this one. */
import type { Handshake, WireItem } from "../../../lib/codec/dsync_wire_item.ts";
import { streamPipe } from "../../../lib/os/pipes.ts";
import { greet } from "../../../lib/peer/greeting.ts";
import type { Peer } from "../../../lib/port/peer.ts";
import { slaveHandshake } from "../../../lib/run/session_handshake.ts";
import type { Account, Dovecot } from "../dovecot.ts";

/** How the process at the other end ended. */
export interface OtherEnd {
  readonly code: number;
  readonly stderr: string;
  readonly stdout: string;
}

/** Tests do not wait long. */
const TIMEOUT_MS = 60_000;

/** Shows items as they pass, where DSYNC_SHOW is set. */
const shown = (peer: Peer): Peer => {
  if (Deno.env.get("DSYNC_SHOW") === undefined) return peer;
  const show = (arrow: string, item: WireItem): WireItem => {
    const plain = (_: string, value: unknown): unknown =>
      typeof value === "bigint"
        ? Number(value)
        : value instanceof Uint8Array
        ? `${value.length} bytes`
        : value;
    console.log(arrow, JSON.stringify(item, plain).slice(0, 400));
    return item;
  };
  return {
    ...peer,
    send: (items) => {
      for (const item of items) show(">", item);
      return peer.send(items);
    },
    receive: async () => show("<", await peer.receive()),
  };
};

/** Says hello over a pair of streams and gives the peer behind them. */
const greetOver = async (
  readable: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  handshake: Handshake,
): Promise<{ readonly peer: Peer; readonly close: () => Promise<void> }> => {
  const pipe = streamPipe(readable, writable, TIMEOUT_MS);
  const { peer } = await greet(pipe, "doveadm", handshake, []);
  return { peer: shown(peer), close: pipe.close };
};

const textOf = async (stream: ReadableStream<Uint8Array>): Promise<string> =>
  await new Response(stream).text();

/** A `doveadm dsync-server` on an account, its hello said. */
export const startSlave = async (
  dovecot: Dovecot,
  account: Account,
  handshake: Handshake,
): Promise<{ readonly peer: Peer; readonly end: () => Promise<OtherEnd> }> => {
  const { machine, config } = dovecot;
  const args = ["-c", config, "-o", `mail_location=${account.location}`, "dsync-server"];
  const child = machine.command("/usr/bin/doveadm", args, { home: account.home, stdin: "piped" })
    .spawn();
  const stderr = textOf(child.stderr);
  const { peer, close } = await greetOver(child.stdout, child.stdin, handshake);
  return {
    peer,
    end: async () => {
      await close();
      const { code } = await child.status;
      return { code, stderr: await stderr, stdout: "" };
    },
  };
};

/** What doveadm runs: connects its standard input and output to a port of this machine. */
const connectTo = (port: number): readonly string[] => [
  "bash",
  "-c",
  `exec 3<>/dev/tcp/127.0.0.1/${port}; cat <&3 2>/dev/null & cat >&3 2>/dev/null; wait`,
];

/** A `doveadm` of these words on an account, with a slave that is us: `use` is told its handshake with the peer. */
export const withMaster = async <A>(
  dovecot: Dovecot,
  account: Account,
  words: readonly string[],
  use: (peer: Peer) => Promise<A>,
): Promise<readonly [A, OtherEnd]> => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { machine, config } = dovecot;
  const args = ["-c", config, "-o", `mail_location=${account.location}`, ...words];
  const command = connectTo((listener.addr as Deno.NetAddr).port);
  const child = machine.command("/usr/bin/doveadm", [...args, ...command], {
    home: account.home,
  }).spawn();
  const [stderr, stdout] = [textOf(child.stderr), textOf(child.stdout)];
  const connection = await listener.accept();
  const { peer, close } = await greetOver(
    connection.readable,
    connection.writable,
    slaveHandshake("ours.example"),
  );
  const result = await use(peer);
  // It says no more; its half of the connection is closed, and ours goes with it.
  await close();
  const { code } = await child.status;
  try {
    connection.close();
  } catch {
    // Closed by the other end.
  }
  return [result, { code, stderr: await stderr, stdout: await stdout }];
};
