/**
 * Somebody at work in an account while it is synced: appends, flags, expunges, as fast as Dovecot takes them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { random } from "../sample/random.ts";
import { compareViews } from "./compare.ts";
import { absolute, type Account, type Dovecot } from "./dovecot.ts";
import type { Dsync } from "./dsync.ts";
import { type ImapSession, imapString } from "./imap.ts";
import { trials } from "./judge.ts";
import { filledAccount } from "./stores.ts";
import { type View, view } from "./view.ts";

/** What was done, and what Dovecot had to say. */
export interface Tally {
  /** UIDs of mails appended and not expunged, by mailbox. */
  readonly kept: ReadonlyMap<string, ReadonlySet<number>>;
  /** Commands that were carried out. */
  readonly done: number;
  /** Standard error of all sessions. */
  readonly said: string;
}

const MAILBOXES: readonly string[] = ["INBOX", "Archive", "Entwürfe/日本語"];
const FLAGS: readonly string[] = ["\\Seen", "\\Flagged", "\\Answered", "Busy", "Work"];

/** Traffic until {@linkcode Traffic.stop} is called. */
export class Traffic {
  #stopped = false;
  readonly #end: Promise<Tally>;

  constructor(readonly dovecot: Dovecot, readonly account: Account, seed: number) {
    this.#end = this.#run(seed);
  }

  /** Ends it after the command at hand. */
  stop(): Promise<Tally> {
    this.#stopped = true;
    return this.#end;
  }

  async #run(seed: number): Promise<Tally> {
    const chance = random(seed);
    const kept = new Map(MAILBOXES.map((name) => [name, new Set<number>()]));
    let done = 0;
    let said = "";
    const step = async (imap: ImapSession, mailbox: string): Promise<boolean> => {
      done++;
      const mine = kept.get(mailbox)!;
      const pick = chance.int(10);
      if (pick < 5 || mine.size === 0) {
        const bytes = new TextEncoder().encode(
          `Subject: ${seed}.${done}\r\n\r\n${chance.hex(chance.int(4000))}\r\n`,
        );
        const flags = FLAGS.filter(() => chance.chance(20));
        mine.add(await imap.append(mailbox, bytes, flags));
        return true;
      }
      const uid = chance.pick([...mine]);
      if (pick < 9) {
        const sign = chance.pick(["+", "-"]);
        const { status } = await imap.send(`UID STORE ${uid} ${sign}FLAGS (${chance.pick(FLAGS)})`);
        return status === "OK";
      }
      const marked = await imap.send(`UID STORE ${uid} +FLAGS (\\Deleted)`);
      const gone = await imap.send(`UID EXPUNGE ${uid}`);
      mine.delete(uid);
      return marked.status === "OK" && gone.status === "OK";
    };
    while (!this.#stopped) {
      const imap = await this.dovecot.imap(this.account);
      try {
        const mailbox = chance.pick(MAILBOXES);
        const { status } = await imap.send(`SELECT ${imapString(mailbox)}`);
        for (let i = 0; status === "OK" && i < 60 && !this.#stopped; i++) {
          if (!await step(imap, mailbox)) break;
        }
      } catch (error) {
        // A destination that is rebuilt may throw its sessions out; what they wrote to standard error tells the rest.
        said += `${String(error)}\n`;
      }
      said += `${await imap.close()}\n`;
    }
    return { kept, done, said };
  }
}

/** What a sound store never makes Dovecot say. */
const ALARM =
  /corrupt|broken|fsck|lost|inconsisten|rebuil|duplicate|reappear|panic|assert|garbage/i;

/**
 * What a session says when the mailbox it has open is put aside for a rebuilt one, as a backup does where the
 * destination has mails of its own. The session ends. In a Maildir it may take the lower UIDNEXT for damage and remove
 * the new dovecot-uidlist (maildir-uidlist.c, maildir_uidlist_read_header); the next backup makes that good.
 */
const REPLACED =
  /view is now inconsistent|state is inconsistent|Recent flags state|next_uid (header )?was lowered|index\.cache: No such/;

const uidsOf = (seen: View, mailbox: string): ReadonlySet<number> =>
  new Set(seen.mailboxes.get(mailbox)?.mails.keys() ?? []);

/**
 * Runs `runs` backups beside traffic in the source or the destination, and asserts that no run fails, that Dovecot
 * finds no damage, that no mail of the source is lost, and that one quiet run at the end makes both sides equal.
 */
export const backupBesideTraffic = async (
  dovecot: Dovecot,
  dsync: Dsync,
  how: {
    readonly from: string;
    readonly to: string;
    readonly in: "source" | "destination";
    readonly runs: number;
  },
): Promise<void> => {
  const title = `${how.from} to ${how.to}, traffic in the ${how.in}`;
  const source = await filledAccount(dovecot, how.from, { seed: 51, mails: 60 });
  const to = await dovecot.account(how.to);
  const first = await dsync.sync("backup", source, to);
  assert.deepEqual([first.code, first.stderr], [0, ""], title);
  const before = await view(dovecot, source);

  const traffic = new Traffic(dovecot, how.in === "source" ? source : to, 52);
  // What comes to the destination goes again with each run, and that is meant.
  const all = ["--max-delete", "100%"];
  for (let run = 1; run <= how.runs; run++) {
    const { code, stderr } = await dsync.sync("backup", source, to, ...all);
    assert.ok(code === 0 || code === 2, `${title}, run ${run}: exit ${code}, ${stderr}`);
    assert.doesNotMatch(stderr, ALARM, `${title}, run ${run}: ${stderr}`);
  }
  const { kept, done, said } = await traffic.stop();
  const alarms = said.split("\n").filter((line) =>
    ALARM.test(line) && !(how.in === "destination" && REPLACED.test(line))
  );
  assert.deepEqual(alarms, [], title);
  assert.ok(done > how.runs, `${title}: only ${done} commands`);

  const now = await view(dovecot, source);
  if (how.in === "destination") {
    assert.deepEqual(compareViews(before, now), [], `${title}: the source`);
  } else {
    assert.equal(said.trim(), "", title);
    for (const [mailbox, uids] of kept) {
      const old = uidsOf(before, mailbox);
      const added = [...uidsOf(now, mailbox)].filter((uid) => !old.has(uid));
      assert.deepEqual(added, [...uids], `${title}: mails added to ${mailbox}`);
    }
  }
  const last = await dsync.sync("backup", source, to, ...all);
  assert.deepEqual([last.code, last.stderr], [0, ""], `${title}: the quiet run, ${absolute(to)}`);
  const seen = await view(dovecot, to);
  assert.deepEqual(compareViews(now, seen, { modSeq: "not lower" }), [], title);
  assert.deepEqual(await trials(dovecot, to, seen), [], title);
};
