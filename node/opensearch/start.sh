#!/bin/sh
# Starts one node of OpenSearch, with the modules that a log store needs, and gives it the index
# template. It is ready when it has the template.
# The configuration is in /etc/opensearch, the data in /var/lib/opensearch.
set -eu

modules=org.opensearch.analysis.common.CommonAnalysisPlugin
modules=$modules,org.opensearch.index.mapper.MapperExtrasPlugin
modules=$modules,org.opensearch.index.reindex.ReindexPlugin
modules=$modules,org.opensearch.transport.Netty4Plugin

# The port is the base and the number of the node, which is 1: 9200.
# shellcheck disable=SC2086 # several options
java ${JAVA_OPTIONS:-} -cp "/opt/opensearch/lib/*" \
    org.codelibs.opensearch.runner.OpenSearchRunner \
    -numOfNode 1 -baseHttpPort 9199 -clusterName logs -useLogger -printOnFailure \
    -moduleTypes "$modules" \
    -basePath /tmp/opensearch -confPath /etc/opensearch \
    -dataPath /var/lib/opensearch -logsPath /tmp/opensearch/logs &
node=$!
trap 'kill -TERM "$node"' TERM INT

until curl --silent --fail --output /dev/null --request PUT \
    --header 'Content-Type: application/json' --data @/etc/opensearch/index-template.json \
    http://127.0.0.1:9200/_index_template/logs; do
    kill -0 "$node"
    sleep 0.3
done
# The first wait ends when the signal arrives, the second when the node has stopped.
wait "$node" || wait "$node"
