/**
 * Builds the site: every page that can be reached from docs/README.md, with what it shows and links to, and the API
 * reference beside it. Fails where a link of a page, or of the reference, leads nowhere on the site.
 *
 * deno task docs, then open site/docs/README.html; another folder may be named behind it.
 *
 * @module
 */
import { dirname, join, relative, resolve } from "node:path";
import { walk } from "@std/fs/walk";
import { Marked, type Tokens } from "marked";

const ROOT = join(import.meta.dirname!, "..");
const SITE = resolve(Deno.args[0] ?? join(ROOT, "site"));
const API = join(SITE, "docs", "api");
const START = join(ROOT, "docs", "README.md");

const NAVIGATION: readonly (readonly [name: string, path: string])[] = [
  ["Begin", "docs/README.md"],
  ["The idea", "docs/idea.md"],
  ["Maildir", "docs/maildir.md"],
  ["mdbox", "docs/mdbox.md"],
  ["Peers", "docs/peers.md"],
  ["Conflicts", "docs/conflicts.md"],
  ["Operations", "docs/operations.md"],
  ["Toolkit", "docs/toolkit.md"],
  ["Recipes", "docs/recipes.md"],
  ["API", "docs/api/index.html"],
];

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.55 system-ui, sans-serif; }
body { margin: 0 auto; padding: 0 1.2rem 4rem; max-width: 60rem; }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; padding: 1rem 0; border-bottom: 1px solid #8885; }
nav [aria-current] { font-weight: 600; color: inherit; text-decoration: none; }
a { color: light-dark(#0a58a8, #7db8f0); }
h1, h2, h3 { line-height: 1.25; margin-top: 2em; }
h1 { margin-top: 1em; }
pre, code { font: 14px/1.5 ui-monospace, monospace; background: #8882; border-radius: 4px; }
code { padding: .1em .25em; }
pre { padding: .8rem 1rem; overflow-x: auto; }
pre code { padding: 0; background: none; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .35rem .7rem; text-align: left; vertical-align: top; border-top: 1px solid #8885; }
th { border-top: none; }
td:first-child { min-width: 7rem; }
img { max-width: 100%; }
`;

/** What a heading is linked by, as on GitHub. */
const slugOf = (text: string): string =>
  text.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

const unescaped = (text: string): string =>
  text.replaceAll(
    /&(?:#x([0-9a-f]+)|(\w+));/gi,
    (all, hex, name) =>
      hex === undefined ? NAMED[name] ?? all : String.fromCodePoint(parseInt(hex, 16)),
  );

/** Where a source comes to lie. */
const placeOf = (source: string): string =>
  join(SITE, relative(ROOT, source).replace(/\.md$/, ".html"));

const isElsewhere = (href: string): boolean => /^[a-z][a-z0-9+.-]*:/i.test(href);

/** A link between sources as one between places. */
const linkOf = (href: string): string =>
  isElsewhere(href) ? href : href.replace(/\.md(?=#|$)/, ".html");

const bodyOf = (text: string): { readonly html: string; readonly links: readonly string[] } => {
  const links: string[] = [];
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }: Tokens.Heading): string {
        const html = this.parser.parseInline(tokens);
        return `<h${depth} id="${slugOf(text.replaceAll("`", ""))}">${html}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link): string {
        links.push(href);
        return `<a href="${escaped(linkOf(href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text }: Tokens.Image): string {
        links.push(href);
        return `<img src="${escaped(href)}" alt="${escaped(text)}">`;
      },
    },
  });
  const html = marked.parse(text, { async: false });
  return {
    html: html.replaceAll("<table>", '<div class="wide"><table>').replaceAll(
      "</table>",
      "</table></div>",
    ),
    links,
  };
};

const pageOf = (source: string, body: string): string => {
  const [, title = "dsync"] = /<h1[^>]*>(.*?)<\/h1>/.exec(body) ?? [];
  const navigation = NAVIGATION.map(([name, path]) => {
    const target = join(ROOT, path);
    const href = relative(dirname(placeOf(source)), placeOf(target));
    return `<a href="${href}"${target === source ? ' aria-current="page"' : ""}>${name}</a>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title.replaceAll(/<[^>]+>/g, "")}</title>
<style>${STYLE}</style>
<nav>${navigation.join("\n")}</nav>
<main>
${body}</main>
</html>
`;
};

const write = async (path: string, content: string | Uint8Array): Promise<void> => {
  await Deno.mkdir(dirname(path), { recursive: true });
  if (typeof content === "string") await Deno.writeTextFile(path, content);
  else await Deno.writeFile(path, content);
};

/** Puts a source and all that it leads to on the site; gives what cannot be found. */
const publish = async (): Promise<readonly string[]> => {
  const dead: string[] = [];
  const known = new Set([START]);
  for (const source of known) {
    if (source.startsWith(join(ROOT, "docs", "api"))) continue; // made beside the pages
    const content = await Deno.readFile(source).catch(() => null);
    if (content === null) {
      dead.push(`${relative(ROOT, source)} is not there`);
      continue;
    }
    if (!source.endsWith(".md")) {
      await write(placeOf(source), content);
      continue;
    }
    const { html, links } = bodyOf(new TextDecoder().decode(content));
    await write(placeOf(source), pageOf(source, html));
    for (const link of links) {
      const [path = ""] = link.split("#");
      if (!isElsewhere(link) && path !== "") known.add(resolve(dirname(source), path));
    }
  }
  return dead;
};

const buildReference = async (): Promise<void> => {
  const { exports } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--html", "--name=dsync", `--output=${API}`, ...Object.values<string>(exports)],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
};

/** The links of the site's own pages that lead nowhere on it, with anchors; gives how many were looked at. */
const checkLinks = async (): Promise<
  { readonly links: number; readonly dead: readonly string[] }
> => {
  const texts = new Map<string, string>();
  const files = new Set<string>();
  for await (const { path } of walk(SITE, { includeDirs: false })) {
    files.add(path);
    if (path.endsWith(".html")) texts.set(path, await Deno.readTextFile(path));
  }
  const idsOf = (text: string): ReadonlySet<string> =>
    new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => unescaped(id!)));
  const ids = new Map([...texts].map(([path, text]) => [path, idsOf(text)]));
  const dead: string[] = [];
  let links = 0;
  for (const [page, text] of texts) {
    for (const [, raw = ""] of text.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      const link = unescaped(raw);
      // `deno doc` gives no anchor to the type parameters of a function type within another type.
      if (isElsewhere(link) || link === "" || link.startsWith("#type_param_")) continue;
      links++;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : resolve(dirname(page), decodeURI(path));
      const there = files.has(target) ? target : join(target, "index.html");
      const isThere = files.has(there) &&
        (anchor === undefined || anchor === "" || ids.get(there)?.has(decodeURIComponent(anchor)));
      if (isThere !== true) dead.push(`${relative(SITE, page)}: ${link}`);
    }
  }
  return { links, dead: [...new Set(dead)] };
};

await Deno.remove(SITE, { recursive: true }).catch(() => {});
const missing = await publish();
await buildReference();
const { links, dead } = await checkLinks();
for (const one of [...missing, ...dead]) console.error(`dead link: ${one}`);
console.log(`${links} links, ${missing.length + dead.length} dead; ${SITE}/docs/README.html`);
if (missing.length + dead.length > 0) Deno.exit(1);
