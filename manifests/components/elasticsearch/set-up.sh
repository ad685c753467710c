#!/bin/sh
# Gives Elasticsearch the lifecycle of the log indices and their template, as soon as it answers.
set -eu

put() {
    sh /etc/logs/administer.sh "$1" --request PUT --header 'Content-Type: application/json' \
        --data "@/etc/logs/$2"
}

until put _ilm/policy/logs lifecycle.json && put _index_template/logs index-template.json; do
    sleep 1
done
