#!/bin/sh
# tejun-lab-keep save|restore daemon|jcwebserver|nqs: the lab's own stand-in for the saving of settings and local data.
. "$TEJUN_LAB_NODE/library.sh"
usage() { echo "usage: tejun-lab-keep save|restore daemon|jcwebserver|nqs" >&2; exit 2; }
case $2 in
daemon | jcwebserver) top=$NQS names=$2.conf ;;
nqs) top=$SPOOL/private/root names="control data" ;;
*) usage ;;
esac
kept=$SPOOL.kept/$2.tar
case $1 in
save) mkdir -p "$SPOOL.kept" && tar -cf "$kept" -C "$top" $names ;;
restore) tar -xf "$kept" -C "$top" ;;
*) usage ;;
esac || exit 1
echo "tejun-lab-keep: $1 $2: $kept"
