/**
 * Whether there is anybody at the other end of a pipe.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { fileURLToPath } from "node:url";
import type { Destination } from "../../lib/codec/peer_command.ts";
import { DRY_EXTENSION, reach, STORE_EXTENSION } from "../../lib/peer/reach.ts";
import type { Os } from "../../lib/port/os.ts";
import { slaveHandshake } from "../../lib/run/session_handshake.ts";
import type { DoctorCommand } from "../command.ts";
import { reachOf } from "../connect.ts";
import { type Complaint, quoted } from "./complaint.ts";
import { infoOf } from "./files.ts";

/** Where a program is; null: nowhere. */
const programAt = (name: string): string | null => {
  if (name.includes("/")) return infoOf(name) === null ? null : name;
  const found = (Deno.env.get("PATH") ?? "").split(":").map((directory) => `${directory}/${name}`);
  return found.find((path) => infoOf(path) !== null) ?? null;
};

/** The words that run this very program. */
const ownWords = (): readonly string[] => [
  Deno.execPath(),
  "run",
  "-A",
  fileURLToPath(Deno.mainModule),
];

/** What keeps a program from being the second side. */
export const examinePeer = async (
  os: Os,
  command: DoctorCommand,
  destination: Extract<Destination, { readonly _tag: "Program" }>,
): Promise<readonly Complaint[]> => {
  const [program, ...rest] = destination.argv;
  if (programAt(program!) === null) {
    const what = "there is no such program";
    const mend = program === "ssh"
      ? { _tag: "Run", command: "apt-get install -y openssh-client" } as const
      : {
        _tag: "Use",
        side: "LOCATION2",
        location: [...ownWords(), ...rest].map(quoted).join(" "),
      } as const;
    return [{ where: program!, what, mend }];
  }
  const said: string[] = [];
  const reached = await reach(
    reachOf(command, destination, (line) => said.push(line)),
    slaveHandshake(os.hostname),
    [STORE_EXTENSION, DRY_EXTENSION],
  )();
  if (E.isLeft(reached)) {
    const what = [reached.left.what, ...said].join("; ");
    return [{
      where: destination.argv.join(" "),
      what,
      mend: /not found|127/.test(what)
        ? {
          _tag: "Give",
          options: ["-o", "dsync_remote_cmd=ssh -l%{login} %{host} doveadm dsync-server"],
        }
        : { _tag: "Do", what: "run that command by hand: it has to say VERSION\\tdsync" },
    }];
  }
  await reached.right.close();
  return [];
};
