import assert from "node:assert/strict";
import { join } from "node:path";

const ROOT = join(import.meta.dirname!, "..");

/** What `deno doc --json` says of one name. */
interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly { readonly kind: string; readonly declarationKind: string }[];
}

/** The entry points of the package, by their names. */
const ENTRIES: Readonly<Record<string, string>> = (JSON.parse(
  Deno.readTextFileSync(join(ROOT, "deno.json")),
) as { readonly exports: Readonly<Record<string, string>> }).exports;

const EXPECTED = join(ROOT, "tests/public_api.txt");

/** Every export of a file with its kinds, one to a line, sorted. */
const exportsOf = async (path: string): Promise<string> => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", path],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    readonly nodes: Readonly<Record<string, { readonly symbols: readonly DocSymbol[] }>>;
  };
  return Object.values(nodes)
    .flatMap(({ symbols }) => symbols)
    .map(({ name, declarations }) => ({
      name,
      kinds: declarations
        .filter(({ declarationKind }) => declarationKind === "export")
        .map(({ kind }) => kind),
    }))
    .filter(({ kinds }) => kinds.length > 0)
    .map(({ name, kinds }) => `${name}: ${[...new Set(kinds)].sort().join(", ")}\n`)
    .sort()
    .join("");
};

Deno.test("the package exports what tests/public_api.txt says, no more and no less", async () => {
  // A change of this list is a change of the version, and so made on purpose: DSYNC_RENEW=1 writes it anew.
  let found = "";
  for (const [name, path] of Object.entries(ENTRIES)) {
    found += `${found === "" ? "" : "\n"}# ${name}\n${await exportsOf(path)}`;
  }
  if (Deno.env.get("DSYNC_RENEW") === "1") await Deno.writeTextFile(EXPECTED, found);
  assert.equal(found, Deno.readTextFileSync(EXPECTED));
});
