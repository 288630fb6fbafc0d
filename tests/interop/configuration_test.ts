/** The same dovecot.conf through doveconf and through our reader: the same settings. */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as E from "fp-ts/Either.js";
import { type DovecotConfiguration, readConfiguration } from "../../lib/codec/dovecot_settings.ts";
import { matchFiles, readText } from "../../cli/conf_files.ts";
import { hasDovecot } from "./dovecot.ts";

/** What a sync reads. */
const NAMES: readonly string[] = [
  "auth_socket_path",
  "base_dir",
  "dsync_alt_char",
  "dsync_features",
  "dsync_hashed_headers",
  "dsync_remote_cmd",
  "lock_method",
  "mail_attribute_dict",
  "mail_fsync",
  "mail_gid",
  "mail_home",
  "mail_location",
  "mail_plugins",
  "mail_uid",
  "mdbox_rotate_interval",
  "mdbox_rotate_size",
];

const NAMESPACE_NAMES: readonly string[] = ["inbox", "location", "prefix", "separator", "type"];

const ours = (path: string): DovecotConfiguration => {
  const found = readConfiguration(path, {
    read: readText,
    glob: matchFiles,
    env: (name) => Deno.env.get(name),
  });
  assert.ok(E.isRight(found), JSON.stringify(found));
  return found.right;
};

const doveconf = async (
  path: string,
  ...more: readonly string[]
): Promise<DovecotConfiguration> => {
  const { success, stdout, stderr } = await new Deno.Command("doveconf", {
    args: ["-c", path, ...more],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const text = new TextDecoder().decode(stdout);
  const found = readConfiguration("doveconf", {
    read: (file) => file === "doveconf" ? text : "",
    glob: () => [],
    env: () => undefined,
  });
  assert.ok(E.isRight(found), JSON.stringify(found));
  return found.right;
};

/** Sizes and times of doveconf's are written with their units apart. */
const plain = (value: string | undefined): string | undefined =>
  value?.replace(/^(\d+) ([kMGT]|secs|mins|hours|days|weeks)$/, "$1$2");

/** Fails where a setting that the files have is read otherwise. */
const compare = async (path: string, title: string): Promise<void> => {
  const mine = ours(path);
  // What the files say; all else is a default, which is not in them.
  const theirs = await doveconf(path);
  const set = await doveconf(path, "-n");
  for (const name of NAMES) {
    if (!mine.settings.has(name) && !set.settings.has(name)) continue;
    assert.equal(
      plain(mine.settings.get(name)),
      plain(theirs.settings.get(name)),
      `${title}: ${name}`,
    );
  }
  const nameless = (name: string): boolean => name.startsWith("#");
  for (const [name, own] of mine.namespaces) {
    if (nameless(name)) continue;
    for (const key of NAMESPACE_NAMES) {
      if (!own.has(key)) continue;
      assert.equal(own.get(key), theirs.namespaces.get(name)?.get(key), `${title}: ${name} ${key}`);
    }
  }
  for (const [name, own] of set.namespaces) {
    if (nameless(name)) continue;
    for (const key of NAMESPACE_NAMES) {
      const value = own.get(key) ?? "";
      if (value === "") continue;
      assert.equal(mine.namespaces.get(name)?.get(key), value, `${title}: ${name} ${key}`);
    }
  }
};

Deno.test({
  name: "our reader and doveconf: the files of Debian's package",
  ignore: !hasDovecot,
  fn: () => compare("/etc/dovecot/dovecot.conf", "Debian's"),
});

const WRITTEN: Readonly<Record<string, string>> = {
  "one setting": "mail_location = maildir:~/Maildir\n",
  "no spaces": "mail_location=mdbox:~/mdbox\nmdbox_rotate_size=20M\n",
  "the last one counts": "mail_location = maildir:~/a\nmail_location = maildir:~/b\n",
  "comments":
    "# first\nmail_home = /home/%u # behind\n  # third\nmail_location = maildir:~/Maildir\n",
  "quotes": "mail_home = \"/home/with # sign\"\nmail_location = 'maildir:~/My Mail'\n",
  "escapes in quotes": 'mail_home = "/home/\\"x\\"/\\\\y"\n',
  "lines that go on":
    "mail_location = maildir:~/Maildir:LAYOUT=fs\\\n\nmail_home = \\\n  /home/x\n",
  "an empty value": "mail_home =\nmail_location = maildir:~/Maildir\n",
  "spaces within": "dsync_hashed_headers = Date   Message-ID  Subject\n",
  "variables of Dovecot's": "mail_location = maildir:/var/mail/%d/%n:INDEX=/idx/%Lu\n",
  "a setting of a setting": "mail_plugins = notify\nmail_plugins = $mail_plugins replication\n",
  "a setting without a value before": "mail_plugins = $mail_plugins notify\n",
  "the environment": "mail_home = $ENV:DSYNC_NOT_SET\nmail_location = maildir:~/x\n",
  "protocol sections":
    "mail_location = maildir:~/a\nprotocol imap {\n mail_location = maildir:~/b\n}\n",
  "remote sections": "mail_home = /a\nremote 10.0.0.1 {\n mail_home = /b\n}\n",
  "a namespace":
    "namespace inbox {\n inbox = yes\n separator = /\n prefix =\n location = mdbox:~/m\n}\n",
  "a namespace in two parts":
    "namespace inbox {\n inbox = yes\n}\nmail_home = /x\nnamespace inbox {\n separator = .\n}\n",
  "sections within sections":
    'namespace inbox {\n inbox = yes\n mailbox "Sent Items" {\n  special_use = \\Sent\n }\n prefix = A/\n separator = /\n}\n',
  "an include": "mail_home = /a\n!include part.inc\nmail_location = maildir:~/c\n",
  "a pattern of includes": "!include parts/*.conf\n!include_try not-there.conf\n",
  "values of files": "mail_home = /a\nssl_dh = <part.inc\n",
  "a tab and windows' line ends": "mail_home\t=\t/a\nmail_location = maildir:~/x\r\nmail_uid = 5\n",
};

Deno.test({
  name: `our reader and doveconf: ${Object.keys(WRITTEN).length} written files`,
  ignore: !hasDovecot,
  fn: async () => {
    const directory = await Deno.makeTempDir({ prefix: "dsync-conf-" });
    try {
      await Deno.mkdir(join(directory, "parts"));
      await Deno.writeTextFile(
        join(directory, "part.inc"),
        "mail_home = /included\nmail_gid = 7\n",
      );
      await Deno.writeTextFile(join(directory, "parts", "20.conf"), "mail_home = /twenty\n");
      await Deno.writeTextFile(
        join(directory, "parts", "10.conf"),
        "mail_home = /ten\nmail_uid = 9\n",
      );
      for (const [title, text] of Object.entries(WRITTEN)) {
        const path = join(directory, "dovecot.conf");
        await Deno.writeTextFile(path, text);
        await compare(path, title);
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
