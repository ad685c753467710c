#!/bin/sh
# Starts one node of OpenSearch, with the modules that a log store needs and with accounts, and gives
# it the index template.
# The configuration is in /etc/opensearch, the data in /var/lib/opensearch.
set -eu
umask 077

configuration=${CONFIGURATION:-/etc/opensearch}
jars=${JARS:-/opt/opensearch}
work=${WORK:-/tmp/opensearch}

modules=org.opensearch.analysis.common.CommonAnalysisPlugin
modules=$modules,org.opensearch.index.mapper.MapperExtrasPlugin
modules=$modules,org.opensearch.index.reindex.ReindexPlugin
modules=$modules,org.opensearch.transport.Netty4Plugin

# The file that says that this node is set up: by this start, not by the one before.
mkdir -p "$work"
rm -f "$work/set-up"

# The port is the base and the number of the node, which is 1: 9200.
# Of what both folders have, the security plugin has the newer version.
# shellcheck disable=SC2086 # several options
java ${JAVA_OPTIONS:-} -cp "$jars/security/*:$jars/lib/*" \
    org.codelibs.opensearch.runner.OpenSearchRunner \
    -numOfNode 1 -baseHttpPort 9199 -clusterName logs -useLogger -printOnFailure \
    -moduleTypes "$modules" \
    -pluginTypes org.opensearch.security.OpenSearchSecurityPlugin \
    -basePath "$work" -confPath "$configuration" \
    -dataPath "${DATA:-/var/lib/opensearch}" -logsPath "$work/logs" &
node=$!
trap 'kill -TERM "$node"' TERM INT

# Sends a request as the administrator.
administer() {
    path=$1
    shift
    curl --silent --fail --output /dev/null --header 'Content-Type: application/json' \
        --cacert "$configuration/tls/ca.crt" --cert "$configuration/administrator/tls.crt" \
        --key "$configuration/administrator/tls.key" \
        "https://localhost:9200/$path" "$@"
}

# Writes the accounts, with hashes of the passwords in files of that name.
accounts() {
    printf '{"_meta": {"type": "internalusers", "config_version": 2}'
    for password in "$configuration"/passwords/*; do
        # shellcheck disable=SC2016 # variables of Perl
        hash=$(perl -e '
            local $/; open my $file, "<", $ARGV[0] or die; my $password = <$file>;
            open my $random, "<", "/dev/urandom" or die; read $random, my $bytes, 22;
            my @letters = ("a" .. "z", "A" .. "Z", 0 .. 9);
            my $salt = join "", map { $letters[ord($_) % @letters] } split //, $bytes;
            print crypt $password, "\$2y\$10\$$salt";
        ' "$password")
        printf ', "%s": {"hash": "%s"}' "${password##*/}" "$hash"
    done
    printf '}'
}

# Replaces everything that OpenSearch knows of accounts and roles, as its tool securityadmin does.
documents() {
    for file in "$configuration"/security/*.json "$work/internalusers.json"; do
        kind=$(basename "$file" .json)
        printf '{"index": {"_id": "%s"}}\n{"%s": "%s"}\n' "$kind" "$kind" "$(base64 --wrap=0 "$file")"
    done
}

set_up() {
    # It is there after the first start.
    administer .opendistro_security --request PUT \
        --data '{"settings": {"number_of_shards": 1, "auto_expand_replicas": "0-all"}}' || true
    # OpenSearch reads them now, and not by itself: it would look too early, and again 13 s later.
    administer '.opendistro_security/_bulk?refresh=true' --data-binary "@$work/documents" \
        && administer "_plugins/_security/configupdate?config_types=$kinds" --request PUT \
        && administer _plugins/_security/health \
        && administer _index_template/logs --request PUT --data "@$configuration/index-template.json"
}

accounts > "$work/internalusers.json"
documents > "$work/documents"
kinds=$(sed -n 's/^{"index": {"_id": "\(.*\)"}}$/\1/p' "$work/documents" | paste -sd, -)
until set_up; do
    kill -0 "$node"
    sleep 0.3
done
rm "$work/internalusers.json" "$work/documents"
: > "$work/set-up"
# The first wait ends when the signal arrives, the second when the node has stopped.
wait "$node" || wait "$node"
