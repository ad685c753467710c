#!/bin/sh
# Starts one node of OpenSearch, with the modules that a log store needs.
# Its configuration is in /etc/opensearch, its data in /var/lib/opensearch.
set -eu

modules=org.opensearch.analysis.common.CommonAnalysisPlugin
modules=$modules,org.opensearch.index.mapper.MapperExtrasPlugin
modules=$modules,org.opensearch.index.reindex.ReindexPlugin
modules=$modules,org.opensearch.transport.Netty4Plugin

# The port is the base and the number of the node, which is 1: 9200.
# shellcheck disable=SC2086 (several options)
exec java ${JAVA_OPTIONS:-} -cp "/opt/opensearch/lib/*" \
    org.codelibs.opensearch.runner.OpenSearchRunner \
    -numOfNode 1 -baseHttpPort 9199 -clusterName logs -useLogger -printOnFailure \
    -moduleTypes "$modules" \
    -basePath /tmp/opensearch -confPath /etc/opensearch \
    -dataPath /var/lib/opensearch -logsPath /tmp/opensearch/logs
