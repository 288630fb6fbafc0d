import assert from "node:assert/strict";
import type { Deletes, TreeNode } from "../codec/dsync_wire_item.ts";
import { mailboxNameHash } from "../codec/guid.ts";
import { hashWithSeparator, nodesFor } from "./wire_tree.ts";

const nodeOf = (name: readonly string[]): TreeNode => ({
  _tag: "TreeNode",
  name,
  existence: "y",
  guid: null,
  uidValidity: null,
  uidNext: null,
  renamedAt: null,
  subscribed: false,
  subscriptionAt: null,
});

const deletesOf = (separator: string, escape: string | null): Deletes => ({
  _tag: "Deletes",
  separator,
  escape,
  mailboxes: null,
  directories: null,
  unsubscribed: null,
});

const ESCAPES: readonly (readonly [string, string, string | null, string])[] = [
  ["a Dovecot that knows no escapes", "/", null, "a%41b/100%~"],
  ["an escape of its own, which it adds itself", "/", "~", "a%41b/100%~"],
  ["a borrowed escape", "/", "%", "a%2541b/100%25~"],
  ["a borrowed escape, and a dot between names", ".", "%", "a%2541b/100%25~"],
  ["the one that is borrowed where % is between names", "%", "~", "a%41b/100%~7e"],
];

for (const [title, separator, escape, told] of ESCAPES) {
  Deno.test(`nodesFor: ${title}`, () => {
    const hearer = { nodes: [], deletes: deletesOf(separator, escape) };
    const [node] = nodesFor([nodeOf(["a%41b", "100%~"])], hearer);
    assert.equal(node!.name.join("/"), told);
  });
}

const HASHES: readonly (readonly [string, string, string | null, string])[] = [
  ["no escape", "/", null, "a%b/c.d"],
  ["the escape itself", "/", "%", "a%25b/c.d"],
  ["the separator in a part", ".", "%", "a%25b.c%2ed"],
];

for (const [title, separator, escape, name] of HASHES) {
  Deno.test(`hashWithSeparator: ${title}`, () => {
    const hash = hashWithSeparator(["a%b", "c.d"], separator, escape);
    assert.equal(hash, mailboxNameHash(name));
  });
}
