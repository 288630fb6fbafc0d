# Completions of dsync for bash: source this file, or put it into /usr/share/bash-completion/completions/dsync.
_dsync() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  case $before in
    -c | -r | --out | --hold | apply | restore) COMPREPLY=($(compgen -f -- "$word")); return ;;
    -o) COMPREPLY=($(compgen -W "mail_location= mail_attribute_dict= mdbox_rotate_size= dsync_remote_cmd=" -- "$word"))
      compopt -o nospace; return ;;
    -u) COMPREPLY=($(compgen -u -- "$word")); return ;;
    -[aCegIlmnstTxO] | --bwlimit | --iops | --max-delete) return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "-1 -D -f -h -N -P -R -v -a -C -c -e -g -I -l -m -n -o -O -p -r -s -t -T -u -x --bytes --dry-run --hold --json --bwlimit --iops --max-delete --out --help --version" -- "$word"))
  else
    COMPREPLY=($(compgen -W "mirror backup plan apply check doctor log restore status bench server maildir: mdbox:" -- "$word") $(compgen -A hostname -- "$word"))
  fi
}
complete -F _dsync dsync
