/** Every recorded merge with a real doveadm at the other end of a pipe, in the formats that it was recorded in. */
import { playWithDovecot } from "./play.ts";

await playWithDovecot(({ stores }) => [stores]);
