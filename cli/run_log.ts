/**
 * `dsync log`: what runs decided.
 *
 * @module
 */
import { makeOs } from "../lib/os/os.ts";
import type { LogCommand } from "./command.ts";
import { EXIT, tell } from "./exit.ts";
import { readLedger } from "./ledger_file.ts";
import { stateDirectory } from "./memory_file.ts";
import { decisionText } from "./render.ts";

/** Tells the entries that are asked for, oldest first. */
export const runLog = ({ mailbox, since, json }: LogCommand): number => {
  const directory = stateDirectory((name) => Deno.env.get(name));
  const entries = directory === null ? [] : readLedger(makeOs(), directory);
  const from = since === null ? "" : new Date(1000 * since).toISOString();
  for (const entry of entries) {
    if (entry.at < from || (mailbox !== null && entry.mailbox !== mailbox)) continue;
    tell(json ? JSON.stringify(entry) : `${entry.at} ${decisionText(entry, entry)}`);
  }
  return EXIT.inSync;
};
