/**
 * The Maildir of the demo: the post of a small observatory on an island, the same on every machine.
 *
 * @module
 */
import type { SampleAccount, SampleMail, SampleMailbox } from "./account.ts";
import { writeMaildir, type Written } from "./maildir.ts";
import { type Random, random } from "./random.ts";

/** A mailbox, and the threads in it. */
interface Shelf {
  readonly name: string;
  readonly keywords: readonly string[];
  readonly subjects: readonly string[];
}

const SHELVES: readonly Shelf[] = [
  {
    name: "INBOX",
    keywords: ["Later", "$Forwarded"],
    subjects: [
      "The key to the dome is in the bread tin again",
      "Fog until Thursday, scones until Wednesday",
      "Who borrowed the moon filter?",
      "A parcel from Kyoto, slightly warm",
      "Your telescope is pointing at my kitchen",
      "Minutes of the meeting that was clouded out",
      "Lost: one tripod leg. Found: one tripod leg, not ours",
      "Warm coats, and how many of us share one",
    ],
  },
  {
    name: "Observatory",
    keywords: ["Work", "Later"],
    subjects: [
      "The clock drive gains four seconds a night",
      "Re-silvering the mirror: bring gloves, not the cat",
      "Plate 118 shows a star that is not in the catalogue",
      "Plate 118: it was a crumb",
      "New rota for cold nights",
      "The dome squeaks in B flat",
    ],
  },
  {
    name: "Observatory/Comets",
    keywords: ["Work", "urgent!"],
    subjects: [
      "A smudge in Lyra",
      "The smudge has moved",
      "Orbit, second attempt, with better arithmetic",
      "It has a tail. It has a tail!",
      "Names we are not allowed to give it",
    ],
  },
  {
    name: "Observatory/日本語",
    keywords: ["Work"],
    subjects: [
      "流星群の観測について",
      "望遠鏡のお礼",
      "島の天気は、いつも晴れですか",
      "A small dictionary of clouds, in two languages",
    ],
  },
  {
    name: "Island/Bäckerei",
    keywords: ["Recipe"],
    subjects: [
      "Roggenbrot, nach Großmutters Art",
      "Éclairs for the equinox",
      "Zu viel Hefe: ein Geständnis",
      "The oven is hotter than Sirius, which is a problem",
      "Zwölf Brötchen für die Nachtschicht",
    ],
  },
  {
    name: "Island/Fähre & Post",
    keywords: ["$Forwarded"],
    subjects: [
      "Timetable from October (both sailings)",
      "The ferry is late because of whales",
      "Registered letter, addressed to the third crater on the left",
      "No sailing on Sunday: Björn's sister is getting married",
    ],
  },
  {
    name: "Sent",
    keywords: [],
    subjects: [
      "Order: lamp oil, photographic plates, marmalade",
      "To the editor: the eclipse was not our fault",
      "Thank you for the coat",
    ],
  },
  {
    name: "Drafts",
    keywords: [],
    subjects: ["Dear Chiyo,", "A complaint about the moon", "(no subject yet)"],
  },
  {
    name: "Archive/1999",
    keywords: ["Later"],
    subjects: [
      "Will the clock drive survive the year 2000?",
      "Last light of the old century: sign-up sheet",
    ],
  },
  {
    name: "Archive/2024/Été",
    keywords: ["$Forwarded", "Later"],
    subjects: [
      "Les étoiles filantes du 12 août",
      "Open night: 43 visitors, 41 torches",
      "The guest book, transcribed, with the rude page",
    ],
  },
  {
    name: "Trash",
    keywords: [],
    subjects: ["Bigger telescopes for less", "You have won a planet"],
  },
];

/** As a From header has them, and as they sign. */
const PEOPLE: readonly (readonly [header: string, name: string])[] = [
  ["Ada Lund <ada@observatory.example>", "Ada"],
  ["=?UTF-8?Q?Bj=C3=B6rn?= Haugen <ferry@island.example>", "Björn"],
  ["=?UTF-8?B?5Y2D5Luj?= Mori <chiyo@kyoto.example>", "千代"],
  ["=?UTF-8?Q?=C3=89mile?= Caron <bread@island.example>", "Émile"],
  ["Zofia Nowak <post@island.example>", "Zofia"],
];

