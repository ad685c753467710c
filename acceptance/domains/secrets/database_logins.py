"""Tests which credentials the database accepts, and from where, by logging in with each."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from acceptance.domains.secrets.drivers.database_pod import find_database_pod
from acceptance.domains.secrets.drivers.pod_relay import PodRelay, RelayPod, relayed
from acceptance.domains.secrets.login_places import BACKEND, ELSEWHERE, LOOPBACK, NODE, LoginPlaces
from acceptance.drivers import database
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.secret_configuration import read_configuration
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, listed, require, require_each
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from acceptance.domains.secrets.drivers.database_pod import DatabasePod
    from acceptance.drivers.database import Login
    from acceptance.drivers.kubernetes.facts import PodFacts

PLACES = (LOOPBACK, BACKEND, ELSEWHERE, NODE)
_KEYS = ("database_name", "database_user", "database_password")
_LOGIN_ROLES = "SELECT rolname FROM pg_roles WHERE rolcanlogin"
_SUPERUSER, _MAINTENANCE = "postgres", "postgres"


@dataclass(frozen=True)
class LoginAttempt:
    """Credentials to log in with, other than the configured ones."""

    words: str
    database: str
    user: str
    password: str | None = field(repr=False)
    replication: bool = False


@dataclass(frozen=True)
class PlaceLogins:
    """The result of each attempt to log in to the database from one place."""

    place: str
    configured: Login | None
    """None if the database cannot be reached from there."""
    others: tuple[tuple[str, Login], ...]
    """(what was tried, in words; its result)."""
    unreachable: str = ""
    """Why no connection is made from there, such as by a network policy."""
    untried: str = ""
    """Why nothing could be tried from there."""


@dataclass(frozen=True)
class DatabaseLogins:
    """The results from every place."""

    places: tuple[PlaceLogins, ...]
    loopback_shared: bool = True
    """Whether other containers of the database's pod reach it through the loopback address."""

    @property
    def judged(self) -> tuple[PlaceLogins, ...]:
        """The results from where an attacker may be.

        Who is alone in a pod on its loopback address is in the server's own container, and has its
        data already: the image `postgres` asks for no password there.
        """
        return tuple(each for each in self.places if each.place != LOOPBACK or self.loopback_shared)

    def of(self, place: str) -> PlaceLogins | None:
        """Return the results from a place; None if there was no attempt at all."""
        return next((each for each in self.places if each.place == place), None)


class DatabaseLoginTester(LoginPlaces):
    """Logs in to the database with the configured credentials, and with others."""

    def try_credentials(self) -> DatabaseLogins:
        """Log in with the configured credentials and with others, from every place at once."""
        name, user, password = self._credentials()
        pod = find_database_pod(self._cluster, self.system, self._timeouts)
        require(pod, "There is no ready database pod to log in to.")
        assert pod is not None
        configured = LoginAttempt("the configured credentials", name, user, password)
        others = _other_attempts(name, user, password, self._login_roles(pod))
        facts = self._facts_of(pod)
        ways = self._ways(pod, facts)

        def attempt(place: str) -> PlaceLogins:
            return _log_in_from(
                place, ways[place], configured, others, timeout=self._timeouts.query
            )

        with workers(len(ways)) as pool:
            places = tuple(pool.map(attempt, ways))
        logins = DatabaseLogins(places, loopback_shared=_has_company(facts))
        self._keep("Attempts to log in to the database", pretty(asdict(logins)))
        return logins

    def assert_configured_accepted(self, logins: DatabaseLogins) -> None:
        """The database accepts the configured credentials from where the backend is.

        Raises `Unverifiable` if nothing can be tried from there: through the loopback address, the
        database may let anybody in.
        """
        require(logins.places, "The configured credentials were not tried.")
        found = logins.of(BACKEND)
        if found is None or found.untried:
            reason = found.untried if found else "no attempt"
            raise Unverifiable(f"The configured credentials were not tried {BACKEND}: {reason}.")
        said = found.configured.said if found.configured else found.unreachable or found.untried
        require(
            found.configured and found.configured.accepted,
            f"The database does not accept the configured credentials {found.place}: {said}.",
        )

    def assert_others_refused(self, logins: DatabaseLogins) -> None:
        """The database itself refuses all others wherever it is reached.

        Raises `Unverifiable` if nothing could be tried from one of the places.
        """
        self.assert_configured_accepted(logins)
        reached = [each for each in logins.judged if each.configured is not None]
        attempts = [(each.place, *other) for each in reached for other in each.others]

        def fault(attempt: tuple[str, str, Login]) -> str | None:
            place, words, login = attempt
            if login.accepted:
                return f"The database accepts {words} {place}"
            if login.refused:
                return None
            return f"It is not known whether the database refuses {words} {place}: {login.said}"

        require_each(attempts, fault, nothing="No other credentials were tried.")
        for each in reached:
            require(each.others, f"No other credentials were tried {each.place}.")
        missing = [f"{place}: no attempt" for place in PLACES if logins.of(place) is None]
        missing += [f"{each.place}: {each.untried}" for each in logins.places if each.untried]
        if missing:
            raise Unverifiable(f"Logins could not be tried everywhere: {listed(missing)}.")

    def _facts_of(self, pod: DatabasePod) -> PodFacts:
        facts = next(
            (each for each in self._pods(self.system.workloads.database) if each.name == pod.name),
            None,
        )
        require(facts, f"The database pod {pod.name} is gone.")
        assert facts is not None
        return facts

    def _ways(
        self, pod: DatabasePod, facts: PodFacts
    ) -> dict[str, Callable[[], AbstractContextManager[PodRelay]]]:
        """Return for each place how a local port comes to lead to the database from there."""
        ways: dict[str, Callable[[], AbstractContextManager[PodRelay]]] = {
            LOOPBACK: lambda: _Forwarded(pod)
        }
        for place, found in self._places(facts.node).items():
            ways[place] = self._way(found, facts.address, pod.port)
        return ways

    def _way(
        self, found: RelayPod | str, address: str, port: int
    ) -> Callable[[], AbstractContextManager[PodRelay]]:
        def connect() -> AbstractContextManager[PodRelay]:
            if isinstance(found, str):
                raise EnvironmentFailure(found)
            return relayed(self.system, found, address, port, self._timeouts)

        return connect

    def _login_roles(self, pod: DatabasePod) -> tuple[str, ...]:
        """Return the roles that may log in; the superuser if the database does not say."""
        superuser = self.system.contract.database.superuser or _SUPERUSER
        try:
            return (superuser, *pod.query(_LOGIN_ROLES))
        except EnvironmentFailure:
            return (superuser,)

    def _credentials(self) -> tuple[str, str, str]:
        """Return the database's name, user and password, as the configuration has them."""
        known = read_configuration(self._cluster, self.system.namespace)
        keys = [self.system.contract.part(f"environment.{each}") for each in _KEYS]
        missing = [key for key in keys if not known.get(key)]
        require(not missing, f"{', '.join(missing)} is configured nowhere.")
        name, user, password = (known[key] for key in keys)
        return name, user, password


