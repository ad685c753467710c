"""Changes the login roles of the database: one is in use, the other one is locked or is next.

Everything is typed into psql inside the database's pod, as the server's own account, which has no
password. Values go by standard input: arguments are visible to every process, and the API server
writes them into its audit log. Each step may be repeated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.sql import SQL, Identifier, Literal

from acceptance.build.kubectl import kubectl
from acceptance.errors import EnvironmentFailure

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.drivers.kubernetes.client import Kubernetes

# Terse: psql must not repeat a line that holds a password. Unread input would keep kubectl waiting.
_PSQL = (
    "psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "
    "--set=VERBOSITY=terse --host=/run/postgresql --username=postgres --dbname=postgres --file=-; "
    "code=$?; cat >/dev/null; exit $code"
)
# Over TCP, where everybody is asked for a password.
_LOG_IN = (
    "IFS= read -r PGPASSWORD; export PGPASSWORD; exec psql --no-psqlrc --host=127.0.0.1 "
    '--username="$0" --dbname="$DATABASE_NAME" --tuples-only --command="SELECT 1"'
)
_UNLOCK = SQL("""\
SELECT format('CREATE ROLE %I', {name}) WHERE NOT EXISTS (
    SELECT FROM pg_roles WHERE rolname = {name}) \\gexec
ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD {password};
GRANT {owner} TO {role};
ALTER ROLE {role} SET role = {as_owner};
""")
_LOCK = SQL("""\
ALTER ROLE {role} NOLOGIN PASSWORD NULL;
SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE usename = {name};
""")
_STILL_OPEN = SQL("""\
SELECT rolcanlogin OR rolpassword IS NOT NULL OR EXISTS (
    SELECT FROM pg_stat_activity WHERE usename = {name}) FROM pg_authid WHERE rolname = {name};
""")


class DatabaseRoles:
    """Unlocks and locks login roles, inside the database's pod."""

    def __init__(
        self,
        kubernetes: Kubernetes,
        kubeconfig: Path,
        context: str,
        namespace: str,
        database: str,
        *,
        timeout: float,
    ) -> None:
        """Change the roles of the StatefulSet `database`; `timeout` in seconds is for each step."""
        self._kubernetes = kubernetes
        self._cluster = (kubeconfig, context)
        self._namespace = namespace
        self._database = database
        self._timeout = timeout

    def unlock(self, role: str, password: str, owner: str) -> None:
        """Let `role` log in with `password` and act as `owner`, and try it.

        Raises `EnvironmentFailure` if that fails.
        """
        statement = _UNLOCK.format(
            role=Identifier(role),
            name=Literal(role),
            password=Literal(password),
            owner=Identifier(owner),
            as_owner=Literal(owner),
        )
        self._type(("sh", "-c", _PSQL), statement.as_string(None))
        self._type(("sh", "-c", _LOG_IN, role), password + "\n")

    def lock(self, role: str) -> None:
        """Take password and login from `role`, and end its sessions.

        Raises `EnvironmentFailure` if the role can still log in or has a session.
        """
        names = {"role": Identifier(role), "name": Literal(role)}
        self._type(("sh", "-c", _PSQL), _LOCK.format(**names).as_string(None))
        statement = _STILL_OPEN.format(name=Literal(role)).as_string(None)
        still_open = self._type(("sh", "-c", _PSQL), statement)
        if still_open.strip() != "f":
            message = (
                f"The role {role} is not locked: it has a password or a session. "
                "Try: the same command again."
            )
            raise EnvironmentFailure(message)

    def _type(self, command: tuple[str, ...], text: str) -> str:
        pods = self._kubernetes.pods(self._namespace, self._database)
        ready = [pod for pod in pods if pod.serving]
        if not ready:
            message = (
                f"The database {self._database} has no ready pod. "
                "Try: the same command again when it has one."
            )
            raise EnvironmentFailure(message)
        container = ready[0].main.name
        where = [f"--namespace={self._namespace}", "exec", "--stdin", ready[0].name]
        return kubectl(
            *self._cluster,
            [*where, f"--container={container}", "--", *command],
            timeout=self._timeout,
            stdin=text,
        )
