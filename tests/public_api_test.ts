import assert from "node:assert/strict";
import { join } from "node:path";

const ROOT = join(import.meta.dirname!, "..");

/** What `deno doc --json` says of one name. */
interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly { readonly kind: string; readonly declarationKind: string }[];
}

/** Every export of mod.ts with its kinds, one to a line, sorted. */
const publicApi = async (): Promise<string> => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", "mod.ts"],
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
    .map(({ name, kinds }) => `${name}: ${kinds.sort().join(", ")}\n`)
    .sort()
    .join("");
};

Deno.test("mod.ts: exports what tests/public_api.txt says, no more and no less", async () => {
  // A change of this list is a change of the version, and so made on purpose.
  assert.equal(await publicApi(), Deno.readTextFileSync(join(ROOT, "tests/public_api.txt")));
});
