/** Problems that are planted, found by name, and mended by what the doctor says: a command, a location, or an option. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DENO_DIR, MAIN, run, tree, withHome } from "./_program.ts";

/** What the doctor says, as JSON has it. */
interface Said {
  readonly where: string;
  readonly what: string;
  readonly mend:
    | { readonly _tag: "Run"; readonly command: string }
    | { readonly _tag: "Use"; readonly side: string; readonly location: string }
    | { readonly _tag: "Give"; readonly options: readonly string[] }
    | { readonly _tag: "Do"; readonly what: string };
}

/** The two sides and options that the doctor is asked with. */
interface Asked {
  readonly options: readonly string[];
  readonly first: readonly string[];
  readonly second: readonly string[];
}

const ask = async (root: string, { options, first, second }: Asked): Promise<readonly Said[]> => {
  const { code, stdout, stderr } = await run(
    root,
    "--json",
    ...options,
    "doctor",
    ...first,
    ...second,
  );
  const said = stdout.split("\n").filter((line) => line !== "").map((line) =>
    JSON.parse(line) as Said
  );
  assert.deepEqual([code, stderr], [said.length === 0 ? 0 : 2, ""]);
  return said;
};

/** Does what mends a complaint; gives how the doctor is to be asked next. */
const mended = async (root: string, asked: Asked, { mend }: Said): Promise<Asked> => {
  switch (mend._tag) {
    case "Run": {
      const { success, stderr } = await new Deno.Command("sh", {
        args: ["-c", mend.command],
        cwd: root,
        env: { HOME: root },
      }).output();
      assert.ok(success, `${mend.command}: ${new TextDecoder().decode(stderr)}`);
      return asked;
    }
    case "Use": {
      const words = mend.location.includes(" ") ? mend.location.split(" ") : [mend.location];
      return mend.side === "LOCATION1" ? { ...asked, first: words } : { ...asked, second: words };
    }
    case "Give":
      return { ...asked, options: [...asked.options, ...mend.options] };
    case "Do":
      return assert.fail(`nothing that can be run: ${mend.what}`);
  }
};

interface Planted {
  /** Plants the problem; gives what ends it when the test is over. */
  readonly plant: (root: string) => void | Promise<void | (() => Promise<void>)>;
  /** How the doctor is asked; null: with the home's Maildir and a new mdbox. */
  readonly asked?: (root: string) => Partial<Asked>;
  /** What it says. */
  readonly says: RegExp;
}

const inMaildir = (root: string, ...parts: readonly string[]): string =>
  join(root, "Maildir", ...parts);

const firstMail = (root: string): string => {
  const [name] = [...Deno.readDirSync(inMaildir(root, "cur"))].map((one) => one.name).sort();
  return inMaildir(root, "cur", name!);
};

const hostname = Deno.env.get("DOVECOT_HOSTNAME") ?? Deno.hostname();

/** A process that does nothing, and lets nobody wait for it. */
const sleeper = (): Deno.ChildProcess => new Deno.Command("sleep", { args: ["600"] }).spawn();

const end = (child: Deno.ChildProcess) => async (): Promise<void> => {
  try {
    child.kill();
  } catch {
    // It has been mended.
  }
  await child.status;
};

/** Compresses a mail, whose name says no size then. */
const compress = (path: string): void => {
  Deno.writeFileSync(path, gzipSync(Deno.readFileSync(path)));
  Deno.renameSync(path, path.replace(/(,S=[0-9]+)?(,W=[0-9]+)?:2,/, ":2,"));
};

const mkdirs = (...paths: readonly string[]): void =>
  paths.forEach((path) => Deno.mkdirSync(path, { recursive: true }));

/** A Maildir of another kind: a mailbox without a dot. */
const plantOnlyFs = (root: string): void => {
  Deno.removeSync(inMaildir(root), { recursive: true });
  for (const box of [".", "Work"]) {
    mkdirs(...["cur", "new", "tmp"].map((part) => inMaildir(root, box, part)));
  }
};

