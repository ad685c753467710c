"""Logs in to PostgreSQL through a forwarded port, and runs commands in its container."""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from acceptance.build.kubectl import kubectl_program
from acceptance.drivers.kubernetes.pod_commands import execute_in_pod, failure_of_pod
from acceptance.process import dying_with_parent, lines_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from acceptance.contract import Contract

_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+) ")
_EACH_SERVER = (
    'for p in /proc/[0-9]*; do [ "$(cat "$p/comm" 2>/dev/null)" = postgres ] || continue; '
)
# A server's working directory is its data directory (PostgreSQL: postmaster.c, ChangeToDataDir).
# Its write-ahead log and its tablespaces may be links to other places.
_DIRECTORIES = (
    f'{_EACH_SERVER} readlink "$p/cwd"; for d in "$p/cwd/pg_wal" "$p"/cwd/pg_tblspc/*; do '
    '[ -e "$d" ] && readlink -f "$d"; done; done | sort -u'
)
_PROCESSES = (
    f'pids=; {_EACH_SERVER} pids="$pids ${{p#/proc/}}"; done; '
    '[ -n "$pids" ] || { echo "no database server runs" >&2; exit 1; }; '
)
_FREEZE = f"{_PROCESSES} kill -s STOP $pids 2>/dev/null || true"
# A moment later and beside it: the container may end with its server, and with all that runs in it.
_KILL = f"{_PROCESSES} (sleep 0.2; kill -s KILL $pids) </dev/null >/dev/null 2>&1 &"
# Over a socket that only its container reaches, as the superuser that the image has made. The
# server writes the socket's folder into the fifth line of its postmaster.pid, beside its data; who
# may not read that takes Debian's. POSTGRES_USER and POSTGRES_DB are of the image "postgres".
_SOCKET = (
    f"PGHOST=; {_EACH_SERVER}"
    '[ -r "$p/cwd/postmaster.pid" ] || continue; '
    "{ read -r _; read -r _; read -r _; read -r _; read -r PGHOST; } "
    '<"$p/cwd/postmaster.pid"; break; done; '
    "PGHOST=${PGHOST:-/run/postgresql}; "
)
_PSQL = (
    "exec psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "
    '--dbname="${1:-$own}" --command="$0"'
)
_REFUSED = ("28P01", "28000")  # invalid_password, invalid_authorization_specification
# What the server says, or libpq for it without asking.
_REFUSALS = (
    "authentication failed",
    "no pg_hba.conf entry",
    "pg_hba.conf rejects",
    "is not permitted to log in",
    "no password supplied",
)


def as_superuser(contract: Contract) -> str:
    """Return the beginning of a script of sh that calls psql in the database's container.

    The variable `own` is the system's database then. Raises `LackingPart` if no role is known.
    """
    superuser, name = contract.part("database.superuser"), contract.environment.database_name
    made = "${POSTGRES_DB:-$PGUSER}"
    own = f"${{{name}:-{made}}}" if name else made
    return f"{_SOCKET}PGUSER=${{POSTGRES_USER:-{superuser}}}; export PGHOST PGUSER; own={own}; "


@dataclass(frozen=True)
class Login:
    """The result of one attempt to log in."""

    accepted: bool
    refused: bool
    """Whether the server refused the credentials; False also if it could not be reached."""
    said: str


