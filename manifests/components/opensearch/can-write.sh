#!/bin/sh
# Succeeds if OpenSearch is set up and can write to every index.
set -eu

test -e /tmp/opensearch/set-up
exec curl --silent --fail --output /dev/null --max-time 4 --cacert /etc/opensearch/tls/ca.crt \
    --cert /etc/opensearch/administrator/tls.crt --key /etc/opensearch/administrator/tls.key \
    'https://localhost:9200/_cluster/health?wait_for_status=yellow&timeout=1s'
