/**
 * What a source file imports and which doors to the outside it uses, from its syntax tree.
 *
 * @module
 */

/** One place in a source. */
export interface Finding {
  /** A module specifier, or the name of a door: `Deno`, `Date.now`, `crypto`. */
  readonly name: string;
  /** Its line, 1 and up. */
  readonly line: number;
}

/** What was found in one source. */
export interface SourceFacts {
  /** Every import and re-export, types and dynamic ones included. */
  readonly imports: readonly Finding[];
  /** Every use of runtime, clock, randomness and console. */
  readonly doors: readonly Finding[];
}

/** Globals that lead outside as a whole. */
const DOORS = new Set([
  ...["Deno", "process", "Buffer", "globalThis", "self", "window", "console", "crypto"],
  ...["performance", "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "navigator"],
]);

/** Members of globals that are harmless otherwise. */
const MEMBER_DOORS = new Set(["Date.now", "Math.random"]);

/** Whether an identifier stands for a value or namespace of that name, and not for a member or a key. */
const isFree = (node: Deno.lint.Identifier): boolean => {
  const { parent } = node;
  switch (parent.type) {
    case "MemberExpression":
      return parent.object === node || parent.computed;
    case "Property":
      return parent.value === node || parent.computed;
    case "TSQualifiedName":
      return parent.left === node;
    case "MethodDefinition":
    case "PropertyDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
      return parent.key !== node || parent.computed;
    default:
      return true;
  }
};

/** Reads one source. A source that does not parse throws. */
export const sourceFacts = (path: string, source: string): SourceFacts => {
  const imports: Finding[] = [];
  const doors: Finding[] = [];
  const lineOf = (node: Deno.lint.Node): number =>
    source.slice(0, node.range[0]).split("\n").length;
  const imported = (node: Deno.lint.Node, specifier: Deno.lint.Node | null): void => {
    if (specifier === null) return;
    const name = specifier.type === "Literal" ? String(specifier.value) : "(computed)";
    imports.push({ name, line: lineOf(node) });
  };
  const door = (node: Deno.lint.Node, name: string): void => {
    doors.push({ name, line: lineOf(node) });
  };
  const rule: Deno.lint.Rule = {
    create: () => ({
      ImportDeclaration: (node) => imported(node, node.source),
      ExportAllDeclaration: (node) => imported(node, node.source),
      ExportNamedDeclaration: (node) => imported(node, node.source),
      ImportExpression: (node) => imported(node, node.source),
      TSImportType: (node) => {
        const { argument } = node;
        imported(node, argument.type === "TSLiteralType" ? argument.literal : argument);
      },
      Identifier: (node) => {
        if (DOORS.has(node.name) && isFree(node)) door(node, node.name);
      },
      MemberExpression: (node) => {
        if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
        const name = `${node.object.name}.${node.property.name}`;
        if (MEMBER_DOORS.has(name)) door(node, name);
      },
      NewExpression: (node) => {
        const { callee } = node;
        if (callee.type === "Identifier" && callee.name === "Date" && node.arguments.length === 0) {
          door(node, "new Date()");
        }
      },
    }),
  };
  Deno.lint.runPlugin({ name: "architecture", rules: { facts: rule } }, path, source);
  return { imports, doors };
};
