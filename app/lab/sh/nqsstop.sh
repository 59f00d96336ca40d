#!/bin/sh
# nqsstop: stop the local site, or the site that NQS_SITE names (erratum E3)
. "$TEJUN_LAB_NODE/library.sh"
site=${NQS_SITE:-local}
if [ -z "$(living "$site")" ]; then echo "nqsstop: JobCenter is not running ($site)."; exit 0; fi
stop_tree "$site" '' || exit 1
echo "JobCenter stopped ($site)."