const HOLDER = `
  const { makeOs } = await import(Deno.args[0]);
  const os = makeOs();
  const fd = os.disk.openNew(Deno.args[1]);
  os.disk.write(fd, new TextEncoder().encode("owner " + Deno.pid + " here\\n"), null);
  os.locks.tryFlock(fd, Deno.args[1]);
  console.log("held");
  await new Promise(() => setTimeout(() => {}, 600_000));
`;

const PLANTED: Readonly<Record<string, Planted>> = {
  "a source that is not there": {
    plant: () => {},
    asked: () => ({ first: ["maildir:~/Nowhere"] }),
    says: /Nowhere: it is not there/,
  },
  "a source with another letter case": {
    plant: () => {},
    asked: () => ({ first: ["maildir:~/maildir"] }),
    says: /maildir: it is not there/,
  },
  "a Maildir without tmp": {
    plant: (root) => Deno.removeSync(inMaildir(root, ".Archive", "tmp"), { recursive: true }),
    says: /Archive: a Maildir without tmp/,
  },
  "a directory closed to its owner": {
    plant: (root) => Deno.chmodSync(inMaildir(root, "new"), 0o500),
    says: /new: its owner may not use it \(0500\)/,
  },
  "a mail closed to its owner": {
    plant: (root) => Deno.chmodSync(firstMail(root), 0o040),
    says: /its owner may not read it \(0040\)/,
  },
  "mail that everybody may write to": {
    plant: (root) => Deno.chmodSync(inMaildir(root), 0o777),
    says: /Maildir: everybody may write to it \(0777\)/,
  },
  "a lock of a dead process": {
    plant: (root) =>
      Deno.writeTextFileSync(inMaildir(root, "dovecot-uidlist.lock"), `4194303:${hostname}`),
    says: /dovecot-uidlist\.lock: a lock of the process 4194303, which is dead/,
  },
  "a lock that nobody touches": {
    plant: (root) => {
      const path = inMaildir(root, ".Archive", "dovecot-uidlist.lock");
      Deno.writeTextFileSync(path, "12:elsewhere");
      Deno.utimeSync(path, 1_700_000_000, 1_700_000_000);
    },
    says: /dovecot-uidlist\.lock: a lock that nobody has touched for [0-9]+ seconds/,
  },
  "a lock of a living process": {
    plant: (root) => {
      const child = sleeper();
      Deno.writeTextFileSync(inMaildir(root, "subscriptions.lock"), `${child.pid}:${hostname}`);
      return Promise.resolve(end(child));
    },
    says: /subscriptions\.lock: the process [0-9]+ holds this lock/,
  },
  "another run": {
    plant: async (root) => {
      const os = new URL("../lib/os/os.ts", import.meta.url).href;
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", HOLDER, "--", os, inMaildir(root, "dsync.lock")],
        stdout: "piped",
      }).spawn();
      const reader = child.stdout.getReader();
      await reader.read();
      return async () => {
        await end(child)();
        await reader.cancel();
      };
    },
    says: /dsync\.lock: the process [0-9]+ holds this lock/,
  },
  "the same mail by another name": {
    plant: (root) => Deno.symlinkSync(inMaildir(root), join(root, "Other")),
    asked: () => ({ second: ["maildir:~/Other"] }),
    says: /Other: both sides are the same mail/,
  },
  "one side inside the other": {
    plant: () => {},
    asked: () => ({ second: ["mdbox:~/Maildir/mdbox"] }),
    says: /one side is inside the other/,
  },
  "directories without dots in a Maildir++": {
    plant: (root) => {
      plantOnlyFs(root);
    },
    says: /Maildir: mailboxes such as Work lie in it as directories without a dot/,
  },
  "dots in a Maildir of directories": {
    plant: () => {},
    asked: () => ({ first: ["maildir:~/Maildir:LAYOUT=fs"] }),
    says: /Maildir: mailboxes such as \.\S+ lie in it as Maildir\+\+ has them/,
  },
  "a home that is called a Maildir": {
    plant: (root) => mkdirs(join(root, "eve", ".ssh"), join(root, "eve", "Documents")),
    asked: () => ({ second: ["maildir:~/eve"] }),
    says: /eve: it is no Maildir: it has no cur\/, and \S+\/Documents is no part of one/,
  },
  "a home with a Maildir that is called one": {
    plant: (root) => {
      Deno.mkdirSync(join(root, "eve"));
      Deno.writeTextFileSync(join(root, "eve", "notes.txt"), "x");
      Deno.renameSync(inMaildir(root), join(root, "eve", "Maildir"));
    },
    asked: () => ({ first: ["maildir:~/eve"] }),
    says: /eve: it is no Maildir: it has no cur\//,
  },
  "a Maildir that is called an mdbox": {
    plant: () => {},
    asked: () => ({ first: ["mdbox:~/Maildir"] }),
    says: /Maildir: it is a Maildir, and no mdbox/,
  },
  "an mdbox that is called a Maildir": {
    plant: (root) => mkdirs(join(root, "box", "storage"), join(root, "box", "mailboxes")),
    asked: () => ({ second: ["maildir:~/box"] }),
    says: /box: it is an mdbox, and no Maildir/,
  },
  "a second storage that is not mounted": {
    plant: (root) => mkdirs(join(root, "box", "storage"), join(root, "box", "mailboxes")),
    asked: (root) => ({ second: [`mdbox:~/box:ALT=${root}/alt`] }),
    says: /alt: the second storage is not there/,
  },
  "a name that Maildir++ cannot hold": {
    plant: (root) => {
      plantOnlyFs(root);
      Deno.renameSync(inMaildir(root, "Work"), inMaildir(root, "example.org"));
    },
    asked: () => ({ first: ["maildir:~/Maildir:LAYOUT=fs"], second: ["maildir:~/two"] }),
    says: /example\.org: this name of the other side would become example_org here/,
  },
  "a compressed mail of an unknown size": {
    plant: (root) => compress(firstMail(root)),
    says: /a mail that is stored changed \(gzip\)/,
  },
  "a wrong size in a file's name": {
    plant: (root) => {
      const path = firstMail(root);
      const { size } = Deno.statSync(path);
      const wrong = path.replace(/(,S=[0-9]+)?(,W=[0-9]+)?:2,/, `,S=${size + 1}:2,`);
      Deno.renameSync(path, wrong);
    },
    says: /its name says [0-9]+ bytes, and it has [0-9]+/,
  },
  "a mistake in the configuration": {
    plant: (root) =>
      Deno.writeTextFileSync(join(root, "dovecot.conf"), "mail_location = maildir:~/Maildir\n}\n"),
    asked: () => ({ first: [] }),
    says: /dovecot\.conf: .*line 2/,
  },
  "locks of another kind": {
    plant: () => {},
    asked: () => ({ options: ["-o", "lock_method=flock"] }),
    says: /lock_method=flock/,
  },
  "no first side": {
    plant: (root) => Deno.writeTextFileSync(join(root, "dovecot.conf"), "\n"),
    asked: () => ({ first: [] }),
    says: /LOCATION1: no first side/,
  },
  "a program that is not there": {
    plant: () => {},
    asked: () => ({ second: ["dsync-nowhere", "-o", "mail_location=mdbox:~/mdbox", "server"] }),
    says: /dsync-nowhere: there is no such program/,
  },
  "no place to remember anything": {
    plant: (root) => {
      mkdirs(join(root, ".local", "state"));
      Deno.writeTextFileSync(join(root, ".local", "state", "dsync"), "");
    },
    says: /dsync: it is where runs remember what they did, and is no directory/,
  },
};

