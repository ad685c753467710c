#!/bin/sh
# Deploys an image that the pipeline has signed: promotes it, and gives the part the new version while it
# serves. .github/workflows/deploy.yml runs this, and a person can, with the same result:
#
#     export DEPLOY_CONTEXT=production SIGNING_PUBLIC_KEY="$(cat cosign.pub)" GITHUB_REPOSITORY=team/checkout
#     ./deploy.sh backend ghcr.io/team/checkout/backend@sha256:…
#
# docs/operations/deployment.md explains the variables and what each failure means.
set -eu
if [ "$#" -ne 2 ]; then
    echo "usage: deploy.sh PART NAME@sha256:…" >&2
    exit 65
fi
part=$1 image=$2
for name in DEPLOY_CONTEXT SIGNING_PUBLIC_KEY GITHUB_REPOSITORY; do
    if [ -z "$(printenv "$name")" ]; then
        echo "$name is not set. Try: docs/operations/deployment.md" >&2
        exit 65
    fi
done
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
umask 077
set -- --image "$image" --context "$DEPLOY_CONTEXT"
if [ -n "${DEPLOY_KUBECONFIG:-}" ]; then
    printenv DEPLOY_KUBECONFIG > "$folder/kubeconfig"
    set -- "$@" --kubeconfig "$folder/kubeconfig"
fi
if [ -n "${DEPLOY_AUTHORITY:-}" ]; then
    printenv DEPLOY_AUTHORITY > "$folder/authority.crt"
    set -- "$@" --authority "$folder/authority.crt"
fi
if [ -n "${DEPLOY_NAMESPACE:-}" ]; then
    set -- "$@" --namespace "$DEPLOY_NAMESPACE"
fi
if [ -n "${DEPLOY_ADDRESS:-}" ]; then
    set -- "$@" --address "$DEPLOY_ADDRESS"
fi
if [ -n "${DEPLOY_KEEP:-}" ]; then
    set -- "$@" --keep "$DEPLOY_KEEP"
fi
printenv SIGNING_PUBLIC_KEY > "$folder/signing.pub"
.venv/bin/python -m operations pipeline promote "$part" --key "$folder/signing.pub" \
    --registry "${image%@*}" --digest "${image#*@}" --name production
.venv/bin/python -m operations deploy "$part" "$@"
