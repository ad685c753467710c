#!/bin/sh
# Copies the settings of the image to $ES_PATH_CONF, and adds the roles and an account for each password.
set -eu

cp -R /usr/share/elasticsearch/config/. "$ES_PATH_CONF"
cp /etc/logs/roles.yml "$ES_PATH_CONF/roles.yml"
# Another start has left them.
rm -f "$ES_PATH_CONF/users" "$ES_PATH_CONF/users_roles"
for file in /etc/logs/passwords/*; do
    account=$(basename "$file")
    case $account in
        kibana-server) role=kibana_system ;;
        log-administrator) role=superuser ;;
        *) role=$account ;;
    esac
    # The password and its repetition. It is in no argument, which others could read.
    printf '%s\n%s\n' "$(cat "$file")" "$(cat "$file")" \
        | /usr/share/elasticsearch/bin/elasticsearch-users useradd "$account" -r "$role"
done
