"""Checks which credentials are accepted before and after a rotation of the secrets."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from acceptance.domains.secrets.drivers.database_pod import DatabasePod, find_database_pod
from acceptance.domains.secrets.drivers.signed_cursors import REFUSED, ask_for_page, next_cursor
from acceptance.domains.secrets.secret_values import SecretValueTracker
from acceptance.drivers import database
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require, require_each

if TYPE_CHECKING:
    from acceptance.drivers.database import Login
    from acceptance.drivers.http import Reply

_NO_POD = "No pod of the backend is ready."


@dataclass(frozen=True)
class OldSecrets:
    """What was valid before the rotation, and was accepted then."""

    user: str
    password: str = field(repr=False)
    cursor: str
    """A cursor of the list that a pod has signed with the key of that time."""
    values: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class CredentialAnswers:
    """How the database and each pod of the backend answer to the old and the new secrets."""

    old_login: Login
    new_login: Login
    old_cursor: tuple[tuple[str, Reply], ...]
    """(pod, its answer)."""
    new_cursor: tuple[tuple[str, Reply], ...]


class CredentialChecker(SecretValueTracker):
    """Tries passwords on the database, and signed cursors on each pod of the backend."""

    def try_old_secrets(self) -> OldSecrets:
        """Check that the secrets of before the rotation are accepted, and remember them.

        Raises `Unverifiable` for a system that does not support rotation.
        """
        secret = self._read_secret()
        cursor = self._signed_cursor()
        old = OldSecrets(secret.user, secret.password, cursor, tuple(self._values))
        login = self._log_in(old.user, old.password)
        require(login.accepted, f"The password is not accepted before the rotation: {login.said}.")
        answers = self._ask_pods(cursor)
        kept = {"login": asdict(login), "cursor": _shown(answers)}
        self._keep("Secrets accepted before the rotation", pretty(kept))
        require_each(
            answers,
            lambda each: (
                None
                if each[1].succeeded
                else f"{each[0]} refuses a cursor before the rotation: {each[1]}"
            ),
            nothing=_NO_POD,
        )
        return old

    def assert_new_role_in_use(self, old: OldSecrets) -> None:
        """Every pod of the backend is logged in to the database as the new role only."""
        user = self._read_secret().user
        pods = [pod for pod in self._pods(self.system.workloads.backend) if not pod.deleting]
        self._ask_pods()  # so that each has a connection, if it can have one
        sessions = self._database_pod().sessions()
        self._keep("Database sessions", pretty([asdict(session) for session in sessions]))
        require(user != old.user, f"The Secret still names the role {user} of before the rotation.")

        def fault(address: str, name: str) -> str | None:
            roles = sorted({each.role for each in sessions if each.address == address})
            if roles == [user]:
                return None
            return f"{name} is logged in as {', '.join(roles) or 'no role'} instead of {user}"

        require_each(
            pods, lambda pod: fault(pod.address, pod.name), nothing="The backend has no pod."
        )

    def assert_old_secrets_refused(self, old: OldSecrets) -> None:
        """The database and every pod refuse the old secrets, and accept the new ones."""
        new = self._read_secret()
        answers = CredentialAnswers(
            self._log_in(old.user, old.password),
            self._log_in(new.user, new.password),
            self._ask_pods(old.cursor),
            self._ask_pods(self._signed_cursor()),
        )
        kept = {
            "old password": asdict(answers.old_login),
            "new password": asdict(answers.new_login),
            "signed by the old key": _shown(answers.old_cursor),
            "signed by the new key": _shown(answers.new_cursor),
        }
        self._keep("Answers to the old and the new secrets", pretty(kept))
        require(
            answers.new_login.accepted,
            f"The database does not accept the new password: {answers.new_login.said}.",
        )
        require(
            not answers.old_login.accepted,
            f"The database still accepts the old password of {old.user}.",
        )
        require(
            answers.old_login.refused,
            "It is not known whether the database refuses the old password: "
            f"{answers.old_login.said}.",
        )
        require_each(
            answers.new_cursor,
            lambda each: (
                None
                if each[1].succeeded
                else f"{each[0]} refuses what the new key has signed: {each[1]}"
            ),
            nothing=_NO_POD,
        )
        require_each(
            answers.old_cursor,
            lambda each: (
                None
                if each[1].status == REFUSED
                else f"{each[0]} still accepts what the old key has signed: {each[1]}"
            ),
            nothing=_NO_POD,
        )

    def _signed_cursor(self) -> str:
        """Return a cursor that a pod has just signed."""
        answers = self._ask_pods()
        require(answers, _NO_POD)
        found = next_cursor(answers[0][1])
        require(found, f"The backend returned no signed cursor: {answers[0][1]}.")
        return found

    def _ask_pods(self, cursor: str = "") -> tuple[tuple[str, Reply], ...]:
        pods = self.serving(self.system.workloads.backend)
        return ask_for_page(self._cluster, self.system, pods, cursor)

    def _log_in(self, user: str, password: str) -> Login:
        with self._database_pod().forwarded() as port:
            return database.log_in(
                port,
                name=self._backend().database,
                user=user,
                password=password,
                timeout=self._timeouts.query,
            )

    def _database_pod(self) -> DatabasePod:
        found = find_database_pod(self._cluster, self.system, self._timeouts)
        require(found, "The database has no ready pod.")
        assert found is not None
        return found


def _shown(answers: tuple[tuple[str, Reply], ...]) -> list[tuple[str, str]]:
    return [(pod, str(reply)) for pod, reply in answers]
