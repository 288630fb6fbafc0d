/**
 * The settings that a run goes by: Dovecot's configuration, the user's own from the userdb, and -o.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import {
  type DovecotConfiguration,
  locationWith,
  mailLocationOf,
  mailPrefixOf,
  readConfiguration,
} from "../lib/codec/dovecot_settings.ts";
import { expandVariables, type VariableUser } from "../lib/codec/dovecot_variables.ts";
import { parseLocation } from "../lib/codec/location.ts";
import { DEFAULT_REMOTE_COMMAND, type RemoteCommand } from "../lib/codec/peer_command.ts";
import { type SyncError, syncError } from "../lib/model/error.ts";
import { becomeUser, userName } from "../lib/os/identity.ts";
import { spawn } from "../lib/os/spawn.ts";
import { StreamFailure } from "../lib/stream/chunks.ts";
import type { CommonOptions, SyncCommand } from "./command.ts";
import { isLocation } from "./command_line.ts";
import { matchFiles, readText } from "./conf_files.ts";
import { lookUpUser } from "./userdb.ts";

/** The setting that has what a Dovecot at the other end puts before names; ended by "/". */
export const PREFIX = "dsync: prefix";

/** Where Dovecot looks for its configuration. */
const DEFAULT_PATH = "/etc/dovecot/dovecot.conf";

/** Where Dovecot's sockets are unless base_dir says otherwise. */
const BASE_DIR = "/run/dovecot";

/** dsync_remote_cmd as it is when nobody has set it: then ours counts. */
const DOVECOTS_REMOTE_COMMAND = /^ssh -l%\{login\} %\{host\} doveadm dsync-server -u%\S+ -U$/;

const NOTHING: DovecotConfiguration = { settings: new Map(), namespaces: new Map() };

/** Reads the files themselves, where no doveconf is installed. */
const readFiles = (path: string): Either<SyncError, DovecotConfiguration> =>
  readConfiguration(path, {
    read: readText,
    glob: matchFiles,
    env: (name) => Deno.env.get(name),
  });

/** What doveconf says of a configuration; null: it is not installed, or may not be run. */
const askDoveconf = async (
  path: string,
): Promise<Either<SyncError, DovecotConfiguration> | null> => {
  let output: Deno.CommandOutput;
  try {
    const streams = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    output = await spawn("doveconf", { args: ["-c", path], ...streams }).output();
  } catch (thrown) {
    const { NotFound, NotCapable, PermissionDenied } = Deno.errors;
    if ([NotFound, NotCapable, PermissionDenied].some((one) => thrown instanceof one)) return null;
    throw thrown;
  }
  const text = new TextDecoder().decode(output.stdout);
  if (!output.success) {
    const [line = ""] = new TextDecoder().decode(output.stderr).split("\n")
      .filter((one) => /fatal|error/i.test(one));
    return E.left(syncError("Usage", "run", { path }, `doveconf: ${line.replace(/^.*?: /, "")}`));
  }
  // What doveconf shows of files and of secrets is of no use here.
  return readConfiguration("doveconf", {
    read: (file) => file === "doveconf" ? text : "",
    glob: () => [],
    env: () => undefined,
  });
};

const load = async (
  command: CommonOptions,
  warn: (error: SyncError) => void,
): Promise<Either<SyncError, DovecotConfiguration>> => {
  const path = command.config ?? DEFAULT_PATH;
  const text = readText(path);
  // What says nothing need not be read by doveconf; of /dev/null it could only tell how Dovecot was built.
  if ((command.config === null && text === null) || text?.trim() === "") return E.right(NOTHING);
  const found = await askDoveconf(path) ?? readFiles(path);
  if (E.isRight(found) || command.config !== null || !command.settings.has("mail_location")) {
    return found;
  }
  // Nobody has asked for it, and what must be known is known.
  warn(found.left);
  return E.right(NOTHING);
};

/** What one's own environment says, or of the name the system; "" is what nobody says. */
const ownself = (): VariableUser => {
  const [uid, gid] = [Deno.uid(), Deno.gid()];
  const known = Deno.env.get("USER") || Deno.env.get("LOGNAME");
  const user = known || (uid === null ? null : userName(uid)) || "";
  return { user, home: Deno.env.get("HOME") ?? "", uid, gid };
};

const idOf = (text: string | undefined): number | null =>
  text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : null;

const socketPath = (settings: ReadonlyMap<string, string>): string => {
  const socket = settings.get("auth_socket_path") || "auth-userdb";
  return socket.startsWith("/") ? socket : `${settings.get("base_dir") || BASE_DIR}/${socket}`;
};

interface Known {
  readonly user: VariableUser;
  readonly settings: ReadonlyMap<string, string>;
}

/** Looks the user up, and becomes the user. */
const takeOn = async (
  name: string,
  settings: ReadonlyMap<string, string>,
  timeoutMs: number,
): Promise<Either<SyncError, Known>> => {
  const found = await lookUpUser(socketPath(settings), name, timeoutMs);
  if (E.isLeft(found)) return found;
  const { user, settings: own } = found.right;
  const uid = found.right.uid ?? idOf(settings.get("mail_uid"));
  const gid = found.right.gid ?? idOf(settings.get("mail_gid"));
  if (uid === null || gid === null) {
    const what =
      `-u ${name}: neither the userdb nor mail_uid and mail_gid say whose files these are`;
    return E.left(syncError("Usage", "run", {}, what));
  }
  const bare: VariableUser = { user, home: "", uid, gid };
  const template = settings.get("mail_home") ?? "";
  const home = found.right.home ?? (template === "" ? "" : expandVariables(template, bare) ?? "");
  if (!home.startsWith("/")) {
    const what = `-u ${name}: neither the userdb nor mail_home say where the home is`;
    return E.left(syncError("Usage", "run", {}, what));
  }
  try {
    becomeUser({ name: user, uid, gid });
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    return E.left(thrown.error as SyncError);
  }
  // For what is started from here, and for what is kept between runs.
  Deno.env.set("HOME", home);
  Deno.env.set("USER", user);
  Deno.env.set("LOGNAME", user);
  Deno.env.delete("XDG_STATE_HOME");
  return E.right({ user: { ...bare, home }, settings: own });
};

