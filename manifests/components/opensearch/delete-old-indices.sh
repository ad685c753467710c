#!/bin/sh
# Deletes the indices of days that are further back than KEEP_DAYS.
set -eu

store=http://opensearch.monitoring.svc:9200
oldest=$(date --utc --date "-$KEEP_DAYS days" +logs-%Y.%m.%d)
curl --silent --show-error --fail "$store/_cat/indices/logs-*?h=index" | sort | while read -r index; do
    # As texts: the names are dates.
    if [ "$index" \< "$oldest" ]; then
        curl --silent --show-error --fail --output /dev/null --request DELETE "$store/$index"
        echo "deleted $index"
    fi
done
