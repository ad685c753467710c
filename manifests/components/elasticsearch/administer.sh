#!/bin/sh
# Sends a request as the administrator: a path, and options of curl. Succeeds if Elasticsearch did it.
set -eu

path=$1
shift
# The password is in no argument, which others could read.
printf 'user = "log-administrator:%s"\n' "$(cat /etc/logs/passwords/log-administrator)" \
    | curl --config - --silent --fail --output /dev/null --cacert /etc/logs/ca.crt \
        "https://localhost:9200/$path" "$@"