class _Forwarded:
    """The way through the loopback address of the database's own pod."""

    def __init__(self, pod: DatabasePod) -> None:
        self._pod = pod
        self._leaving = ExitStack()

    def __enter__(self) -> PodRelay:
        return PodRelay(self._leaving.enter_context(self._pod.forwarded()), "")

    def __exit__(self, *_: object) -> None:
        self._leaving.close()


def _has_company(pod: PodFacts) -> bool:
    """Return whether a pod has more than one container that runs, or may run again."""
    return sum(each.state != "terminated" for each in pod.containers) > 1


def _log_in_from(
    place: str,
    way: Callable[[], AbstractContextManager[PodRelay]],
    configured: LoginAttempt,
    others: Sequence[LoginAttempt],
    *,
    timeout: float,
) -> PlaceLogins:
    def log_in(port: int, attempt: LoginAttempt) -> Login:
        return database.log_in(
            port,
            name=attempt.database,
            user=attempt.user,
            password=attempt.password,
            replication=attempt.replication,
            timeout=timeout,
        )

    try:
        with way() as relay:
            if relay.unreachable:
                return PlaceLogins(place, None, (), unreachable=relay.unreachable)
            return PlaceLogins(
                place,
                log_in(relay.port, configured),
                tuple((each.words, log_in(relay.port, each)) for each in others),
            )
    except EnvironmentFailure as error:
        said = error.message.strip().splitlines()[-1].rstrip(".")
        return PlaceLogins(place, None, (), untried=said)


def _other_attempts(
    name: str, user: str, password: str, roles: Sequence[str]
) -> tuple[LoginAttempt, ...]:
    """Return all attempts that the database has to refuse."""
    others = tuple(dict.fromkeys(each for each in (_SUPERUSER, *roles) if each != user))
    return (
        LoginAttempt("a wrong password", name, user, password[::-1] + "-wrong"),
        LoginAttempt("an empty password", name, user, ""),
        LoginAttempt("no password", name, user, None),
        LoginAttempt(f"no password for the database {_MAINTENANCE}", _MAINTENANCE, user, None),
        LoginAttempt("a role that does not exist", name, f"{user}_unknown", password),
        LoginAttempt("the superuser with this password", name, _SUPERUSER, password),
        *(
            LoginAttempt(f"the role {role} without a password", _MAINTENANCE, role, None)
            for role in others
        ),
        LoginAttempt("the superuser for replication", name, _SUPERUSER, None, replication=True),
    )
