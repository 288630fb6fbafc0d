/** Where our merge ends otherwise than the recorded one, and why. */

/** One scenario that ends otherwise. */
export interface Deviation {
  /** What we do instead, and why. */
  readonly why: string;
  /** The end of both sides, or of each, in the lines of `linesOf`. */
  readonly end: readonly string[] | Readonly<Record<"a" | "b", readonly string[]>>;
}

const INBOX = "INBOX box1 V1 next 4: 1 m1, 2 m2, 3 m3";
const WORK = "work box2 V2 next 3: 1 w1, 2 w2";

const NOTICED =
  "as many changes on both sides: Dovecot compares numbers only and does nothing; we compare mails";
const BY_NAME =
  "subscriptions stay with their names; Dovecot carries them along in one tree and subscribes the new name";
const NOT_BACK =
  "a mailbox that was deleted and made anew does not get its old mails back, as it does from Dovecot";
const ONE_RUN =
  "a backup settles a conflict in one run; Dovecot deletes the mailbox, fails, and fills it in the next";

/** By scenario id. */
export const DEVIATIONS: Readonly<Record<string, Deviation>> = {
  "uid-conflict-1-1": {
    why: NOTICED,
    end: ["INBOX box1 V1 next 7: 1 m1, 2 m2, 3 m3, 5 b4, 6 a4"],
  },
  "uid-gap-both": {
    why: NOTICED,
    end: ["INBOX box1 V1 next 8: 1 m1, 2 m2, 3 m3, 6 a5, 7 b5"],
  },
  "expunge-both-different": { why: NOTICED, end: ["INBOX box1 V1 next 4: 2 m2"] },
  "flag-add-both-equal-count": {
    why: NOTICED,
    end: ["INBOX box1 V1 next 4: 1 m1 \\Seen, 2 m2 \\Flagged, 3 m3"],
  },
  "flag-replace-a": {
    why: NOTICED,
    end: ["INBOX box1 V1 next 4: 1 m1 \\Answered \\Seen, 2 m2 \\Draft \\Seen, 3 m3"],
  },
  "backup-both-new-mail": {
    why: NOTICED,
    end: ["INBOX box1 V1 next 5: 1 m1, 2 m2, 3 m3, 4 a4", WORK],
  },
  "backup-both-flags-equal-count": {
    why: NOTICED,
    end: ["INBOX box1 V1 next 4: 1 m1 \\Seen, 2 m2, 3 m3", WORK],
  },
  "oneway-both-new": {
    why: NOTICED,
    end: {
      a: ["INBOX box1 V1 next 5: 1 m1, 2 m2, 3 m3, 4 a4", WORK],
      b: ["INBOX box1 V1 next 7: 1 m1, 2 m2, 3 m3, 5 b4, 6 a4", WORK],
    },
  },
  "only-mailbox": {
    why: NOTICED,
    end: {
      a: [
        "INBOX box1 V1 next 5: 1 m1, 2 m2, 3 m3, 4 a4",
        "work box2 V2 next 6: 1 w1, 2 w2, 4 a3, 5 b3",
      ],
      b: [INBOX, "work box2 V2 next 6: 1 w1, 2 w2, 4 a3, 5 b3"],
    },
  },
  "rename-to-created": {
    why:
      "both sides give the mailbox that loses a name the same new one in one run; Dovecot's differ after the first",
    end: [
      INBOX,
      "jobs box2 V2 next 3: 1 w1, 2 w2",
      "jobs-temp-fce67908504f046b806e000083ecc375 box3 V3 next 2: 1 j1",
    ],
  },
  "swap-names": {
    why: BY_NAME,
    end: [
      INBOX,
      "home box3 V3 next 2: 1 w1",
      "home/sub box4 V4 next 2: 1 s1",
      "subscribed work",
      "work box2 V2 next 2: 1 h1",
    ],
  },
  "rename-parent": {
    why: BY_NAME,
    end: [
      INBOX,
      "home box2 V2 next 2: 1 h1",
      "jobs box3 V3 next 2: 1 w1",
      "jobs/sub box4 V4 next 3: 1 s1, 2 s2",
      "subscribed work",
    ],
  },
  "rename-child-out": {
    why: BY_NAME,
    end: [
      INBOX,
      "home box2 V2 next 2: 1 h1",
      "jobs box3 V3 next 2: 1 w1",
      "jobs/sub box4 V4 next 2: 1 s1",
      "subscribed work",
    ],
  },
  "rename-and-subscribe": {
    why: BY_NAME,
    end: [
      INBOX,
      "home box2 V2 next 2: 1 h1",
      "jobs box3 V3 next 2: 1 w1",
      "jobs/sub box4 V4 next 2: 1 s1",
      "subscribed home",
      "subscribed work",
    ],
  },
  "delete-vs-new-mail": {
    why:
      "a deleted mailbox stays for the mail that came to the other side since, and that alone; Dovecot loses it",
    end: [INBOX, "work box2 V2 next 4: 3 b3"],
  },
  "delete-recreate": { why: NOT_BACK, end: [INBOX, "work box3 V3 next 2: 1 x1"] },
  "delete-recreate-vs-new-mail": {
    why: `${NOT_BACK}; mail that came since stays, as it does there`,
    end: [INBOX, "work box2 V3 next 5: 3 b3, 4 x1"],
  },
  "backup-dest-expunged": { why: ONE_RUN, end: [INBOX, WORK] },
  "backup-reverse": {
    why: ONE_RUN,
    end: ["INBOX box1 V1 next 6: 1 m1, 2 m2, 3 m3, 4 b4, 5 b5", WORK],
  },
  "stateful-b-only": {
    why:
      "belongs to the wire: Dovecot's -s asks A alone what has changed; a mirror looks at both sides",
    end: ["INBOX box1 V1 next 4: 1 m1 \\Seen, 2 m2, 3 m3", "work box2 V2 next 4: 1 w1, 2 w2, 3 b3"],
  },
  "stateful-stale": {
    why: `belongs to the wire: Dovecot's state is too old and it fails; ${NOT_BACK}`,
    end: [INBOX, "work box2 V3 next 5: 3 b3, 4 x1"],
  },
};
