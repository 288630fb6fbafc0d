/** Every recorded merge of a real Dovecot, in the formats that it was recorded in. */
import { playAll } from "./play.ts";

playAll(({ stores }) => [stores]);
