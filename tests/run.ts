/**
 * Runs every test and ends with one line that sums all up: `N passed, N failed`.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { TextLineStream } from "@std/streams/text-line-stream";

/** The runs of `deno test`, one after the other. */
const SUITES: readonly (readonly string[])[] = [
  // Each file for itself: a worker for each core.
  ["--doc", "--parallel", "--ignore=tests/interop,tests/crash,README.md,docs,site,dist"],
  ["--parallel", "tests/crash"],
  ["--parallel", "tests/interop"],
];

const MEMORY_DISK = "/dev/shm";
const MEMORY_NEEDED = 4 * 1024 ** 3;

/** Where tests put their files: in memory where there is room, as they make and sync very many small ones. */
const temporaryDirectory = (): Record<string, string> => {
  try {
    const { bavail, bsize } = statfsSync(MEMORY_DISK);
    return bavail * bsize >= MEMORY_NEEDED ? { TMPDIR: MEMORY_DISK } : {};
  } catch {
    return {}; // not Linux, or a container without it
  }
};

/** What a run of `deno test` says of itself in its last line. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

/** Reads `ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)`; null for any other line. */
const parseSummary = (line: string): Counts | null => {
  const found = /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed(?:.*? \| (\d+) ignored)?/
    .exec(line);
  if (found === null) return null;
  const [, passed = "0", failed = "0", ignored = "0"] = found;
  return { passed: Number(passed), failed: Number(failed), ignored: Number(ignored) };
};

/** Runs a suite, showing what it says. A run that ends without its last line counts as one failure. */
const runSuite = async (args: readonly string[]): Promise<Counts> => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--permit-no-files", ...args],
    env: { NO_COLOR: "1", ...temporaryDirectory() },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let counts: Counts | null = null;
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const line of lines) {
    console.log(line);
    counts = parseSummary(line) ?? counts;
  }
  const { success } = await child.status;
  if (counts === null) return { passed: 0, failed: success ? 0 : 1, ignored: 0 };
  return success || counts.failed > 0 ? counts : { ...counts, failed: 1 };
};

const total = { passed: 0, failed: 0, ignored: 0 };
for (const suite of SUITES) {
  const { passed, failed, ignored } = await runSuite(suite);
  total.passed += passed;
  total.failed += failed;
  total.ignored += ignored;
}
if (total.ignored > 0) console.log(`${total.ignored} left out`);
console.log(`${total.passed} passed, ${total.failed} failed`);
Deno.exit(total.failed > 0 ? 1 : 0);
