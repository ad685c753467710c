#!/usr/bin/env bash
# Runs the commands of the section "Back up" of docs/operations/backup-and-recovery.md, as they stand
# there, in the folder BACKUPS. Then it deletes what is older than KEEP_DAYS.
set -euo pipefail

page="$(dirname "$(realpath "$0")")/../../docs/operations/backup-and-recovery.md"
commands=$(awk '
    /^ *```/ { inside = /```sh backup *$/; next }
    inside { sub(/^   /, ""); print }
' "$page")
[ -n "$commands" ] || { echo "$page has no commands to back up" >&2; exit 65; }

cd "$BACKUPS"
bash -euo pipefail -c "$commands"
find . -maxdepth 1 -name 'checkout-*.dump*' -mtime "+$KEEP_DAYS" -delete
