# tejun deliver: how a package is looked at, written and finally named on a node. POSIX sh. Sent anew for every call; stays nowhere.
# Usage: VERB FILE SHA256 SIZE SHORT; FILE: absolute or ~/…, SHORT: what the part beside it is called by (.tejun-SHORT.part)
#   look      what is there of FILE, of the part, and how much space is free; changes nothing
#   open      the part is there and ours alone, empty where it was not
#   publish   the part, if it has that digest, gets FILE's name; never in place of another file
#   drop      the part goes
# Answers are lines "word value" on stdout, the last one "end ."
umask 077
verb=$1 f=$2 want=$3 size=$4 short=$5
# shellcheck disable=SC2088 # the cluster file's own ~
case $f in "~/"*) f=$HOME/${f#??} ;; esac
d=${f%/*}
[ -n "$d" ] || d=/
p=${d%/}/.tejun-$short.part

sha256() { # of stdin -> $sum, empty if this system has no tool for it
  if command -v sha256sum >/dev/null 2>&1; then sum=$(sha256sum)
  elif command -v shasum >/dev/null 2>&1; then sum=$(shasum -a 256)
  elif command -v openssl >/dev/null 2>&1; then sum=$(openssl dgst -sha256); sum=${sum##* }
  elif command -v digest >/dev/null 2>&1; then sum=$(digest -a sha256)
  elif command -v csum >/dev/null 2>&1; then sum=$(csum -h SHA256 -)
  else sum=; fi
  sum=${sum%% *}
}
bytes() { # of file $1: size -> $n, names -> $names; wc would read gigabytes on some systems
  # shellcheck disable=SC2046 # the second and the fifth field
  set -- $(LC_ALL=C ls -dlnL "$1" 2>/dev/null)
  names=${2:-0} n=${5:-0}
}
there() { [ -e "$1" ] || [ -h "$1" ]; }
same() { # FILE is the wanted file; the digest is asked for only where the size fits
  [ -f "$f" ] || return 1
  bytes "$f"
  [ "$n" = "$size" ] || return 1
  sha256 <"$f"
  [ "$sum" = "$want" ]
}
ours() { # a plain file of this user with this one name (size -> $n): where others may write, a link may lie in wait
  n=0
  # shellcheck disable=SC3067 # -O is older than its place in POSIX; without it nothing is ours
  if [ -h "$p" ] || [ ! -f "$p" ] || [ ! -O "$p" ]; then return 1; fi
  bytes "$p"
  [ "$names" = 1 ]
}
settle() { sync "$@" 2>/dev/null || sync; }

look() {
  if [ ! -d "$d" ]; then echo 'there no_folder'; return; fi
  if [ ! -w "$d" ] || [ ! -x "$d" ]; then echo 'there read_only'; return; fi
  if same; then echo 'there same'; elif there "$f"; then echo 'there other'; else echo 'there absent'; fi
  if ours; then echo "part $n"; else echo 'part 0'; fi
  # shellcheck disable=SC2034 # the fourth field of the second line
  free=$(LC_ALL=C df -Pk "$d" 2>/dev/null | { read -r line; read -r line line line free line; echo "$free"; })
  echo "free ${free:-?}"
}
open() {
  if ! there "$p"; then (set -C; : >"$p") 2>/dev/null; fi
  if ours; then echo "part $n"; echo "place $p"; elif there "$p"; then echo 'part foreign'; else echo 'part no'; fi
}
publish() {
  ours || { echo 'named no'; return; }
  sha256 <"$p"
  if [ -z "$sum" ]; then echo 'named no_sha256'; return; fi
  if [ "$sum" != "$want" ]; then echo 'named differs'; return; fi
  settle "$p"
  if there "$f"; then :
  elif ln "$p" "$f" 2>/dev/null; then :  # fails where the name is taken meanwhile
  elif ! there "$f"; then mv "$p" "$f" 2>/dev/null; fi  # a file system without hard links
  if ! same; then if there "$f"; then echo 'named other'; else echo 'named no'; fi; return; fi
  rm -f "$p"
  settle "$f" "$d"
  echo 'named yes'
}
drop() { if ours; then rm -f "$p"; fi; }

case $verb in look | open | publish | drop) $verb ;; *) exit 64 ;; esac
echo 'end .'