/** The text with the user's values put in; what has no variable of ours may be a path with a "%" in it. */
const expanded = (text: string, user: VariableUser): Either<SyncError, string> => {
  const isIn = (name: "user" | "home"): boolean =>
    expandVariables(text, { ...user, [name]: "x" }) !== expandVariables(text, user);
  for (const name of ["user", "home"] as const) {
    // Empty it would name a place that many users share, or none.
    if (user[name] !== "" || !isIn(name)) continue;
    const what = name === "user"
      ? "a variable stands for the user, whom neither USER nor LOGNAME nor the system names"
      : "a variable stands for the home, and HOME is not set";
    return E.left(syncError("Usage", "run", { path: text }, what));
  }
  return E.right(expandVariables(text, user) ?? text);
};

/** Whether somebody asks for another user than the one who runs this. */
const isOther = (user: string | null): user is string =>
  user !== null && (user !== ownself().user || Deno.uid() === 0);

/** The settings whose variables stand for the user; others have theirs put in where they are used. */
const WITH_VARIABLES = ["mail_location", "mail_attribute_dict"];

/** Settings that would change what is safe to do, and what they must be. */
const REQUIRED: readonly (readonly [string, RegExp, string])[] = [
  ["lock_method", /^fcntl$/, "mail is only locked by fcntl here"],
];

/** How a command names its first side, where it can do without mail_location. */
interface FirstSide {
  readonly first?: string | null;
  readonly location?: string | null;
}

/** Whether a command goes by mail_location. */
const goesByIt = ({ first = null, location = null }: FirstSide): boolean =>
  first === null && location === null;

/**
 * A command with all settings that count, and the user's values in its locations: -o above the userdb's above those of the
 * configuration. With -u the process is that user from here on, for good; not before `ready`. Errors: `Usage` with file
 * and line where the configuration is wrong, `Denied`, `Missing`, `Io` where the user cannot be looked up or taken on.
 */
export const configured = async <
  C extends CommonOptions & Partial<SecondSide> & FirstSide,
>(
  command: C,
  warn: (error: SyncError) => void,
  ready: Promise<unknown> = Promise.resolve(),
): Promise<Either<SyncError, C>> => {
  const loaded = await load(command, warn);
  if (isOther(command.user)) await ready;
  if (E.isLeft(loaded)) return loaded;
  const configuration = loaded.right;
  const given = new Map([...configuration.settings, ...command.settings]);
  const known = isOther(command.user)
    ? await takeOn(command.user, given, command.timeoutMs)
    : E.right<SyncError, Known>({ user: ownself(), settings: new Map() });
  if (E.isLeft(known)) return known;
  const { user, settings: own } = known.right;
  const settings = new Map([...configuration.settings, ...own, ...command.settings]);
  if (DOVECOTS_REMOTE_COMMAND.test(settings.get("dsync_remote_cmd") ?? "")) {
    settings.delete("dsync_remote_cmd");
  }
  if (!own.has("mail_location") && !command.settings.has("mail_location")) {
    const location = mailLocationOf(configuration);
    if (location !== null) settings.set("mail_location", location);
  }
  settings.set(PREFIX, mailPrefixOf(configuration));
  for (const [name, wanted, why] of REQUIRED) {
    const value = settings.get(name);
    if (value === undefined || wanted.test(value)) continue;
    return E.left(syncError("Unsupported", "run", {}, `${name}=${value}: ${why}`));
  }
  for (const name of WITH_VARIABLES) {
    const value = settings.get(name);
    // What nobody goes by may have variables that nothing stands for.
    if (value === undefined || (name === "mail_location" && !goesByIt(command))) continue;
    const text = expanded(value, user);
    if (E.isLeft(text)) return text;
    settings.set(name, text.right);
  }
  const location = settings.get("mail_location") ?? "";
  if (location !== "" && !command.settings.has("mail_location") && goesByIt(command)) {
    const parsed = parseLocation(location, user.home || null);
    if (E.isLeft(parsed)) return parsed;
  }
  return E.map((second: Partial<SecondSide>): C => ({ ...command, settings, ...second }))(
    secondLocation(command, user),
  );
};

/** How a host is reached, by the settings. */
export const remoteCommandOf = ({ settings, user }: CommonOptions): RemoteCommand => ({
  template: settings.get("dsync_remote_cmd") ?? DEFAULT_REMOTE_COMMAND,
  user,
});

type SecondSide = Pick<SyncCommand, "destination" | "destinationSettings">;

/** LOCATION2, where it is a location, with its own settings and the user's values put in. */
const secondLocation = (
  { destination = [], destinationSettings = new Map() }: Partial<SecondSide>,
  user: VariableUser,
): Either<SyncError, Partial<SecondSide>> =>
  !isLocation(destination)
    ? E.right({})
    : E.map((text: string): Partial<SecondSide> => ({ destination: [text] }))(
      expanded(locationWith(destination[0], destinationSettings), user),
    );