const textOf = ({ where, what }: Said): string => `${where}: ${what}`;

for (const [title, { plant, asked, says }] of Object.entries(PLANTED)) {
  Deno.test(`doctor: ${title}, and how it is mended`, () =>
    withHome(6, async (root) => {
      const stop = await plant(root);
      try {
        const before = await tree(root);
        const question: Asked = {
          options: [],
          first: ["maildir:~/Maildir"],
          second: ["mdbox:~/new"],
          ...asked?.(root),
        };
        const said = await ask(root, question);
        assert.deepEqual(await tree(root), before, "a doctor changes nothing");
        const found = said.filter((one) => says.test(textOf(one)));
        assert.equal(found.length, 1, `found once among ${JSON.stringify(said)}`);
        const next = await mended(root, question, found[0]!);
        const left = await ask(root, next);
        assert.deepEqual(left.filter((one) => says.test(textOf(one))), [], "it is mended");
      } finally {
        await stop?.();
      }
    }));
}

Deno.test("doctor: nothing is wrong with a sample, and a sync works then", () =>
  withHome(20, async (root) => {
    const { code, stdout, stderr } = await run(root, "doctor", "mdbox:~/mdbox");
    assert.deepEqual([code, stdout, stderr], [0, "nothing is wrong\n", ""]);
    const program = [
      Deno.execPath(),
      "run",
      "-A",
      MAIN,
      "-o",
      "mail_location=mdbox:~/mdbox",
      "server",
    ];
    assert.ok(DENO_DIR !== "");
    assert.equal((await run(root, "doctor", ...program)).stdout, "nothing is wrong\n");
    assert.equal((await run(root, "mirror", "mdbox:~/mdbox")).code, 0);
    assert.equal((await run(root, "doctor", "mdbox:~/mdbox")).stdout, "nothing is wrong\n");
  }));

