/**
 * Settings and places of the program itself.
 *
 * @module
 */
import { join } from "node:path";
import type { SyncError } from "../../lib/model/error.ts";
import { errorText } from "../../lib/codec/error_text.ts";
import { stateDirectory } from "../memory_file.ts";
import { type Complaint, run } from "./complaint.ts";
import { infoOf, isDirectory } from "./files.ts";

/** What is wrong with the configuration. */
export const settingsComplaint = (error: SyncError): Complaint => {
  const text = errorText(error);
  const [, line] = /line (\d+)/.exec(text) ?? [];
  const { path } = error.where;
  const [, setting] = /^lock_method=/.test(error.what) ? ["", "lock_method=fcntl"] : [];
  return {
    where: path ?? "the configuration",
    what: error.what,
    mend: setting !== undefined
      ? { _tag: "Give", options: ["-o", setting] }
      : path !== undefined && line !== undefined
      ? run("sed", "-i", `${line}s/^/#/`, path)
      : { _tag: "Do", what: "mend what is said there, or name another configuration with -c" },
  };
};

/** The first side where nobody has said which it is. */
export const noFirstSide = (error: SyncError): Complaint => {
  const home = Deno.env.get("HOME") ?? "/";
  const guess = isDirectory(join(home, "mdbox", "storage")) ? "mdbox:~/mdbox" : "maildir:~/Maildir";
  return {
    where: "LOCATION1",
    what: error.what,
    mend: { _tag: "Give", options: ["-o", `mail_location=${guess}`] },
  };
};

/** Where the program keeps what it remembers. */
export const examineState = (): readonly Complaint[] => {
  const path = stateDirectory((name) => Deno.env.get(name));
  if (path === null) {
    const what = "HOME is not set, so nothing can be remembered from run to run";
    return [{ where: "HOME", what, mend: { _tag: "Do", what: "set HOME or XDG_STATE_HOME" } }];
  }
  const info = infoOf(path);
  if (info === null) return [];
  if (!info.isDirectory) {
    const what = "it is where runs remember what they did, and is no directory";
    return [{ where: path, what, mend: run("mv", path, `${path}.old`) }];
  }
  return ((info.mode ?? 0o700) & 0o700) === 0o700 ? [] : [{
    where: path,
    what: "runs cannot write down here what they did",
    mend: run("chmod", "u+rwx", path),
  }];
};
