/**
 * What a command line can ask for, as data.
 *
 * @module
 */
import type { DeleteLimit } from "../lib/run/brake.ts";
import type { NameSelection } from "../lib/sync/select_names.ts";
import type { MailFilter } from "../lib/sync/wire_mailbox.ts";

/** What every command has. */
export interface CommonOptions {
  /** Settings from `-o`, the last one of a name counts. */
  readonly settings: ReadonlyMap<string, string>;
  /** -c: the configuration; null: Dovecot's own, if there is one. */
  readonly config: string | null;
  /** -u: the user; null: whoever runs this. */
  readonly user: string | null;
  /** -v. */
  readonly verbose: boolean;
  /** -D. */
  readonly debug: boolean;
  /** -T: how long the other end may be silent, milliseconds. */
  readonly timeoutMs: number;
  /** -r: where all that is said is written to; null: nowhere. */
  readonly rawLog: string | null;
  /** --json: events and the report as a line each, instead of text. */
  readonly json: boolean;
  /** --bwlimit: bytes of mails a second; null: as fast as it goes. */
  readonly bytesPerSecond: number | null;
  /** --iops: mails saved or changed a second; null: as fast as it goes. */
  readonly operationsPerSecond: number | null;
}

/** A sync that was asked for. */
export interface SyncCommand extends CommonOptions {
  readonly _tag: "Sync";
  /** Whether both sides are merged, or the second is made like the first. */
  readonly verb: "mirror" | "backup";
  /** The words of the second side. */
  readonly destination: readonly string[];
  /** -p: settings of the second side alone, as 2.4 has them; a location only. */
  readonly destinationSettings: ReadonlyMap<string, string>;
  /** -1: of a mirror only the second side is changed. */
  readonly oneWay: boolean;
  /** -R: the second side is the source of a backup, or of a one-way mirror. */
  readonly reverse: boolean;
  /** -f: everything is compared, whatever the numbers say. */
  readonly full: boolean;
  /** -s: what the sides had in common; "": nothing is known; null: not asked for. */
  readonly state: string | null;
  /** -m, -g and -x. */
  readonly names: NameSelection;
  /** False with -m '' or -g '': mailboxes and subscriptions only. */
  readonly mails: boolean;
  /** -t, -e, -I and -O. */
  readonly filter: MailFilter;
  /** -a: the virtual mailbox that has all mails. */
  readonly virtualAll: string | null;
  /** -n: prefixes of namespaces; null: not given. */
  readonly namespaces: readonly string[] | null;
  /** -N. */
  readonly allNamespaces: boolean;
  /** -l, seconds; null: no lock. */
  readonly lockTimeout: number | null;
  /** -P: the other end purges its storage. */
  readonly purge: boolean;
  /** --max-delete; null: not given. */
  readonly maxDelete: DeleteLimit | null;
  /** --dry-run: what would be done is told, and nothing is done. */
  readonly dryRun: boolean;
  /** --out: the file that the plan is written to; null: none. */
  readonly planFile: string | null;
  /** --hold: where mails are kept that this run takes away; null: nowhere. */
  readonly hold: string | null;
}

/** A plan that is carried out. */
export interface ApplyCommand extends CommonOptions {
  readonly _tag: "Apply";
  /** The file of the plan. */
  readonly file: string;
  /** What was given here, and counts above what the plan was made with. */
  readonly over: Partial<
    Pick<
      SyncCommand,
      | "config"
      | "user"
      | "timeoutMs"
      | "rawLog"
      | "bytesPerSecond"
      | "operationsPerSecond"
      | "hold"
    >
  >;
}

/** What runs decided. */
export interface LogCommand extends CommonOptions {
  readonly _tag: "Log";
  /** -m: only of this mailbox; null: of all. */
  readonly mailbox: string | null;
  /** -t: only since this time, seconds since 1970; null: all. */
  readonly since: number | null;
}

/** Mails of a hold, to be put back. */
export interface RestoreCommand extends CommonOptions {
  readonly _tag: "Restore";
  /** The hold. */
  readonly directory: string;
  /** Only these mails; none: all. */
  readonly guids: readonly string[];
  /** -m and -x. */
  readonly names: NameSelection;
  /** -t: only those taken away since, seconds since 1970; null: all. */
  readonly since: number | null;
  /** --dry-run: they are only listed. */
  readonly dryRun: boolean;
}

/** The far end of a pipe. */
export interface ServerCommand extends CommonOptions {
  readonly _tag: "Server";
}

/** What is in a store. */
export interface StatusCommand extends CommonOptions {
  readonly _tag: "Status";
  /** The store; null: that of mail_location. */
  readonly location: string | null;
}

/** How fast it is with one's own mail. */
export interface BenchCommand extends CommonOptions {
  readonly _tag: "Bench";
  /** The mail; null: that of mail_location. */
  readonly location: string | null;
}

/** A comparison of two sides. */
export interface CheckCommand extends CommonOptions {
  readonly _tag: "Check";
  /** The first side; null: that of mail_location. */
  readonly first: string | null;
  /** The words of the second side. */
  readonly destination: readonly string[];
  /** -p, as for a sync. */
  readonly destinationSettings: ReadonlyMap<string, string>;
  /** --bytes: mails are read and compared, too. */
  readonly bytes: boolean;
  /** -m and -x. */
  readonly names: NameSelection;
}

/** An examination of two sides. */
export interface DoctorCommand extends CommonOptions {
  readonly _tag: "Doctor";
  /** The first side; null: that of mail_location. */
  readonly first: string | null;
  /** The words of the second side. */
  readonly destination: readonly string[];
  /** -p, as for a sync. */
  readonly destinationSettings: ReadonlyMap<string, string>;
}

/** What the command line asks for. */
export type Command =
  | SyncCommand
  | ApplyCommand
  | LogCommand
  | RestoreCommand
  | ServerCommand
  | StatusCommand
  | BenchCommand
  | CheckCommand
  | DoctorCommand
  | { readonly _tag: "Help" }
  | { readonly _tag: "Version" };