@contextmanager
def forwarded(
    kubeconfig: Path, context: str, namespace: str, pod: str, port: int, *, timeout: float
) -> Iterator[int]:
    """Forward a local port to a port of a pod while the body runs, and yield its number.

    Raises `SystemFailure` if the pod is not there or does not run, and `EnvironmentFailure` if
    kubectl does not forward within `timeout` seconds for another reason.
    """
    command = [str(kubectl_program()), "--kubeconfig", str(kubeconfig), "--context", context]
    command += ["--namespace", namespace, "port-forward", f"pod/{pod}", f":{port}"]
    child = subprocess.Popen(
        dying_with_parent(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield _local_port(child, time.monotonic() + timeout)
    finally:
        child.kill()
        child.communicate()


def log_in(
    port: int,
    *,
    name: str,
    user: str,
    password: str | None,
    timeout: float,
    replication: bool = False,
) -> Login:
    """Try to log in at a local port and run a query; with a password of None, none is sent.

    With `replication` it connects as a standby server does, which has a right of its own and runs
    no query.
    """
    try:
        with psycopg.connect(
            "replication=true" if replication else "",
            host="127.0.0.1",
            port=port,
            dbname=name,
            user=user,
            password=password,
            passfile="/dev/null",
            connect_timeout=max(2, int(timeout)),
            sslmode="prefer",
            autocommit=True,
        ) as connection:
            if replication:
                return Login(accepted=True, refused=False, said="connected for replication")
            row = connection.execute("SELECT current_user").fetchone()
    except psycopg.Error as error:
        said = " ".join(str(error).split())
        # When a connection fails to start, libpq gives no SQLSTATE, only the server's message.
        refused = error.sqlstate in _REFUSED or any(each in said for each in _REFUSALS)
        return Login(accepted=False, refused=refused, said=said)
    return Login(accepted=True, refused=False, said=f"logged in as {row[0] if row else '?'}")


def data_directories(
    kubeconfig: Path, context: str, namespace: str, pod: str, container: str, *, timeout: float
) -> tuple[str, ...]:
    """Return the directories in which the PostgreSQL servers of a container keep their data.

    Those of the write-ahead log and of tablespaces are among them. Raises what `execute_in_pod`
    raises.
    """
    command = ["sh", "-c", _DIRECTORIES]
    where = (kubeconfig, context, namespace, pod, container)
    return tuple(execute_in_pod(*where, command, timeout=timeout).split())


def freeze_servers(
    kubeconfig: Path, context: str, namespace: str, pod: str, container: str, *, timeout: float
) -> None:
    """Stop all processes of PostgreSQL in a container where they are; they write nothing any more.

    Raises what `execute_in_pod` raises.
    """
    where = (kubeconfig, context, namespace, pod, container)
    execute_in_pod(*where, ["sh", "-c", _FREEZE], timeout=timeout)


def kill_servers(
    kubeconfig: Path, context: str, namespace: str, pod: str, container: str, *, timeout: float
) -> None:
    """Kill all processes of PostgreSQL in a container a moment after this returns.

    Where the server is the first process of its container, which nothing in it can kill, its
    children are killed, and it recovers as after a crash. Raises what `execute_in_pod` raises.
    """
    where = (kubeconfig, context, namespace, pod, container)
    execute_in_pod(*where, ["sh", "-c", _KILL], timeout=timeout)


def execute_sql(
    kubeconfig: Path,
    context: str,
    namespace: str,
    pod: str,
    statement: str,
    *,
    container: str,
    database: str = "",
    contract: Contract,
    timeout: float,
) -> tuple[str, ...]:
    """Run SQL as the database's superuser in its container, and return the lines of the result.

    Without `database`, the system's is used. Several statements at once are one transaction.
    Raises `SystemFailure` with the server's message if it fails or takes over `timeout` seconds,
    and `EnvironmentFailure` if the server cannot be asked.
    """
    command = [
        "sh",
        "-c",
        as_superuser(contract) + _PSQL,
        statement,
        *([database] if database else []),
    ]
    where = (kubeconfig, context, namespace, pod, container)
    said = execute_in_pod(*where, command, timeout=timeout)
    return tuple(line for line in said.splitlines() if line)


def _local_port(child: subprocess.Popen[bytes], deadline: float) -> int:
    said = b""
    for line in lines_until(child, deadline):
        said += line
        if found := _FORWARDING.search(said.decode("utf-8", "replace")):
            return int(found.group(1))
    message = (
        "kubectl port-forward did not begin to forward the database's port: "
        f"{said.decode('utf-8', 'replace').strip() or 'it said nothing'}."
    )
    raise failure_of_pod(message)
