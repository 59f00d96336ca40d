#!/bin/sh
# nqsstart: start the local site, or the site that NQS_SITE names (erratum E3: a forgotten NQS_SITE means another site)
. @LIBRARY@
site=${NQS_SITE:-local}
if [ -n "$(living "$site")" ]; then echo "nqsstart: JobCenter is already running ($site)."; exit 0; fi
if [ "$site" = local ]; then prepare_database "$SPOOL" || exit 1
elif ! mounted "$site"; then echo "nqsstart: site $site: cannot access the site database $(database "$site")" >&2; exit 1
fi
start_tree local "$site" || exit 1
echo "JobCenter started ($site)."
