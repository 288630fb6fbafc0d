/**
 * What somebody does to an account in a day, at random, through a real Dovecot.
 *
 * @module
 */
import { basename, join } from "node:path";
import { guid128Hex } from "../../lib/codec/guid.ts";
import type { Random } from "../sample/random.ts";
import type { Account, Dovecot } from "./dovecot.ts";
import { type ImapSession, imapString } from "./imap.ts";
import { type Doings, KnownBox } from "./known_box.ts";
import { boxNamed, type Picture, takePicture } from "./picture.ts";

const NAMES: readonly string[] = ["A", "A/B", "A/B/C", "D", "D/E", "Entwürfe/日本", "F", "A%x"];
const FLAGS: readonly string[] = ["\\Seen", "\\Flagged", "\\Answered", "\\Deleted", "\\Draft"];
const KEYWORDS: readonly string[] = ["Work", "later", "$Junk"];

/** What somebody touched, whether or not it ended as it was before. */
export interface Touched {
  /** `mailbox GUID, UID, flag` of mails that were there in the morning. */
  readonly flags: ReadonlySet<string>;
  /** Names. */
  readonly subscriptions: ReadonlySet<string>;
  /** `mailbox GUID, UID` of mails that were expunged or moved away. */
  readonly expunged: ReadonlySet<string>;
}

/** A day's end. */
export interface Day {
  /** What the account holds. */
  readonly picture: Picture;
  /** What was done to the mails that it holds, by mailbox GUID. */
  readonly doings: ReadonlyMap<string, Doings>;
  /** What was touched. */
  readonly touched: Touched;
  /** What was done, for whoever reads a failure. */
  readonly diary: readonly string[];
}

const lower = (words: readonly string[]): readonly string[] =>
  words.map((word) => word.toLowerCase());

/** Key of a touched flag. */
export const flagKey = (mailbox: string, uid: number, flag: string): string =>
  `${mailbox} ${uid} ${flag.toLowerCase()}`;

/** Key of an expunged mail. */
export const mailKey = (mailbox: string, uid: number): string => `${mailbox} ${uid}`;

/** Somebody with an open session. */
class Person {
  readonly diary: string[] = [];
  readonly touched = {
    flags: new Set<string>(),
    subscriptions: new Set<string>(),
    expunged: new Set<string>(),
  };
  readonly #boxes: Map<string, KnownBox>;
  readonly #dawn: Picture;
  readonly #names: readonly string[];
  #selected = "";

  constructor(
    readonly imap: ImapSession,
    readonly chance: Random,
    readonly label: string,
    dawn: Picture,
    without: readonly string[],
  ) {
    this.#names = NAMES.filter((name) => !without.includes(name));
    this.#dawn = dawn;
    this.#boxes = new Map(
      [...dawn.boxes.values()].map(({ name, guid, mails }) => {
        const box = new KnownBox(guid);
        for (const [uid, { flags }] of mails) box.add(uid, flags);
        return [name, box];
      }),
    );
    if (!this.#boxes.has("INBOX")) this.#boxes.set("INBOX", new KnownBox(null));
  }

