#!/bin/sh
# cjcpw SITE: start a cluster site and stay resident as its top process.   cjcpw -stop SITE: stop it.
. "$TEJUN_LAB_NODE/library.sh"
unset NQS_SITE
usage() { echo "usage: cjcpw SITE | cjcpw -stop SITE" >&2; exit 2; }
case $1 in
-stop)
  [ $# = 2 ] || usage
  if [ -z "$(living "$2")" ]; then echo "cjcpw: site $2 is not running."; exit 0; fi
  stop_tree "$2" cjcpw || exit 1
  echo "cjcpw: site $2 stopped." ;;
'' | -*) usage ;;
*)
  [ $# = 1 ] || usage
  mounted "$1" || { echo "cjcpw: site $1: cannot access the site database $(database "$1")" >&2; exit 1; }
  case " $(living "$1" | tr '\n' ' ') " in *" cjcpw "*) echo "cjcpw: site $1 is already running."; exit 0 ;; esac
  [ -z "$(living "$1")" ] || stop_tree "$1" '' || exit 1
  format_fits "$(database "$1")/nqs" "the database of site $1" || exit 1
  prepare_database "$(database "$1")/nqs" || exit 1
  start_tree cluster "$1" || exit 1
  echo "cjcpw: site $1 started." ;;
esac
