# tejun guard: starts a command at most once per key, spools its output, and lets anybody follow it from any byte on.
# POSIX sh, no agent, no root. Usage: sh guard.sh SPOOL VERB NONCE KEY ... (SPOOL empty: $TEJUN_SPOOL or ~/.tejun; NONCE:
# CALLER-ORDER-RANDOM, new for every call)
#   run    SHA256 OUT ERR FLOOR_KIB CAP   payload on stdin; starts it if KEY was never claimed, then follows from OUT/ERR
#   attach OUT ERR                        follows; never starts
#   state | cancel GRACE | digest | remove OUT_SHA256 ERR_SHA256
# Answers are lines "\036tejun NONCE WORD ..." on stderr; everything else that follow writes is the command's own bytes.
# SPOOL/KEY: claim (one complete file, made by ln: the commit point), payload.NONCE, out, err, ending, status, owner
# SPOOL/ended/KEY: a grave: this key never starts again, although its folder is gone
old_umask=$(umask)
umask 077
B=${1:-${TEJUN_SPOOL:-$HOME/.tejun}} verb=$2 nonce=$3 key=$4
shift 4
case $B in /*) ;; *) B=$PWD/$B ;; esac
D=$B/$key

say() { printf '\036tejun %s %s\n' "$nonce" "$*" >&2; }
fail() { say error "$@"; exit 70; }
sha='' slept=0 # tenths of a second spent in nap
nap() { # a fraction is not POSIX: whole seconds where it is refused
  if sleep "$1" 2>/dev/null; then slept=$((slept + $2)); else sleep 1; slept=$((slept + 10)); fi
}
settle() { sync "$@" 2>/dev/null || sync; } # a power cut must not bring back a time before the claim
sha256() { # of stdin -> $sum, empty if this system has no tool for it
  if command -v sha256sum >/dev/null 2>&1; then sum=$(sha256sum)
  elif command -v shasum >/dev/null 2>&1; then sum=$(shasum -a 256)
  elif command -v openssl >/dev/null 2>&1; then sum=$(openssl dgst -sha256); sum=${sum##* }
  elif command -v digest >/dev/null 2>&1; then sum=$(digest -a sha256)
  elif command -v csum >/dev/null 2>&1; then sum=$(csum -h SHA256 -)
  else sum=; fi
  sum=${sum%% *}
}
boot_id() { # -> $now
  now='' f=${TEJUN_BOOT_FILE:-/proc/sys/kernel/random/boot_id}
  if [ -r "$f" ]; then read -r now <"$f" || :; else now=$(LC_ALL=C who -b 2>/dev/null | tr -cd '0-9A-Za-z'); fi
  now=${now:-none}
}
started() { # when runner $1 of the start $2 began -> $since ("-": it lives, only ps could tell); false if dead or a zombie
  since=
  if [ -r /proc/self/stat ]; then
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    # shellcheck disable=SC2086 # split on purpose; the name before the last ")" may hold blanks
    set -- ${line##*\) }
    case $1 in Z | X) return 1 ;; esac
    shift 19
    since=$1
  else
    case $(COLUMNS=20000 UNIX95=1 ps -o args= -p "$1" 2>/dev/null) in *" runner $2 $key "*) since=- ;; *) return 1 ;; esac
  fi
}
look() { # -> $state, and of a claim: $pid $born $boot $sha $cap $start, of an end: $rc $so $se $xo $xe
  if read_status; then return; fi
  if [ ! -f "$D/claim" ]; then
    state=absent
    if [ -f "$B/ended/$key" ]; then read -r state <"$B/ended/$key" || :; state="unknown ${state:-removed}"; fi
    return
  fi
  if ! read_claim; then state='unknown bad_claim'; return; fi
  boot_id
  if [ "$now" != "$boot" ]; then state='unknown other_boot'
  elif alive; then state=running
  elif read_status; then return # it ended between the two looks
  elif [ -f "$B/ended/$key" ]; then state='unknown cancelled'
  else state='unknown no_process'; fi
}
alive() { started "$pid" "$start" && [ "$since" = "$born" ]; }
read_claim() { read -r pid born boot sha cap start dot <"$D/claim" && [ "$dot" = . ]; }
read_status() {
  { [ -f "$D/status" ] && read_claim; } || return 1
  read -r rc so se xo xe dot <"$D/status" || :
  if [ "$dot" = . ]; then state="done $rc $so $se $xo $xe"; else state='unknown bad_status'; fi
}
bury() { # word $1: no runner that comes late may start this key
  { mkdir -p "$B/ended" && printf '%s\n' "$1" >"$B/ended/$key.$$"; } 2>/dev/null || fail spool
  ln "$B/ended/$key.$$" "$B/ended/$key" 2>/dev/null
  rm -f "$B/ended/$key.$$"
  settle "$B/ended/$key" "$B/ended"
}

# --- start ----------------------------------------------------------------------------------------------------------
drop() { # nothing was started: take the folder away again, unless another start uses it
  rm -f "$D/$pl"
  rmdir "$D" 2>/dev/null
  fail "$@"
}
start() { # $1 sha256 $2 floor in KiB $3 cap in bytes: every refusal comes before the claim
  pl=payload.$nonce limit=$3 tries=0
  # a start that gives up takes the folder away while it is empty: it stays once our file is in it
  until { mkdir -p "$D" && printf '' >"$D/$pl"; } 2>/dev/null; do
    if [ $((tries += 1)) -gt 20 ]; then fail spool; fi
  done
  if [ "$2" -gt 0 ]; then
    free=$(df -Pk "$B" 2>/dev/null | { read -r line; read -r line line line free line; echo "$free"; })
    case $free in *[!0-9]*) free= ;; esac
    if [ -z "$free" ] || [ "$free" -lt "$2" ]; then drop nospace "${free:-?}"; fi
    # two full outputs may take half of what is free, not all of it
    most=$((free / 4))
    if [ $most -lt $((limit / 1024)) ]; then limit=$((most * 1024)); fi
  fi
  cat >"$D/$pl" 2>/dev/null
  sha256 <"$D/$pl"
  [ -n "$sum" ] || drop no_sha256
  [ "$sum" = "$1" ] || drop bad_payload # the link died while it was being sent: a truncated command never runs
  launch "$B" runner "$nonce" "$key" "$pl" "$1" "$limit" "$old_umask"
  i=0
  while [ ! -f "$D/claim" ]; do
    if [ $i -gt 1500 ] || [ $slept -gt 300 ]; then
      bury cancelled # from here on it cannot start any more
      [ -f "$D/claim" ] || fail not_claimed
    fi
    i=$((i + 1))
    if [ $i -gt 5 ]; then nap 0.01 0; else cat /dev/null; fi # a fork is a short delay
  done
}
launch() { # a session of its own; -f where it is known, since "&" leaves SIGINT and SIGQUIT ignored in all that follows
  setsid -f "${TEJUN_SH:-sh}" "$0" "$@" </dev/null >/dev/null 2>&1 && return
  if command -v setsid >/dev/null 2>&1; then setsid "${TEJUN_SH:-sh}" "$0" "$@" </dev/null >/dev/null 2>&1 &
  else nohup "${TEJUN_SH:-sh}" "$0" "$@" </dev/null >/dev/null 2>&1 & fi
}
runner() { # $1 payload $2 sha256 $3 cap $4 umask of the command
  trap : HUP TERM # caught, not ignored: default again in the command, and its end is still written down
  cd "$D" || exit 1
  boot_id
  started $$ "$nonce" || exit 1
  : >>out 2>>err
  printf '%s %s %s %s %s %s .\n' $$ "$since" "$now" "$2" "$3" "$nonce" >"claim.$nonce" || exit 1
  if ! ln "claim.$nonce" claim 2>/dev/null; then rm -f "claim.$nonce" "$1"; exit 0; fi
  settle claim . "$B"
  if [ -f "$B/ended/$key" ]; then exit 0; fi # cancelled or removed while this start was under way
  cap=$3
  watch &
  watcher=$!
  # redirected within: a shell that reports "Terminated" must not do it into the command's own output
  (umask "$4"; cd "${HOME:-/}" || cd /; exec sh "$D/$1" </dev/null >>"$D/out" 2>>"$D/err")
  rc=$?
  if [ $rc -gt 255 ]; then rc=$((128 + rc % 128)); fi # ksh93 and yash count signals from 256 and 384
  : >ending # before the sizes are taken: followers that measured without seeing it sent nothing beyond them
  kill $watcher
  # shellcheck disable=SC2046 # "N out N err N total"
  set -- $(wc -c out err)
  measure out "$1"; so=$size xo=$over
  measure err "$3"; se=$size xe=$over
  printf '%s %s %s %s %s .\n' $rc "$so" "$se" "$xo" "$xe" >status.new && mv -f status.new status
}
shrink() { dd if=/dev/null of="$1" bs=1 seek="$cap"; }
watch() { # keeps an output beyond its cap off the disk: as a hole (the size goes on counting), or by cutting (a lower bound)
  while sleep 1; do
    for f in out err; do
      [ -n "$(find $f -size +"$cap"c)" ] || continue
      # shellcheck disable=SC2046
      set -- $(wc -c $f)
      size=$1
      fallocate -p -o "$cap" -l "$size" $f && continue
      shrink $f
      echo $((size - cap)) >>over.$f
    done
  done
}
measure() { # file $1 of $2 bytes -> $size (at most the cap), $over (bytes dropped)
  size=$2 over=0
  if [ "$size" -gt "$cap" ]; then over=$((size - cap)) size=$cap; shrink "$1"; fi
  if [ -f "over.$1" ]; then over=$(awk -v n=$over '{ n += $1 } END { printf "%.0f", n }' "over.$1"); fi
}

# --- follow ---------------------------------------------------------------------------------------------------------
send() { # $2 bytes from descriptor $1 on; a file gives whole blocks, and dd leaves the descriptor where the next one goes on
  if [ "$2" -ge 65536 ]; then dd bs=65536 count=$(($2 / 65536)) <&"$1" || exit 75; fi
  if [ $(($2 % 65536)) -gt 0 ]; then dd bs=$(($2 % 65536)) count=1 <&"$1" || exit 75; fi
} 2>/dev/null
batch() { # bytes to send: from $1 up to $2, at most 8 MiB at a time -> $n
  n=$(($2 - $1))
  if [ $n -gt 8388608 ]; then n=8388608; elif [ $n -lt 0 ]; then n=0; fi
}
follow() { # $1 $2: how many bytes of out and err the caller has already
  if [ ! -f "$D/claim" ] || [ "$state" = 'unknown bad_claim' ]; then say "$state"; exit 0; fi
  cd "$D" || fail gone
  printf '\036tejun %s begin\n' "$nonce"
  say claim "$pid" "$cap"
  newest=0-0-0 mine=${nonce#*-}
  { read -r newest <owner; } 2>/dev/null
  order=${newest#*-}
  # CALLER-ORDER-x: a request that a dead connection brought late does not push its own caller's newer follower aside
  if [ "${newest%%-*}" = "${nonce%%-*}" ] && [ "${order%%-*}" -gt "${mine%%-*}" ]; then say taken "$newest"; exit 0; fi
  { printf '%s\n' "$nonce" >owner; } 2>/dev/null || fail owner
  exec 3<out 4<err
  po=$1 pe=$2 idle=0
  send 3 "$po" >/dev/null
  send 4 "$pe" >/dev/null
  while :; do
    # shellcheck disable=SC2046 # "N out N err N total"
    set -- $(wc -c out err)
    no=$1 ne=$3 final=
    # measured first, looked second: without an "ending" no byte of these sizes can be beyond the recorded ones
    if [ -f ending ] || [ $((idle % 16)) = 15 ]; then
      look
      case $state in
        running) if [ -f ending ]; then no=$po ne=$pe; fi ;;
        done*) if [ "$no" -lt "$so" ] || [ "$ne" -lt "$se" ]; then state='unknown output_short'; fi; no=$so ne=$se final=1 ;;
        *) if [ -f claim ]; then final=1; else fail gone; fi ;;
      esac
    fi
    if [ "$no" -gt "$cap" ]; then no=$cap; fi
    if [ "$ne" -gt "$cap" ]; then ne=$cap; fi
    batch "$po" "$no"
    send 3 $n
    po=$((po + n)) sent=$n
    batch "$pe" "$ne"
    send 4 $n >&2
    pe=$((pe + n)) sent=$((sent + n))
    if [ $sent -gt 0 ]; then idle=0
    elif [ -n "$final" ]; then say "$state"; exit 0
    else idle=$((idle + 1)); fi
    newest=$nonce
    { read -r newest <owner; } 2>/dev/null || [ -f owner ] || fail gone
    if [ -n "$newest" ] && [ "$newest" != "$nonce" ]; then say taken "$newest"; exit 0; fi
    if [ $idle -gt 150 ]; then nap 0.2 2; elif [ $idle -gt 60 ]; then nap 0.1 1; elif [ $idle -gt 4 ]; then nap 0.02 0; fi
  done
}

# --- cancel, digest, remove -----------------------------------------------------------------------------------------
tree() { # living processes below the runner or in its session -> $tree; a pid that is in use again says that ours are gone
  tree=
  if started "$pid" "$start" && [ "$since" != "$born" ]; then return; fi
  tree=$({
    if [ -r /proc/self/stat ]; then
      for d in /proc/[0-9]*; do
        { read -r line <"$d/stat"; } 2>/dev/null || continue
        # shellcheck disable=SC2086
        set -- ${line##*\) }
        case $1 in (Z | X) ;; (*) echo "${d#/proc/} $2 $4" ;; esac
      done
    else UNIX95=1 ps -e -o pid= -o ppid= -o pgid=; fi
  } | awk -v r="$pid" '
    { up[$1] = $2; if ($3 == r && $1 != r) t[$1] = 1 }
    END {
      do { more = 0; for (p in up) if (!(p in t) && p != r && (up[p] == r || up[p] in t)) { t[p] = 1; more = 1 } } while (more)
      for (p in t) print p
    }')
}
cancel() { # $1 seconds between TERM and KILL; five more, then "alive"
  slept=0 signal=TERM
  while :; do
    tree
    look
    case $state in *other_boot) say dead; return ;; esac
    if [ -z "$tree" ] && [ "$state" != running ]; then say dead; return; fi
    if [ $slept -ge $(($1 * 10 + 50)) ]; then say alive; return; fi
    if [ $slept -ge $(($1 * 10)) ]; then signal=KILL; fi
    # an "ending" that runs: the runner's own helpers are among these, and they write down the end
    if [ -n "$tree" ] && [ -n "$signal" ] && { [ ! -f "$D/ending" ] || [ "$state" != running ]; }; then
      # shellcheck disable=SC2086
      kill -$signal $tree 2>/dev/null
      signal=
    fi
    nap 0.1 1
  done
}
digest() { # of the first $2 bytes of $1 -> $sum: what a daemon left behind wrote later does not count
  exec 5<"$1" || fail gone
  sum=$(send 5 "$2" | { sha256; echo "$sum"; })
  exec 5<&-
}
digests() { # -> $d_out $d_err
  case $state in done*) ;; unknown\ removed | unknown\ cancelled) say "$state"; exit 0 ;; *) fail not_done ;; esac
  digest "$D/out" "$so"; d_out=$sum
  digest "$D/err" "$se"; d_err=$sum
}

case $key in '' | *[!0-9A-Za-z_-]* | ended) fail bad_key ;; esac
look
case $verb in
  run)
    if [ "$state" = absent ]; then start "$1" "$4" "$5"; look; fi
    if [ "${sha:-$1}" != "$1" ]; then fail other_payload; fi
    follow "$2" "$3"
    ;;
  attach)
    follow "$1" "$2"
    ;;
  runner) runner "$@" ;;
  state) say "$state" ;;
  cancel)
    if [ "$state" = absent ]; then bury cancelled; look; fi
    case $state in
      done*) say dead ;; # it ended by itself; what it left running was meant to run on
      *bad_claim) fail bad_claim ;; # whose processes they would be is not known
      *) if [ -f "$D/claim" ]; then cancel "$1"; else say absent; fi ;;
    esac
    ;;
  digest)
    digests
    say digest "$d_out" "$d_err" "$so" "$se"
    ;;
  remove)
    digests
    if [ "$1" != "$d_out" ] || [ "$2" != "$d_err" ]; then fail other_digest; fi
    bury removed
    rm -rf "${B:?}/${key:?}"
    settle "$B"
    say removed
    ;;
  *) fail bad_verb ;;
esac
