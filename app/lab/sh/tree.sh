# Becomes the top process of a site: starts what lies below as its children, then turns into the daemon itself.
. "$TEJUN_LAB_NODE/library.sh"
trap '' HUP
echo $$ >"$RUN/$2/$([ "$1" = cluster ] && echo cjcpw || echo nqsdaemon).pid"
if [ "$1" = cluster ]; then
  /bin/sh "$0" local "$2" &
  exec "$NQS/cluster/bin/cjcpw" "$2"
fi
for name in $DAEMONS; do
  [ "$name" = nqsdaemon ] && continue
  "$NQS/$name" &
  echo $! >"$RUN/$2/$name.pid"
done
exec "$NQS/nqsdaemon"
