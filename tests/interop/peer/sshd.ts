/** An sshd of the test user's own on the loopback, and the configuration with which ssh comes in. */
import { join } from "node:path";
import type { Machine } from "../machine.ts";

/** Host name under which ssh knows it. */
export const HOST = "localhost";

const freePort = (): number => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
};

const isListening = async (port: number): Promise<boolean> => {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
};

/** A running sshd. */
export interface Sshd extends AsyncDisposable {
  /** The words of an ssh that reaches it; the host comes behind them. */
  readonly ssh: readonly string[];
}

/** Starts it; `machine` gives the user and the place. */
export const startSshd = async (machine: Machine): Promise<Sshd> => {
  const home = await machine.directory("sshd");
  for (const key of ["host", "user"]) {
    const made = await machine.run(
      "/usr/bin/ssh-keygen",
      ["-q", "-t", "ed25519", "-N", "", "-f", join(home, key)],
      { home },
    );
    if (made.code !== 0) throw new Error(`ssh-keygen: ${made.stderr}`);
  }
  await Deno.copyFile(join(home, "user.pub"), join(home, "authorized"));
  const port = freePort();
  await Deno.writeTextFile(
    join(home, "sshd_config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${join(home, "host")}`,
      `PidFile ${join(home, "pid")}`,
      `AuthorizedKeysFile ${join(home, "authorized")}`,
      "StrictModes no",
      "UsePAM no",
      "",
    ].join("\n"),
  );
  await Deno.writeTextFile(
    join(home, "ssh_config"),
    [
      `Host ${HOST}`,
      "  HostName 127.0.0.1",
      `  Port ${port}`,
      `  User ${machine.user.name}`,
      `  IdentityFile ${join(home, "user")}`,
      "  IdentitiesOnly yes",
      "  StrictHostKeyChecking no",
      "  UserKnownHostsFile /dev/null",
      "  GlobalKnownHostsFile /dev/null",
      "  BatchMode yes",
      "  LogLevel ERROR",
      "",
    ].join("\n"),
  );
  await machine.own(home);
  const child = machine.command(
    "/usr/sbin/sshd",
    ["-D", "-e", "-f", join(home, "sshd_config")],
    { home },
  ).spawn();
  const [out, said] = [child.stdout.cancel(), new Response(child.stderr).text()];
  for (let n = 0; !await isListening(port); n++) {
    if (n === 100) {
      child.kill();
      throw new Error(`sshd does not listen: ${await said}`);
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  return {
    ssh: ["ssh", "-F", join(home, "ssh_config")],
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await Promise.all([child.status, out, said]);
    },
  };
};
