/** Every recorded merge with a real doveadm at the other end of a pipe, in all pairs of formats. */
import type { Format } from "../../scenarios/account.ts";
import { type Formats, playWithDovecot } from "../peer/play.ts";

const FORMATS: readonly Format[] = ["mdbox", "maildir"];
const PAIRS: readonly Formats[] = FORMATS.flatMap((a) => FORMATS.map((b) => ({ a, b })));

// With a Maildir a Dovecot may choose the other mailbox's identity where two meet.
await playWithDovecot(() => PAIRS, true);
