/**
 * The short help: what there is, by groups.
 *
 * @module
 */

/** The text of `--help`. */
export const HELP = `usage: dsync [options] mirror LOCATION2
       dsync [options] backup LOCATION2
       dsync [options] plan [--out FILE] mirror|backup LOCATION2
       dsync [options] apply FILE
       dsync [options] check [LOCATION1] LOCATION2
       dsync [options] doctor [LOCATION1] LOCATION2
       dsync [options] log
       dsync [options] restore HOLD [GUID...]
       dsync [options] status [LOCATION]
       dsync [options] bench [LOCATION]
       dsync [options] server

mirror merges two mailboxes in both directions; backup makes LOCATION2 look
exactly like the mail of mail_location. plan tells step by step what they would
do, and apply carries out just that. check names every difference of two sides;
doctor names what would make a sync fail, and what mends it; neither changes
anything. log tells what runs decided, and why; restore puts back what was held.
status lists mailboxes with their mails, bytes and numbers; bench times copies
of your mail into a folder that is removed; server is the far end of a pipe.

LOCATION2 is maildir:PATH[:OPTIONS] or mdbox:PATH[:OPTIONS] as in Dovecot;
host or user@host, reached by ssh (setting dsync_remote_cmd); or a command
line that runs a dsync or a "doveadm dsync-server" there.

whose mail, and with which settings
  -u USER           the mail of this user, found as Dovecot finds it: the
                    process becomes that user (needs root)
  -c FILE           this configuration, not /etc/dovecot/dovecot.conf
  -o SETTING=VALUE  set a setting; mail_location names the first side, for
                    example -o mail_location=maildir:~/Maildir
  -p SETTING=VALUE  set one for LOCATION2 alone, where that is a folder

what is synced
  -m MAILBOX        only this one; -m '' names and subscriptions only
  -g GUID           only the mailbox with this GUID
  -x MAILBOX        not this one; * and ? stand for any text, any character
  -t TIME, -e TIME  only new mails received since, until this time
  -I SIZE           only new mails up to this size (B, k, M, G, T)
  -O [-]FLAG        only new mails with, without this flag or keyword
  -n PREFIX, -N     only this namespace, all visible ones

how it is synced
  -1                mirror in one direction: only LOCATION2 is changed, and
                    keeps its own changes
  -R                backup, or mirror -1, the other way round: LOCATION2 is
                    the source
  -f                compare everything, whatever the numbers say
  -s STATE          sync what changed since this state, print the new one
  --dry-run         tell what would be done, and touch nothing
  --out FILE        with plan or --dry-run: write the plan to this file
  --hold DIR        keep what is taken away in this Maildir first
  --max-delete N    change nothing where more than N mails (or N% of a side's)
                    would be deleted; without it a backup deletes none where
                    the source has no mail, or more than half would go
  -l SECONDS        lock the account for this sync, wait so long for it
  -P                let the other end purge its storage afterwards
  -C CHARACTER      stands in for what mailbox names cannot have (default _)
  -a MAILBOX        the other end's virtual mailbox that has all mails

the other end
  -T SECONDS        give up when it says nothing for so long (default 600)
  -r FILE           write all that is said to this file

what it tells, and how fast it goes
  -v, -D            tell what is done; the causes of errors, too
  --bytes           check also the mails themselves, not only what indexes say
  --json            tell events and the report as JSON, a line each
  --bwlimit RATE    write at most so many bytes of mails a second (k, M, G)
  --iops COUNT      save or change at most so many mails a second
  -h, --help, --version

exit status: 0 in sync; 2 not in sync (run again; check: differences); else failed
`;
