/**
 * Two people at work, one on each side, as fast as Dovecot takes it, while a mirror runs in a loop.
 *
 * @module
 */
import assert from "node:assert/strict";
import { random } from "../sample/random.ts";
import { ageMapLog } from "./age.ts";
import { compareViews } from "./compare.ts";
import type { Account, Dovecot } from "./dovecot.ts";
import type { Dsync } from "./dsync.ts";
import { type ImapAnswer, type ImapSession, imapString } from "./imap.ts";
import { trials } from "./judge.ts";
import { view } from "./view.ts";

const MAILBOXES: readonly string[] = ["INBOX", "Archive", "Entwürfe/日本"];
const FLAGS: readonly string[] = ["\\Seen", "\\Flagged", "\\Answered", "Busy", "Work"];

/** What a sound store never makes Dovecot say. */
const ALARM =
  /corrupt|broken|fsck|lost|inconsisten|rebuil|duplicate|reappear|panic|assert|garbage/i;

/** Mails by the word that is their subject: a mirror may give them other UIDs, so these are looked up each time. */
interface Mails {
  /** Saved, and nothing was done to be rid of them. */
  readonly kept: Set<string>;
  /** Expunged, and seen to be gone. */
  readonly gone: Set<string>;
}

class Worker {
  readonly diary: string[] = [];
  readonly mails: Mails = { kept: new Set(), gone: new Set() };
  done = 0;
  said = "";
  #stopped = false;
  readonly #end: Promise<void>;
  /** Where the mails were that may still be worked on; the last place is where they are. */
  readonly #places = new Map<string, readonly string[]>();

  constructor(readonly dovecot: Dovecot, readonly account: Account, readonly seed: number) {
    this.#end = this.#run();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#end;
  }

  async #run(): Promise<void> {
    const chance = random(this.seed);
    while (!this.#stopped) {
      await using imap = await this.dovecot.imap(this.account);
      const mailbox = chance.pick(MAILBOXES);
      await imap.send(`CREATE ${imapString(mailbox)}`);
      try {
        await imap.select(mailbox);
        for (let i = 0; i < 40 && !this.#stopped; i++) await this.#step(imap, mailbox, chance);
      } catch (error) {
        // Dovecot ends sessions whose mailbox gets another identity: the first mirror makes two INBOXes one.
        this.said += `${String(error)}\n`;
      }
      this.said += await imap.close();
    }
  }

  /** The UIDs that the selected mailbox has a mail at; null: it cannot say. */
  async #uidsOf(imap: ImapSession, word: string): Promise<readonly string[] | null> {
    const { status, untagged } = await this.#send(imap, word, `UID SEARCH SUBJECT ${word}`);
    const found = untagged.find((line) => line.startsWith("SEARCH"));
    return status === "OK" && found !== undefined ? found.split(" ").slice(1) : null;
  }

  async #send(imap: ImapSession, word: string, command: string): Promise<ImapAnswer> {
    const answer = await imap.send(command);
    const told = answer.untagged.filter((line) => /SEARCH|COPYUID|EXPUNGE/.test(line)).join("; ");
    this.diary.push(`${Date.now()} ${word}: ${command}: ${answer.status} ${answer.text} ${told}`);
    return answer;
  }

  async #step(
    imap: ImapSession,
    mailbox: string,
    chance: ReturnType<typeof random>,
  ): Promise<void> {
    this.done++;
    const here = [...this.#places].filter(([, places]) => places.at(-1) === mailbox)
      .map(([word]) => word);
    const pick = chance.int(20);
    if (pick < 8 || here.length === 0) {
      const word = `s${this.seed}x${this.done}x`;
      const text = `Subject: ${word}\r\n\r\n${chance.hex(chance.int(4000))}\r\n`;
      const flags = FLAGS.filter(() => chance.chance(20));
      const at = await imap.append(mailbox, new TextEncoder().encode(text), flags);
      this.diary.push(`${Date.now()} ${word} saved in ${mailbox} at ${at}`);
      this.mails.kept.add(word);
      this.#places.set(word, [mailbox]);
      return;
    }
    const word = chance.pick(here);
    const uid = (await this.#uidsOf(imap, word))?.[0];
    if (uid === undefined) return;
    if (pick < 14) {
      await imap.send(
        `UID STORE ${uid} ${chance.pick(["+", "-", ""])}FLAGS (${chance.pick(FLAGS)})`,
      );
    } else if (pick < 16) {
      // Somebody else's mail, perhaps.
      await this.#send(
        imap,
        word,
        `UID STORE ${1 + chance.int(Number(uid))} +FLAGS (${chance.pick(FLAGS)})`,
      );
    } else if (pick < 18) {
      await this.#move(imap, word, uid, chance.pick(MAILBOXES));
    } else {
      await this.#expunge(imap, word, uid);
    }
  }

  /** Moves a mail, once to a place: Dovecot warns of file names that come back to a Maildir. */
  async #move(imap: ImapSession, word: string, uid: string, to: string): Promise<void> {
    const places = this.#places.get(word)!;
    if (places.includes(to)) return;
    // Half a move, should the session end in the middle, is nobody's fault.
    this.mails.kept.delete(word);
    const { status } = await this.#send(imap, word, `UID MOVE ${uid} ${imapString(to)}`);
    await this.#send(imap, word, "NOOP");
    const left = await this.#uidsOf(imap, word);
    // Given another UID in that moment, it was copied: Dovecot found nothing to expunge at the old one.
    if (status === "OK" && left?.length !== 0) {
      this.#places.delete(word);
      return;
    }
    this.mails.kept.add(word);
    if (status === "OK") this.#places.set(word, [...places, to]);
  }

  async #expunge(imap: ImapSession, word: string, uid: string): Promise<void> {
    this.mails.kept.delete(word);
    this.#places.delete(word);
    await this.#send(imap, word, `UID STORE ${uid} +FLAGS (\\Deleted)`);
    await this.#send(imap, word, `UID EXPUNGE ${uid}`);
    await this.#send(imap, word, "NOOP");
    // Given another UID in that moment, it has survived.
    const left = await this.#uidsOf(imap, word);
    if (left?.length === 0) this.mails.gone.add(word);
  }
}

