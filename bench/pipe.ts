/**
 * A first sync with the other end of a pipe, pushed and pulled.
 *
 * @module
 */
import {
  type Bench,
  doveadm,
  dsyncCommand,
  served,
  servedByDoveadm,
  type Way,
} from "./commands.ts";
import { measure } from "./measure.ts";

/** From the source into a fresh mdbox: the end that has the mail starts the other one, or the other way round. */
export const firstOverPipe = ({ dovecot, dsync, source }: Bench): readonly Way[] => {
  const fresh = () => dovecot.account("mdbox:~/mdbox");
  return [
    {
      name: "dsync, pushing",
      run: async () => measure(dsyncCommand(dsync, source, "mirror", served(dsync, await fresh()))),
    },
    {
      name: "doveadm sync, pushing",
      run: async () =>
        measure(doveadm(dovecot, source, ["sync", ...servedByDoveadm(dovecot, await fresh())])),
    },
    {
      name: "dsync, pulling",
      run: async () => measure(dsyncCommand(dsync, await fresh(), "mirror", served(dsync, source))),
    },
    {
      name: "doveadm sync, pulling",
      run: async () =>
        measure(doveadm(dovecot, await fresh(), ["sync", ...servedByDoveadm(dovecot, source)])),
    },
  ];
};