const LINES: readonly string[] = [
  "The night was clear from ten until the kettle boiled.",
  "I have written the numbers on the back of the flour bill, please do not bake it.",
  "If the wind turns north we shall see Vega; if it turns south we shall see Björn.",
  "Das Teleskop steht wieder gerade. Die Leiter leider nicht.",
  "Nobody touched the eyepiece, and yet there is jam on it.",
  "Il faisait si froid que l'encre a gelé au milieu du mot « chaud ».",
  "空はとても暗くて、とてもきれいでした。",
  "The ferry brings the plates on Tuesday, and takes the cat to the vet.",
  "I counted eleven meteors and one lighthouse.",
  "Please answer before the tide does.",
  "We agree on the position to three arc seconds and disagree on everything else.",
  "There is soup.",
];

const encoded = (subject: string): string =>
  /^[\x20-\x7e]*$/.test(subject)
    ? subject
    : `=?UTF-8?B?${btoa(String.fromCharCode(...new TextEncoder().encode(subject)))}?=`;

const mailText = (
  chance: Random,
  mail: {
    readonly subject: string;
    readonly reply: boolean;
    readonly id: string;
    readonly at: number;
  },
): string => {
  const [[from, name], [to]] = [chance.pick(PEOPLE), chance.pick(PEOPLE)];
  const lines = Array.from({ length: 1 + chance.int(5) }, () => chance.pick(LINES));
  return [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${mail.reply ? "Re: " : ""}${encoded(mail.subject)}`,
    `Date: ${new Date(mail.at * 1000).toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${mail.id}@observatory.example>`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    ...(mail.reply ? [`> ${chance.pick(LINES)}`, ""] : []),
    ...lines,
    "",
    name,
    "",
  ].join("\n");
};

const thread = (
  chance: Random,
  shelf: Shelf,
  subject: string,
  from: number,
): readonly SampleMail[] => {
  const draft = shelf.name === "Drafts";
  const length = draft ? 1 : 3 + chance.int(8);
  let at = shelf.name === "Archive/1999" ? 930_000_000 : 1_704_067_200;
  at += chance.int(20_000_000);
  return Array.from({ length }, (_, i) => {
    at += 600 + chance.int(90_000);
    const text = mailText(chance, { subject, reply: i > 0, id: chance.hex(16), at });
    const isNew = shelf.name === "INBOX" && chance.chance(10);
    const seen = chance.chance(85) ? "S" : "";
    const flags = draft
      ? "DS"
      : `${chance.chance(12) ? "F" : ""}${chance.chance(25) ? "R" : ""}${seen}`;
    return {
      uid: from + i,
      flags: isNew ? "" : flags,
      keywords: isNew ? [] : shelf.keywords.filter(() => chance.chance(25)),
      received: at,
      kind: "plain" as const,
      guid: null,
      pop3: null,
      isNew,
      copyOf: null,
      bytes: () => new TextEncoder().encode(text),
    };
  });
};

const demoAccount = (): SampleAccount => {
  const chance = random(1969);
  const mailboxes = SHELVES.map((shelf, i): SampleMailbox => {
    const mails: SampleMail[] = [];
    let next = 1;
    for (const subject of shelf.subjects) {
      mails.push(...thread(chance, shelf, subject, next));
      next = mails[mails.length - 1]!.uid + 1 + chance.int(3);
    }
    return {
      name: shelf.name,
      guid: chance.hex(32),
      uidValidity: 1_704_067_200 + i,
      uidNext: next,
      mails,
    };
  });
  return {
    mailboxes,
    subscriptions: ["INBOX", "Sent", "Observatory/Comets", "Island/Bäckerei", "Archive/2024/Été"],
  };
};

/**
 * Writes the demo's Maildir (Maildir++) into `root`, which must not exist: 11 mailboxes, some of them nested or not
 * ASCII, "Island" and "Archive" \NoSelect; some hundred mails with flags and keywords.
 */
export const writeDemoMaildir = (root: string): Written =>
  writeMaildir(demoAccount(), root, { layout: "maildir++", dovecotFiles: "full" });

if (import.meta.main) {
  const root = Deno.args[0] ?? `${Deno.makeTempDirSync({ prefix: "dsync-demo-" })}/Maildir`;
  const { mailboxes, mails, bytes } = writeDemoMaildir(root);
  console.log(`${root}: ${mailboxes} mailboxes, ${mails} mails, ${bytes} bytes`);
}
