#!/bin/sh
# Runs PostgreSQL on the data in PGDATA, which is made on the first start. At every start the
# configured owner owns the configured database, and the configured user has the configured
# password and acts as the owner. What other roles may log in is none of its business: while the
# password is rotated there are two, and afterwards the other one is locked.
set -eu

fail() {
    echo "$1" >&2
    exit 64
}

for name in DATABASE_NAME DATABASE_OWNER DATABASE_USER DATABASE_PASSWORD PGDATA; do
    eval "value=\${$name:-}"
    [ -n "$value" ] || fail "$name is missing: set this environment variable."
done
unset value
[ "$DATABASE_USER" != postgres ] && [ "$DATABASE_OWNER" != postgres ] \
    || fail "DATABASE_USER or DATABASE_OWNER is postgres, the superuser: name roles of the application's own."
[ "$DATABASE_USER" != "$DATABASE_OWNER" ] \
    || fail "DATABASE_USER is the owner: name another role, which logs in and acts as the owner."
case $DATABASE_NAME in
    postgres | template0 | template1)
        fail "DATABASE_NAME is $DATABASE_NAME, which is PostgreSQL's own: choose another name." ;;
esac

config=/etc/checkout/postgresql.conf
server=

# The shell is process 1 of the container: unless it handles a signal, nobody does. PostgreSQL's
# own reaction to SIGTERM is to wait until every client has gone; ours is to stop now, cleanly.
stop() {
    stopping=1
    if [ -n "$server" ]; then kill -INT "$server" 2>/dev/null || true; else exit 0; fi
}
stopping=
trap stop TERM INT QUIT

# The child is forked by this shell, never by a helper that ends: PostgreSQL takes a stale
# postmaster.pid for its parent's or its own only then.
start() {
    postgres -D "$PGDATA" -c config_file="$config" "$@" &
    server=$!
}

# Wait for the server and note its exit status. A signal interrupts `wait`, so ask until it is gone.
await_end() {
    while :; do
        wait "$server" && status=0 || status=$?
        kill -0 "$server" 2>/dev/null || break
    done
    server=
}

initialise() {
    # An empty directory may have been made for us.
    if [ -d "$PGDATA" ]; then
        rmdir "$PGDATA" 2>/dev/null \
            || fail "$PGDATA holds files but no PostgreSQL data: empty it, or set PGDATA elsewhere."
    fi
    # Somewhere else first, and into its place only when it is complete: a start that was killed
    # halfway leaves nothing that looks like data.
    half="$PGDATA.new"
    rm -rf "$half"
    mkdir -p "${PGDATA%/*}"
    initdb --pgdata="$half" --username=postgres --encoding=UTF8 --locale=C.UTF-8 \
        --data-checksums --auth-local=peer --auth-host=scram-sha-256 >/dev/null
    mv -T "$half" "$PGDATA"
    sync "${PGDATA%/*}"
    echo "initialised $PGDATA"
}

# As the superuser, through a socket that nobody else reaches. The password goes by environment,
# not by argument: arguments are seen by every process.
provide_roles_and_database() {
    psql --no-psqlrc --quiet --host=/run/postgresql --username=postgres --dbname=postgres \
        --set=ON_ERROR_STOP=1 --output=/dev/null <<'SQL'
\getenv name DATABASE_NAME
\getenv owner DATABASE_OWNER
\getenv role DATABASE_USER
\getenv password DATABASE_PASSWORD
SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY[:'owner', :'role']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE :"owner" NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD NULL;
ALTER ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD :'password';
-- Whatever it makes belongs to the owner, and so outlives it.
GRANT :"owner" TO :"role";
ALTER ROLE :"role" SET role = :'owner';
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
ALTER DATABASE :"name" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
-- It reads statistics, of all databases. It has no password, and pg_hba.conf says who may be it.
SELECT 'CREATE ROLE checkout_monitor'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'checkout_monitor') \gexec
ALTER ROLE checkout_monitor LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    CONNECTION LIMIT 3 PASSWORD NULL;
GRANT pg_monitor TO checkout_monitor;
GRANT CONNECT ON DATABASE postgres TO checkout_monitor;
-- Whoever makes a backup writes here that it is done, and the exporter tells when.
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS public.backups (finished_at timestamptz NOT NULL DEFAULT now());
GRANT SELECT ON public.backups TO checkout_monitor;
SQL
}

[ -s "$PGDATA/PG_VERSION" ] || initialise

written="$(cat "$PGDATA/PG_VERSION")"
ours="$(postgres --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')"
[ "$written" = "$ours" ] || fail \
    "$PGDATA was written by PostgreSQL $written and this is $ours: upgrade it with pg_upgrade."

# Nobody can connect over the network until the password is the configured one.
start -c listen_addresses=
until pg_isready --quiet --host=/run/postgresql --username=postgres --dbname=postgres; do
    kill -0 "$server" 2>/dev/null || { await_end; exit "$status"; }
    sleep 0.1
done
if [ -z "$stopping" ]; then
    provide_roles_and_database || { kill -INT "$server"; await_end; exit 1; }
fi
kill -INT "$server" 2>/dev/null || true
await_end
[ -z "$stopping" ] || exit 0

# The server needs no password of anybody's.
unset DATABASE_PASSWORD
start
[ -z "$stopping" ] || kill -INT "$server"
await_end
exit "$status"
