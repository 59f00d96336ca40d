# The site functions that the stand-in's commands share. NQS, SPOOL, SHARED, RUN and LAB are set above.
# A site is a tree: nqsdaemon and, below it, the other daemons; a cluster site has cjcpw on top. RUN/<site>/<name>.pid name them.
. "$NQS/version.sh" # VERSION, DAEMONS and FORMAT of what is installed now

database() { echo "$SHARED/$1"; }

mounted() { [ -e "$RUN/mounted.$1" ] && [ -d "$SHARED/$1/nqs" ]; }

alive() { # pid, program
  kill -0 "$1" 2>/dev/null || return 1
  [ -r "/proc/$1/cmdline" ] || return 0
  line=
  IFS= read -r line <"/proc/$1/cmdline" 2>/dev/null
  case $line in "$2"*) return 0 ;; esac
  return 1
}

program() { if [ "$1" = cjcpw ]; then echo "$NQS/cluster/bin/cjcpw"; else echo "$NQS/$1"; fi; }

living() { # site: the names of its processes that live
  for file in "$RUN/$1"/*.pid; do
    [ -f "$file" ] || continue
    name=${file##*/} name=${name%.pid} pid=
    read -r pid <"$file"
    [ -n "$pid" ] && alive "$pid" "$(program "$name")" && echo "$name"
  done
}

start_tree() { # local|cluster, site
  mkdir -p "$RUN/$2" || return 1
  rm -f "$RUN/$2"/*.pid
  setsid /bin/sh "$LAB/tree.sh" "$1" "$2" </dev/null >/dev/null 2>&1 &
  sleep 0.35
  for name in $DAEMONS; do
    case " $(living "$2" | tr '\n' ' ') " in *" $name "*) ;; *) echo "$0: $2: $name did not start" >&2; return 1 ;; esac
  done
}

stop_tree() { # site, program names to begin with
  for name in $2 $DAEMONS; do
    pid=
    [ -f "$RUN/$1/$name.pid" ] && read -r pid <"$RUN/$1/$name.pid"
    [ -n "$pid" ] && alive "$pid" "$(program "$name")" && kill "$pid" 2>/dev/null
  done
  sleep 0.25
  left=100
  while [ -n "$(living "$1")" ]; do
    left=$((left - 1))
    [ $left -gt 0 ] || { echo "$0: $1: still running: $(living "$1" | tr '\n' ' ')" >&2; return 1; }
    sleep 0.05
  done
  rm -f "$RUN/$1"/*.pid
}

format_of() { # the nqs folder of a database, or the spool
  found=R12
  [ -r "$1/format" ] && read -r found <"$1/format"
  echo "$found"
}

format_fits() { # the same, and its name: data of another format is not touched
  [ "$(format_of "$1")" = "$FORMAT" ] && return 0
  echo "$0: $2 is of format $(format_of "$1"), JobCenter $VERSION needs $FORMAT: it has to be converted" >&2
  return 1
}

prepare_database() { # the nqs folder of a database
  for folder in control data tracking; do mkdir -p "$1/private/root/$folder" || return 1; done
}
