"""Tests which credentials the database accepts, by logging in with each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.secrets.drivers.database_pod import find_database_pod
from acceptance.drivers import database
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.secret_configuration import read_configuration
from acceptance.judgement import require, require_each

if TYPE_CHECKING:
    from acceptance.drivers.database import Login

_KEYS = ("DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD")


@dataclass(frozen=True)
class DatabaseLogins:
    """The result of each attempt to log in to the database."""

    configured: Login
    others: tuple[tuple[str, Login], ...]
    """(what was tried, in words; its result)."""


class DatabaseLoginTester(ClusterActor):
    """Logs in to the database with the configured credentials, and with others."""

    def try_credentials(self) -> DatabaseLogins:
        """Log in with the configured credentials, and with wrong, empty and missing ones."""
        name, user, password = self._credentials()
        attempts = {
            "a wrong password": (user, password[::-1] + "-wrong"),
            "an empty password": (user, ""),
            "no password": (user, None),
            "a role that does not exist": (f"{user}_unknown", password),
            "the superuser with this password": ("postgres", password),
        }
        pod = find_database_pod(self._cluster, self.system, self._timeouts)
        require(pod, "There is no ready database pod to log in to.")
        assert pod is not None
        with pod.forwarded() as port:

            def log_in(as_user: str, with_password: str | None) -> Login:
                return database.log_in(
                    port,
                    name=name,
                    user=as_user,
                    password=with_password,
                    timeout=self._timeouts.query,
                )

            configured = log_in(user, password)
            others = tuple((words, log_in(*attempt)) for words, attempt in attempts.items())
        logins = DatabaseLogins(configured, others)
        self._keep("Attempts to log in to the database", pretty(asdict(logins)))
        return logins

    def assert_configured_accepted(self, logins: DatabaseLogins) -> None:
        """The database accepts the configured credentials."""
        require(
            logins.configured.accepted,
            f"The database does not accept the configured credentials: {logins.configured.said}.",
        )

    def assert_others_refused(self, logins: DatabaseLogins) -> None:
        """The database itself refuses all others, where the configured ones got through."""
        self.assert_configured_accepted(logins)

        def fault(attempt: tuple[str, Login]) -> str | None:
            words, login = attempt
            if login.accepted:
                return f"The database accepts {words}"
            if login.refused:
                return None
            return f"It is not known whether the database refuses {words}: {login.said}"

        require_each(logins.others, fault, nothing="No other credentials were tried.")

    def _credentials(self) -> tuple[str, str, str]:
        """Return the database's name, user and password, as the configuration has them."""
        known = read_configuration(self._cluster, self.system.namespace)
        missing = [key for key in _KEYS if not known.get(key)]
        require(not missing, f"{', '.join(missing)} is configured nowhere.")
        name, user, password = (known[key] for key in _KEYS)
        return name, user, password