Deno.test(
  "doctor: an index elsewhere that is root's, and another user's mail that is all the user's (as root)",
  {
    ignore: Deno.uid() !== 0,
  },
  () =>
    withHome(20, async (root) => {
      const index = join(root, "index");
      mkdirs(index);
      const { code } = new Deno.Command("chown", { args: ["-hR", "1234:1234", inMaildir(root)] })
        .outputSync();
      assert.equal(code, 0);
      const question: Asked = {
        options: [],
        first: [`maildir:~/Maildir:INDEX=${index}`],
        second: ["mdbox:~/new"],
      };
      const [owner, ...more] = await ask(root, question);
      assert.match(textOf(owner!), /index: it belongs to the user 0, and the mail to 1234/);
      assert.deepEqual(more, []);
      await mended(root, question, owner!);
      assert.deepEqual(await ask(root, question), []);
    }),
);

Deno.test("doctor: mail of several owners, and no room for it (as root)", {
  ignore: Deno.uid() !== 0,
}, () =>
  withHome(20, async (root) => {
    Deno.chownSync(firstMail(root), 1234, 1234);
    const question: Asked = { options: [], first: ["maildir:~/Maildir"], second: ["mdbox:~/new"] };
    const [owner] = await ask(root, question);
    assert.match(textOf(owner!), /it belongs to the user 1234, and the mail to 0/);
    await mended(root, question, owner!);
    assert.deepEqual(await ask(root, question), []);
    const small = join(root, "small");
    Deno.mkdirSync(small);
    const mount = async (...args: readonly string[]): Promise<boolean> =>
      (await new Deno.Command("mount", { args: [...args] }).output()).success;
    // Where nothing may be mounted there is nothing to be seen.
    if (!await mount("-t", "tmpfs", "-o", "size=8k", "none", small)) return;
    try {
      const full: Asked = { ...question, second: [`mdbox:${small}/mdbox`] };
      const [room] = await ask(root, full);
      assert.match(textOf(room!), /[0-9]+ bytes of mail are to come, and [0-9]+ are free/);
      assert.ok(await mount("-o", "remount,size=64m", small));
      assert.deepEqual(await ask(root, full), []);
    } finally {
      await new Deno.Command("umount", { args: [small] }).output();
    }
  }));
