#!/bin/sh
# tejun-lab-convert spool | site SITE: the lab's own stand-in for the conversion of R12 data; no command of JobCenter.
. "$TEJUN_LAB_NODE/library.sh"
refuse() { echo "tejun-lab-convert: $*" >&2; exit 1; }
case $1/$# in
spool/1) site=local top=$SPOOL ;;
site/2) site=$2 top=$(database "$2")/nqs; mounted "$2" || refuse "site $2: cannot access the site database $(database "$2")" ;;
*) echo "usage: tejun-lab-convert spool | site SITE" >&2; exit 2 ;;
esac
[ "$(format_of "$top")" != "$FORMAT" ] || { echo "tejun-lab-convert: $top is of format $FORMAT already"; exit 0; }
[ "$FORMAT" = R13 ] || refuse "JobCenter $VERSION converts nothing"
[ -z "$(living "$site")" ] || refuse "the site $site is running"
if [ "$site" != local ]; then # what the old version left in its queues would be read as the new version's
  root=$top/private/root
  left=$(find "$root/control" "$root/data" "$root/tracking" -type f 2>/dev/null)
  [ -z "$left" ] && [ ! -e "$root/transfile" ] || refuse "site $site: files of the old version are left below $root"
fi
echo "$FORMAT" >"$top/format" || exit 1
echo "tejun-lab-convert: $top is of format $FORMAT now"
[ "$site" != local ] || exec env -u NQS_SITE "$NQS/nqsstart" # as after every upgrade, the local site comes up by itself
