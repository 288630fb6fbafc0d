/**
 * What pieces of work, and the ways to do them, are called in results and targets.
 *
 * @module
 */

/** Pieces of work. */
export const WORK = {
  startUp: "start-up",
  toMdbox: "Maildir -> mdbox, first time",
  toMaildir: "mdbox -> Maildir, first time",
  betweenMaildirs: "Maildir -> Maildir, first time",
  nothing: "mirror, nothing new",
  ten: "mirror, 10 changes",
  flags: "mirror, 1 % flags",
  fresh: "mirror, 1 % new",
  expunged: "mirror, 1 % expunged",
  nothingBetweenMaildirs: "Maildir and Maildir, nothing new",
  tenBetweenMaildirs: "Maildir and Maildir, 10 changes",
  firstOverPipe: "over a pipe, first time",
  nothingOverPipe: "over a pipe, nothing new",
  tenOverPipe: "over a pipe, 10 changes",
} as const;

/** A piece of work. */
export type WorkName = typeof WORK[keyof typeof WORK];

/** Ways to do it. The first way of each piece of work is ours, the second is what it is compared with. */
export const WAY = {
  version: "dsync --version",
  emptyProgram: "deno, an empty program",
  backup: "dsync backup",
  doveadmBackup: "doveadm backup -R",
  floorOne: "the floor, one read at a time",
  floorMany: "the floor, 16 reads at a time",
  floorScatter: "the floor",
  mirror: "dsync mirror",
  doveadmSync: "doveadm sync",
  doveadmFullSync: "doveadm sync -f",
  mbsync: "mbsync",
  pushing: "dsync, pushing",
  doveadmPushing: "doveadm sync, pushing",
  pulling: "dsync, pulling",
  doveadmPulling: "doveadm sync, pulling",
  toDoveadm: "dsync, pushing to a doveadm",
  fromDoveadm: "dsync, pulling from a doveadm",
} as const;
