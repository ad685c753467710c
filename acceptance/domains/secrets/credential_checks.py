"""What somebody knows who watches a rotation: what the values open, before it and afterwards."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers import database
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import AcceptanceError, BrokenInput
from acceptance.judgement import Unverifiable, require, require_each
from acceptance.readiness.redaction import MASK
from acceptance.settings import load_settings
from operations.rotation import rotate
from operations.rotation.audit import REASON, whoami
from operations.rotation.state import LAST, PHASES, USER, held
from operations.rotation.target import find_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.actor import ActorContext
    from acceptance.drivers.database import Login
    from acceptance.drivers.http import Reply
    from operations.rotation.state import Held
    from operations.rotation.target import Target

_FIRST_PAGE = "/api/checkouts?limit=1"
_REFUSED = 422
_SESSIONS = (
    "SELECT DISTINCT host(client_addr) || ' ' || usename FROM pg_stat_activity "
    "WHERE backend_type = 'client backend' AND client_addr IS NOT NULL"
)


class Told(Protocol):
    """What a rotation wrote."""

    @property
    def lines(self) -> tuple[dict[str, Any], ...]:
        """The lines of the audit."""

    @property
    def said(self) -> str:
        """Everything."""


@dataclass(frozen=True)
class Former:
    """What was valid before the rotation, and was seen to be."""

    user: str
    password: str = field(repr=False)
    signed: str
    """What a pod handed out, signed by the key of that time."""
    values: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Answers:
    """What the database and each pod of the backend say to old and new."""

    old_login: Login
    new_login: Login
    old_signed: tuple[tuple[str, Reply], ...]
    new_signed: tuple[tuple[str, Reply], ...]


class CredentialChecker(ClusterActor):
    """Somebody who may read the secrets, and tries what they open."""

    def __init__(self, context: ActorContext) -> None:
        """Know no secret yet."""
        super().__init__(context)
        self._root = context.settings.root
        self._tell_secrets = context.tell_secrets
        self._values: dict[str, None] = {}

    def remember(self) -> Former:
        """Try what is valid now, and remember it.

        Raises `Unverifiable` for a system that is not made to have its secrets rotated.
        """
        now = self._learn()
        signed = self._signed()
        former = Former(
            now.values[USER], now.values["DATABASE_PASSWORD"], signed, tuple(self._values)
        )
        login = self._log_in(former.user, former.password)
        require(login.accepted, f"The password is not accepted before the rotation: {login.said}.")
        answers = self._ask_pods(signed)
        told = {"login": asdict(login), "signed": [(pod, str(reply)) for pod, reply in answers]}
        self._keep("What is valid before the rotation", pretty(told))
        require_each(
            answers,
            lambda each: (
                None if each[1].succeeded else f"{each[0]} does not know its own: {each[1]}"
            ),
            nothing="No pod of the backend is ready.",
        )
        return former

    def judge_used(self, former: Former) -> None:
        """Every pod works with the new role, and with no other."""
        user = self._learn().values[USER]
        pods = [pod for pod in self._pods(self.system.workloads.backend) if not pod.deleting]
        self._ask_pods("")  # so that each has a connection, if it can have one
        found = self._sql(_SESSIONS)
        sessions = [tuple(line.split()) for line in found]
        self._keep("Who is logged in to the database", pretty(found))
        require(user != former.user, f"Pods are to log in as {user}, as before the rotation.")

        def fault(address: str, name: str) -> str | None:
            roles = sorted({role for host, role in sessions if host == address})
            if roles == [user]:
                return None
            return f"{name} uses {', '.join(roles) or 'no role'}, and not {user}"

        require_each(
            pods, lambda pod: fault(pod.address, pod.name), nothing="The backend has no pod."
        )

    def judge_dead(self, former: Former) -> None:
        """The old values open nothing, and the new ones do."""
        now = self._learn()
        answers = Answers(
            self._log_in(former.user, former.password),
            self._log_in(now.values[USER], now.values["DATABASE_PASSWORD"]),
            self._ask_pods(former.signed),
            self._ask_pods(self._signed()),
        )
        self._keep("What old and new values open", pretty(_told(answers)))
        require(answers.new_login.accepted, f"The new password: {answers.new_login.said}.")
        require(
            not answers.old_login.accepted,
            f"The database still accepts the old password of {former.user}.",
        )
        require(
            answers.old_login.refused,
            f"Whether the old password is refused is not known: {answers.old_login.said}.",
        )
        require_each(
            answers.new_signed,
            lambda each: None if each[1].succeeded else f"{each[0]} refuses the new key: {each[1]}",
            nothing="No pod of the backend is ready.",
        )
        require_each(
            answers.old_signed,
            lambda each: (
                None
                if each[1].status == _REFUSED
                else f"{each[0]} still accepts what the old key signed: {each[1]}"
            ),
            nothing="No pod of the backend is ready.",
        )

    def judge_audit(self, former: Former, told: Told) -> None:
        """Each step says who, what and when, here and in the cluster, and nowhere is a value."""
        self._learn()
        target, who = self._target(), whoami(self._cluster)
        events = [
            event["message"]
            for event in self._cluster.events(target.namespace)
            if event.get("reason") == REASON
        ]
        secret = self._secret(target)
        last = (secret["metadata"].get("annotations") or {}).get(LAST, "")
        self._keep("The audit in the cluster", pretty({"events": events, "last rotation": last}))
        leaked = self._holding(told.said, *events, last)
        require(not leaked, f"The rotation tells {leaked} secret values.")
        require(
            set(former.values) < set(self._values),
            "No new value is known, so it is not known whether one was told.",
        )
        require_each(
            told.lines,
            lambda line: (
                None
                if line.get("who") == who and line.get("time") and line.get("keys")
                else f"A line says not who, what and when: {line}"
            ),
            nothing="The rotation has told nothing.",
        )
        steps = {line["event"] for line in told.lines}
        missing = {PHASES[0], PHASES[-1], "finished"} - steps
        require(not missing, f"The rotation has not told of: {', '.join(sorted(missing))}.")
        ended = told.lines[-1]["rotation"]
        require(
            any(f'"{ended}"' in event and '"finished"' in event for event in events),
            f"The cluster has no event of the end of the rotation {ended}.",
        )
        require(f'"{ended}"' in last and who in last, f"The Secret does not say who: {last!r}.")

    def _learn(self) -> Held:
        """Read the Secret, and let its values be redacted from now on."""
        target = self._target()
        found = held(self._secret(target), target.user)
        values = [value for key, value in found.values.items() if key != USER]
        self._values |= dict.fromkeys(values)
        self._tell_secrets(values)
        return found

    def _hidden(self, text: str) -> str:
        for form in self._forms():
            text = text.replace(form, MASK)
        return text

    def _holding(self, *texts: str) -> int:
        return sum(any(form in text for text in texts) for form in self._forms())

    def _forms(self) -> list[str]:
        plain = list(self._values)
        return [*plain, *(base64.b64encode(value.encode()).decode() for value in plain)]

    def _target(self) -> Target:
        try:
            return find_target(self._cluster, self.system.namespace, self.system.workloads)
        except BrokenInput as error:
            raise Unverifiable(error.message) from error

    def _secret(self, target: Target) -> Any:  # noqa: ANN401 (as the API sends it)
        path = f"/api/v1/namespaces/{target.namespace}/secrets/{target.secret}"
        found = self._cluster.read(path)
        require(found, f"There is no Secret {target.secret}.")
        return found

    def _signed(self) -> str:
        """Return something that a pod has just signed."""
        answers = self._ask_pods("")
        require(answers, "No pod of the backend is ready.")
        body = answers[0][1].json()
        signed = body.get("next") if isinstance(body, dict) else None
        require(signed, f"The backend hands nothing out that it has signed: {answers[0][1]}.")
        return str(signed)

    def _ask_pods(self, signed: str) -> tuple[tuple[str, Reply], ...]:
        """Show each pod what was signed, or nothing, and return what it answers."""
        namespace, backend = self.system.namespace, self.system.workloads.backend
        port = self._cluster.container_port(namespace, backend)
        path = f"{_FIRST_PAGE}&after={signed}" if signed else _FIRST_PAGE
        return tuple(
            (name, self._cluster.ask_pod(namespace, name, port, path))
            for name in self.serving(backend)
        )

    def _log_in(self, user: str, password: str) -> Login:
        with self._forwarded() as port:
            return database.log_in(
                port,
                name=self._target().database_name,
                user=user,
                password=password,
                timeout=self._timeouts.query,
            )

    @contextmanager
    def _forwarded(self) -> Iterator[int]:
        system, limit = self.system, self._timeouts.query
        workload = system.workloads.database
        pods = self.serving(workload)
        require(pods, "There is no ready database pod to log in to.")
        port = self._cluster.container_port(system.namespace, workload)
        where = (Path(system.kubeconfig), system.context, system.namespace, pods[0], port)
        with database.forwarded(*where, timeout=limit) as local:
            yield local

    def _sql(self, statement: str) -> tuple[str, ...]:
        pods = [pod for pod in self._pods(self.system.workloads.database) if pod.serving]
        require(pods, "The database has no pod that serves.")
        return database.execute_sql(
            Path(self.system.kubeconfig),
            self.system.context,
            self.system.namespace,
            pods[0].name,
            statement,
            container=next(each.name for each in pods[0].containers if not each.init),
            timeout=self._timeouts.execute,
        )

    def _finish(self) -> None:
        """End a rotation that a scenario has left half-way."""
        target = self._target()
        if held(self._secret(target), target.user).rotation is None:
            return
        system = self.system
        try:
            rotate(
                load_settings(self._root),
                Path(system.kubeconfig),
                system.context,
                system.namespace,
                overlap=0,
                say=lambda _: None,
            )
        except AcceptanceError as error:
            self._keep("Why the rotation stays half-way", error.message, "text")
        self._learn()


def _told(answers: Answers) -> dict[str, object]:
    return {
        "old password": asdict(answers.old_login),
        "new password": asdict(answers.new_login),
        "signed by the old key": [(pod, str(reply)) for pod, reply in answers.old_signed],
        "signed by the new key": [(pod, str(reply)) for pod, reply in answers.new_signed],
    }
