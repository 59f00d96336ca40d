#!/bin/sh
# nqsstart: start the local site, or the site that NQS_SITE names (erratum E3: a forgotten NQS_SITE means another site)
. "$TEJUN_LAB_NODE/library.sh"
site=${NQS_SITE:-local}
if [ -n "$(living "$site")" ]; then echo "nqsstart: JobCenter is already running ($site)."; exit 0; fi
top=$SPOOL
if [ "$site" != local ]; then
  mounted "$site" || { echo "nqsstart: site $site: cannot access the site database $(database "$site")" >&2; exit 1; }
  top=$(database "$site")/nqs
fi
format_fits "$top" "the data of the site $site" || exit 1
prepare_database "$top" || exit 1
start_tree local "$site" || exit 1
echo "JobCenter started ($site)."