  async #send(command: string, ...more: Uint8Array[]): Promise<string | null> {
    const { status, text } = await this.imap.send(command, ...more);
    this.diary.push(`${command.trim()}: ${status}${status === "OK" ? "" : ` ${text}`}`);
    return status === "OK" ? text : null;
  }

  async #select(name: string): Promise<boolean> {
    if (this.#selected === name) return true;
    const done = await this.#send(`SELECT ${imapString(name)}`) !== null;
    this.#selected = done ? name : "";
    return done;
  }

  async #unselect(): Promise<void> {
    if (this.#selected !== "") await this.#send("UNSELECT");
    this.#selected = "";
  }

  /** A mailbox with mail, selected, and some of its UIDs. */
  async #someMails(): Promise<{ box: KnownBox; uids: number[]; set: string } | null> {
    const full = [...this.#boxes].filter(([, { uids }]) => uids.length > 0);
    if (full.length === 0) return null;
    const [name, box] = this.chance.pick(full);
    if (!await this.#select(name)) return null;
    const from = this.chance.int(box.uids.length);
    const uids = box.uids.slice(from, from + 1 + this.chance.int(3));
    return { box, uids, set: uids.join(",") };
  }

  async save(): Promise<void> {
    const { chance } = this;
    const [name, box] = chance.pick([...this.#boxes]);
    const size = chance.chance(4) ? 70_000 : chance.int(2000);
    const bytes = new TextEncoder().encode(
      `Subject: ${this.label}.${this.diary.length}\r\n\r\n${chance.hex(size)}\r\n`,
    );
    const flags = [...FLAGS, ...KEYWORDS].filter(() => chance.chance(15));
    const text = await this.#send(
      `APPEND ${imapString(name)} (${flags.join(" ")}) {${bytes.length}+}\r\n`,
      bytes,
    );
    if (text !== null) box.add(Number(/APPENDUID \d+ (\d+)/.exec(text)?.[1]), lower(flags));
  }

  async store(words: readonly string[]): Promise<void> {
    const some = await this.#someMails();
    if (some === null) return;
    const how = this.chance.pick(["+", "-", "+", "-", ""]);
    const flags = how === ""
      ? words.filter(() => this.chance.chance(40))
      : [this.chance.pick(words)];
    if (
      await this.#send(`UID STORE ${some.set} ${how}FLAGS.SILENT (${flags.join(" ")})`) === null
    ) {
      return;
    }
    // A replacement touches all flags and keywords.
    const touched = how === "" ? [...FLAGS, ...KEYWORDS] : flags;
    for (const uid of some.uids) {
      for (const flag of touched) this.touched.flags.add(flagKey(some.box.guid ?? "", uid, flag));
      for (const flag of touched) {
        some.box.change(uid, flag.toLowerCase(), how !== "-" && flags.includes(flag));
      }
    }
  }

  async expunge(): Promise<void> {
    const some = await this.#someMails();
    if (some === null) return;
    const guids = await this.#guidsOf(some.set);
    await this.#send(`UID STORE ${some.set} +FLAGS.SILENT (\\Deleted)`);
    await this.#send(`UID EXPUNGE ${some.set}`);
    this.#drop(some.box, some.uids, guids);
  }

  /** The GUIDs of mails of the selected mailbox, by UID. */
  async #guidsOf(set: string): Promise<ReadonlyMap<number, string>> {
    const { untagged } = await this.imap.ok(`UID FETCH ${set} (X-GUID)`);
    return new Map(
      untagged.map((line) => / FETCH \(UID (\d+) X-GUID ([^ )]+)/.exec(line))
        .filter((match) => match !== null)
        .map(([, uid, guid]) => [Number(uid), guid128Hex(guid!)]),
    );
  }

  async copy(command: "COPY" | "MOVE"): Promise<void> {
    const some = await this.#someMails();
    if (some === null) return;
    const [name, target] = this.chance.pick([...this.#boxes]);
    if (command === "MOVE" && target === some.box) return;
    const guids = await this.#guidsOf(some.set);
    const { status, text, untagged } = await this.imap.send(
      `UID ${command} ${some.set} ${imapString(name)}`,
    );
    this.diary.push(`UID ${command} ${some.set} to ${name}: ${status}`);
    if (status !== "OK") return;
    // MOVE tells it in an untagged OK.
    const [, from = "", to = ""] =
      /COPYUID \d+ (\S+) (\S+)\]/.exec([text, ...untagged].join("\n")) ??
        [];
    const [sources, targets] = [uidsOf(from), uidsOf(to)];
    targets.forEach((uid, i) => target.add(uid, some.box.flagsOf(sources[i]!)));
    if (command === "MOVE") this.#drop(some.box, sources, guids);
  }

  async create(): Promise<void> {
    const name = this.chance.pick(this.#names);
    await this.#unselect();
    if (await this.#send(`CREATE ${imapString(name)}`) === null) return;
    this.#boxes.set(name, new KnownBox(null));
  }

  async rename(): Promise<void> {
    const [from, to] = [this.#someName(), this.chance.pick(this.#names)];
    const taken = [...this.#boxes.keys()].some((name) => `${name}/`.startsWith(`${to}/`));
    if (from === null || `${to}/`.startsWith(`${from}/`) || taken) return;
    await this.#unselect();
    if (await this.#send(`RENAME ${imapString(from)} ${imapString(to)}`) === null) return;
    for (const [name, box] of [...this.#boxes]) {
      if (name !== from && !name.startsWith(`${from}/`)) continue;
      this.#boxes.delete(name);
      this.#boxes.set(to + name.slice(from.length), box);
    }
  }

  async delete(): Promise<void> {
    const name = this.#someName();
    if (name === null) return;
    await this.#unselect();
    if (await this.#send(`DELETE ${imapString(name)}`) !== null) this.#boxes.delete(name);
  }

  async subscribe(command: "SUBSCRIBE" | "UNSUBSCRIBE"): Promise<void> {
    const name = this.chance.pick(["INBOX", ...this.#names]);
    if (await this.#send(`${command} ${imapString(name)}`) === null) return;
    this.touched.subscriptions.add(name);
  }

  #someName(): string | null {
    const names = [...this.#boxes.keys()].filter((name) => name !== "INBOX");
    return names.length === 0 ? null : this.chance.pick(names);
  }

  #drop(box: KnownBox, uids: readonly number[], guids: ReadonlyMap<number, string>): void {
    for (const uid of uids) {
      this.touched.expunged.add(mailKey(box.guid ?? "", uid));
      const guid = guids.get(uid);
      if (guid !== undefined) box.expunged.add(guid);
    }
    box.drop(uids);
  }

  /**
   * The mails that were there in the morning and may have been touched by whoever changed files in a Maildir; `now`: what
   * came of it.
   */
  touchAll(now: Picture): void {
    for (const { guid, name, mails } of this.#dawn.boxes.values()) {
      const box = this.#boxes.get(name)!;
      for (const uid of mails.keys()) {
        for (const flag of FLAGS) {
          this.touched.flags.add(flagKey(guid, uid, flag));
          const isSet = now.boxes.get(guid)?.mails.get(uid)?.flags.has(flag.toLowerCase());
          box.change(uid, flag.toLowerCase(), isSet ?? false);
        }
      }
    }
  }

  /** What was done to the mails of `evening`, by mailbox GUID; that holds what was done, or it throws. */
  doings(evening: Picture): ReadonlyMap<string, Doings> {
    const doings = new Map<string, Doings>();
    for (const [name, box] of this.#boxes) {
      const seen = boxNamed(evening, name);
      if (seen === undefined) throw new Error(`${name} is gone\n${this.diary.join("\n")}`);
      for (const [uid, { flags }] of seen.mails) {
        const known = box.flagsOf(uid);
        if (known.symmetricDifference(flags).size > 0) {
          const [one, other] = [known, flags].map((set) => [...set].join(" "));
          const what = `${name} UID ${uid} has (${other}), not (${one})`;
          throw new Error(`${what}\n${this.diary.join("\n")}`);
        }
      }
      doings.set(seen.guid, box.doings);
    }
    return doings;
  }
}

/** UIDs of a set as COPYUID gives it. */
const uidsOf = (set: string): number[] =>
  set.split(",").filter((part) => part !== "").flatMap((part) => {
    const [first = 0, last = first] = part.split(":").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });

/** What somebody does who has a few mails in the INBOX and nothing else. */
const anActOnFewMails = async (person: Person): Promise<void> => {
  const pick = person.chance.int(100);
  if (pick < 8) await person.save();
  else if (pick < 92) await person.store(["\\Seen", "\\Flagged", "Work"]);
  else if (pick < 96) await person.expunge();
  else await person.copy("COPY");
};

const anAct = async (person: Person): Promise<void> => {
  const pick = person.chance.int(100);
  if (pick < 30) await person.save();
  else if (pick < 44) await person.store(FLAGS);
  else if (pick < 52) await person.store(KEYWORDS);
  else if (pick < 62) await person.expunge();
  else if (pick < 69) await person.copy("COPY");
  else if (pick < 76) await person.copy("MOVE");
  else if (pick < 84) await person.create();
  else if (pick < 89) await person.rename();
  else if (pick < 92) await person.delete();
  else if (pick < 97) await person.subscribe("SUBSCRIBE");
  else await person.subscribe("UNSUBSCRIBE");
};

/** The mail files of a Maildir in which somebody else may set flags: those in cur/. */
const filesIn = async (directory: string): Promise<string[]> => {
  const files: string[] = [];
  for await (const entry of Deno.readDir(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory) files.push(...await filesIn(path));
    else if (basename(directory) === "cur" && entry.name.includes(":2,")) files.push(path);
  }
  return files.sort();
};

/** Another mail reader at work in a Maildir: it knows no Dovecot and sets flags by renaming files. */
const renameFiles = async (account: Account, chance: Random, diary: string[]): Promise<boolean> => {
  const files = await filesIn(account.home);
  if (files.length === 0) return false;
  for (let i = 0; i < 1 + chance.int(3); i++) {
    const path = chance.pick(files);
    const at = path.lastIndexOf(":2,") + 3;
    const keywords = path.slice(at).replace(/[A-Z]/g, "");
    const flags = [..."DFRST"].filter(() => chance.chance(40)).join("");
    try {
      await Deno.rename(path, path.slice(0, at) + flags + keywords);
      diary.push(`file renamed: ${basename(path)} has ${flags}`);
    } catch (error) {
      // It has been renamed already today.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return true;
};

/**
 * Dovecot's word on its own doing: a copy takes the file name that an expunged original had, whose line is still in
 * dovecot-uidlist (histories_test.ts has it from Dovecot alone).
 */
export const OWN_DUPLICATE =
  /^imap\(.*Warning: .*\/dovecot-uidlist: Duplicate file entry at line \d+: .* \(uid \d+ -> \d+\)$/;

/** A day of somebody: `acts` acts in one session on an account that was `dawn` in the morning. */
export const live = async (
  dovecot: Dovecot,
  account: Account,
  dawn: Picture,
  how: {
    readonly acts: number;
    readonly chance: Random;
    /** Stands in the mails. */
    readonly label: string;
    /** Whether the session asks for MODSEQs. */
    readonly tracked: boolean;
    /** Names that are not used. */
    readonly without: readonly string[];
    /** What Dovecot may say. */
    readonly isFine: (line: string) => boolean;
    /** Whether all is done to a few mails of the INBOX. */
    readonly fewMails?: boolean;
  },
): Promise<Day> => {
  const { acts, chance, tracked } = how;
  const before: string[] = [];
  const foreign = acts > 0 && account.location.startsWith("maildir:") && chance.chance(25) &&
    await renameFiles(account, chance, before);
  await using imap = await dovecot.imap(account);
  const person = new Person(imap, chance, how.label, dawn, how.without);
  person.diary.push(...before);
  if (foreign) person.touchAll(await takePicture(imap, tracked));
  if (tracked) await imap.send("ENABLE CONDSTORE");
  const act = how.fewMails === true ? anActOnFewMails : anAct;
  for (let i = 0; i < acts; i++) await act(person);
  const picture = await takePicture(imap, tracked);
  const said = (await imap.close()).split("\n")
    .filter((line) => !how.isFine(line) && !OWN_DUPLICATE.test(line)).join("\n");
  if (said !== "") throw new Error(`${said}\n${person.diary.join("\n")}`);
  const { touched, diary } = person;
  return { picture, touched, doings: person.doings(picture), diary };
};
