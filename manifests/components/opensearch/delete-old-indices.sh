#!/bin/sh
# Deletes the indices of days that are further back than KEEP_DAYS.
set -eu

# Sends a request with the account for it. The password is in no argument, which others could read.
ask() {
    printf 'user = "log-retention:%s"\n' "$(cat /etc/opensearch/password)" \
        | curl --config - --silent --show-error --fail --cacert /etc/opensearch/ca.crt \
            "https://opensearch.monitoring.svc:9200/$1" --request "$2"
}

oldest=$(date --utc --date "-$KEEP_DAYS days" +logs-%Y.%m.%d)
indices=$(ask '_resolve/index/logs-*?filter_path=indices.name' GET)
echo "$indices" | grep --only-matching 'logs-[0-9.]*' | sort | while read -r index; do
    # As texts: the names are dates.
    if [ "$index" \< "$oldest" ]; then
        ask "$index" DELETE > /dev/null
        echo "deleted $index"
    fi
done
