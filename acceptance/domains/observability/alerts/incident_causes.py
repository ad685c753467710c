"""Causes of further alerts: bad releases, programs that are away, and accounts that misbehave."""

from __future__ import annotations

import threading
import uuid
from contextlib import closing
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.alerts.account_creator import AccountCreator
from acceptance.domains.observability.alerts.causes import AlertCauses
from acceptance.domains.observability.drivers import log_store, prometheus
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.reading import main_container

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.observability.alerts.cause import Cause

_CRASH = ["python", "-c", "import sys, time; time.sleep(5); sys.exit(3)"]
"""It runs long enough to be seen by Prometheus before it ends."""
_WRONG_TABLE = """
import os, sys
from checkout_backend.__main__ import main
from checkout_backend.postgres import PostgresSession
execute = PostgresSession._execute
PostgresSession._execute = lambda self, query, values: execute(
    self, query.replace(" checkouts", " orders"), values
)
sys.exit(main(os.environ))
"""
"""It asks for a table that does not exist; the readiness probe asks for none."""
_PAUSE_SECONDS = 0.2
_MOST_REQUESTS = 1500
"""Of a misbehaving account; it stops by itself then."""


class IncidentCauses(AlertCauses, AccountCreator):
    """Knows the causes of its base class, and these."""

    def _causes(self) -> dict[str, Callable[[Cause, str], None]]:
        return {
            **super()._causes(),
            "a backend pod hangs": self._add_mute_pod,
            "a release of the backend crashes": self._release_crash,
            "a release of the backend answers with errors": self._release_errors,
            "the log store does not run": self._stop_log_store,
            "Prometheus does not run": self._stop_prometheus,
            "an account is refused again and again": self._be_refused,
            "an account reads a Secret again and again": self._read_secret,
        }

    def _release_crash(self, made: Cause, _: str) -> None:
        made.labels = {"container": self._release(made, {"command": _CRASH, "args": []})}

    def _release_errors(self, made: Cause, _: str) -> None:
        self._release(made, {"command": ["python", "-c", _WRONG_TABLE], "args": []})
        self.serving_when_full(self.system.workloads.backend)

    def _release(self, made: Cause, changes: dict[str, Any]) -> str:
        """Change the backend as a release would; return the name of the changed container."""
        name = self.system.workloads.backend
        path = api_path("deployments", self.system.namespace, name)
        before, own = self._containers(name)
        made.cure.callback(self.serving_when_full, name)
        made.cure.callback(self._cluster.patch, path, _with_containers(before))
        changed = [{**each, **changes} if each["name"] == own else each for each in before]
        self._cluster.patch(path, _with_containers(changed))
        return own

    def _containers(self, name: str) -> tuple[list[dict[str, Any]], str]:
        """Return the containers of a Deployment, and the name of the one that does its work."""
        found = self._cluster.read(api_path("deployments", self.system.namespace, name))
        if found is None:
            raise AssertionError(f"There is no Deployment {name} that could be released anew.")
        template = found["spec"]["template"]
        own = main_container({"metadata": {}, **template}, name) or {}
        return list(template["spec"]["containers"]), str(own.get("name", ""))

    def _stop_log_store(self, made: Cause, _: str) -> None:
        self._stop_program(log_store.PROGRAMS, made.cure)

    def _stop_prometheus(self, made: Cause, _: str) -> None:
        self._stop_program(prometheus.PROGRAMS, made.cure)

    def _be_refused(self, made: Cause, namespace: str) -> None:
        """Have an account ask for what it may not, until its token is no longer valid."""
        name = f"intruder-{uuid.uuid4().hex[:6]}"
        made.labels = {"user": f"system:serviceaccount:{namespace}:{name}"}
        made.variables |= {"NAMESPACE": namespace, "ACCOUNT": name}
        made.given_up = {f"serviceaccounts {namespace}/{name}"}
        token = self.create_account(namespace, name)
        self._repeat(made, token, api_path("pods", namespace), lambda status: status != _UNKNOWN)

    def _read_secret(self, made: Cause, namespace: str) -> None:
        """Have an account read a Secret, until it may no longer."""
        mark = uuid.uuid4().hex[:6]
        name, secret = f"reader-{mark}", f"acceptance-bait-{mark}"
        self.create_secret(namespace, secret, name)
        made.labels = {"user": f"system:serviceaccount:{namespace}:{name}", "name": secret}
        made.variables |= {"NAMESPACE": namespace, "BINDING": secret}
        made.given_up = {f"rolebindings {namespace}/{secret}"}
        # Somebody else's right, which no cure may take away.
        self.create_secret(namespace, f"acceptance-other-{mark}", "somebody-else")
        token = self.create_account(namespace, name)
        path = api_path("secrets", namespace, secret)
        self._repeat(made, token, path, _ReadUntilRefused())

    def _repeat(
        self, made: Cause, token: str, path: str, goes_on: Callable[[int | None], bool]
    ) -> None:
        """Send a request again and again in the background, while its answers say so."""
        ended = threading.Event()

        def ask() -> None:
            with closing(self._cluster.with_token(token)) as client:
                for _ in range(_MOST_REQUESTS):
                    if ended.wait(_PAUSE_SECONDS) or not goes_on(client.ask(path).status):
                        return

        thread = threading.Thread(target=ask, daemon=True)
        made.cure.callback(thread.join, self._timeouts.request)
        made.cure.callback(ended.set)
        thread.start()


_UNKNOWN, _FORBIDDEN = 401, 403


class _ReadUntilRefused:
    """Goes on until a right that was there is taken away; a new right may take a moment."""

    def __init__(self) -> None:
        self._read = False

    def __call__(self, status: int | None) -> bool:
        self._read = self._read or status != _FORBIDDEN
        return not (self._read and status == _FORBIDDEN)


def _with_containers(containers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": containers}}}}