/** How often each subject occurs in an account. */
const subjects = async (dovecot: Dovecot, account: Account): Promise<Map<string, number>> => {
  const counts = new Map<string, number>();
  await using imap = await dovecot.imap(account);
  for (const mailbox of MAILBOXES) {
    await imap.select(mailbox);
    const { untagged } = await imap.ok("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
    for (const [, word = ""] of untagged.join("\n").matchAll(/^Subject: (\S+)/gm)) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
};

/** What was done to a mail, and when the mirrors ran. */
const storyOf = (word: string, diaries: readonly string[]): string =>
  diaries.filter((line) => line.includes(word) || line.includes(" mirror "))
    .map((line) => line.split("\n")[0]).join("\n");

/** Where a mail is on a side. */
const placesOf = (dovecot: Dovecot, account: Account, word: string): Promise<string> =>
  dovecot.quietly(account, ["fetch", "mailbox uid guid date.saved", "subject", word]);

/**
 * Runs `runs` mirrors beside traffic on both sides, and asserts that none fails, that Dovecot finds no damage, that no
 * mail is lost, doubled or brought back, and that one quiet mirror at the end makes both sides equal.
 */
export const mirrorBesideTraffic = async (
  dovecot: Dovecot,
  dsync: Dsync,
  locations: readonly [string, string],
  runs: number,
): Promise<void> => {
  const title = locations.join(" and ");
  const diary: string[] = [];
  const sides = [
    await dovecot.account(locations[0]),
    await dovecot.account(locations[1]),
  ] as const;
  const workers = sides.map((side, i) => new Worker(dovecot, side, 71 + i));
  let exits = "";
  // Both begin with a store of their own.
  while (workers.some(({ done }) => done < 5)) await new Promise((go) => setTimeout(go, 20));
  for (let run = 1; run <= runs; run++) {
    // So that Dovecot's next session rotates it.
    for (const { home } of sides) ageMapLog(home);
    diary.push(`${Date.now()} mirror ${run} begins`);
    const { code, stderr, stdout } = await dsync.sync("mirror", ...sides, "-v");
    diary.push(
      `${Date.now()} mirror ${run} ends: ${code} ${stderr}${new TextDecoder().decode(stdout)}`,
    );
    exits += code;
    assert.ok(code === 0 || code === 2, `${title}, run ${run}: exit ${code}, ${stderr}`);
    if (ALARM.test(stderr)) {
      // What Dovecot has to say of it tells who did what.
      await Promise.all(workers.map((worker) => worker.stop()));
      const said = workers.map((worker) => worker.said).join("");
      assert.fail(`${title}, run ${run}: ${stderr}Dovecot: ${said}`);
    }
  }
  await Promise.all(workers.map((worker) => worker.stop()));
  for (const { said, done } of workers) {
    assert.deepEqual(said.split("\n").filter((line) => ALARM.test(line)), [], title);
    assert.ok(done > runs, `${title}: only ${done} commands`);
  }
  const last = await dsync.sync("mirror", ...sides, "-v");
  assert.deepEqual([last.code, last.stderr], [0, ""], `${title}: the quiet run after ${exits}`);
  const [left, right] = [await view(dovecot, sides[0]), await view(dovecot, sides[1])];
  assert.deepEqual(compareViews(left, right), [], title);
  const counts = await subjects(dovecot, sides[0]);
  const diaries = [diary, ...workers.map((worker) => worker.diary)].flat().sort();
  for (const { mails } of workers) {
    const kept = await Promise.all(
      [...mails.kept].filter((word) => counts.get(word) !== 1).map(async (word) =>
        `${counts.get(word) ?? 0} times: ${await placesOf(dovecot, sides[0], word)}${
          storyOf(word, diaries)
        }`
      ),
    );
    assert.deepEqual(kept, [], `${title}: lost or doubled`);
    const back = [...mails.gone].filter((word) => counts.has(word))
      .map((word) => storyOf(word, diaries));
    assert.deepEqual(back, [], `${title}: expunged, and there again`);
  }
  assert.deepEqual(await trials(dovecot, sides[0], left), [], title);
  assert.deepEqual(await trials(dovecot, sides[1], right), [], title);
};
