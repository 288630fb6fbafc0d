/**
 * Signals that ask this process to stop, where whoever started it has left them to it.
 *
 * @module
 */

/** Signals that ask to stop, with their numbers on Linux. */
const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

type StopSignal = keyof typeof NUMBERS;

/** sizeof(struct sigaction) of glibc on x86-64 and arm64; the handler is its first word. */
const SIGACTION_BYTES = 152;
const SIG_IGN = 1n;

const load = () =>
  Deno.dlopen("libc.so.6", {
    sigaction: { parameters: ["i32", "usize", "buffer"], result: "i32" },
    signal: { parameters: ["i32", "usize"], result: "usize" },
  });

/**
 * Has `act` done when this process is asked to stop; what it gives ends that. A signal that is ignored stays so: nohup(1)
 * has SIGHUP ignored, and a shell without job control SIGINT in what it starts in the background.
 */
export const onStop = (act: () => void): () => void => {
  const { symbols } = load();
  const isIgnored = (name: StopSignal): boolean => {
    const action = new BigUint64Array(SIGACTION_BYTES / 8);
    return symbols.sigaction(NUMBERS[name], 0n, action) === 0 && action[0] === SIG_IGN;
  };
  const names = Object.keys(NUMBERS) as StopSignal[];
  const ignored = names.filter(isIgnored);
  const heard = names.filter((name) => !ignored.includes(name));
  // Deno listens for all of them once it is to listen for one, and then ends the process by those that nobody wants.
  const ignore = (): void => {
    for (const name of ignored) symbols.signal(NUMBERS[name], SIG_IGN);
  };
  for (const name of heard) Deno.addSignalListener(name, act);
  ignore();
  return () => {
    for (const name of heard) Deno.removeSignalListener(name, act);
    ignore();
  };
};
