#!/bin/sh
# trfdelete: delete the tracking files of the local site, or of the site that NQS_SITE names
. "$TEJUN_LAB_NODE/library.sh"
site=${NQS_SITE:-local} top=$SPOOL
if [ "$site" != local ]; then
  mounted "$site" || { echo "trfdelete: site $site: cannot access the site database $(database "$site")" >&2; exit 1; }
  top=$(database "$site")/nqs
fi
[ -z "$(living "$site")" ] || { echo "trfdelete: site $site is running" >&2; exit 1; }
rm -rf "$top/private/root/tracking" || exit 1
echo "trfdelete: tracking files deleted ($site)"
