"""The compliance officer: holds the running cluster against published lists of controls."""

from __future__ import annotations

import base64
import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.compliance.assessment import Assessment, Result, as_data, as_markdown
from acceptance.domains.compliance.drivers import secret_store
from acceptance.domains.compliance.drivers.node_shell import Unseen
from acceptance.domains.compliance.drivers.snapshot import Look, nothing_seen
from acceptance.domains.compliance.finding import Finding
from acceptance.domains.compliance.table import CHECKS, read_frameworks
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.judgement import Unverifiable, require
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from acceptance.domains.compliance.drivers.secret_store import Stored
    from acceptance.domains.compliance.table import Control


@dataclass(frozen=True)
class Planted:
    """A Secret that was written through the API, and all Secrets as the store has them."""

    name: str
    value: str
    stored: tuple[Stored, ...]


@dataclass(frozen=True)
class Recorded:
    """What the audit log says about one Secret, and the value that it must not say."""

    name: str
    value: str
    events: tuple[dict[str, object], ...]
    lines: str


class ComplianceOfficer(Actor):
    """Somebody who believes no setting that the running cluster does not show."""

    def __init__(self, context: ActorContext) -> None:
        """Look at the cluster; nothing was made to look yet."""
        super().__init__(context)
        self._tell_secrets = context.tell_secrets
        self._look = Look(self.system, self._cluster, timeout=self._timeouts.execute)
        self._undo.callback(self._look.close)

    def hold(self, name: str) -> Assessment:
        """Check every control of the framework `name` on the running cluster.

        Raises `BrokenInput` if the table has no such framework.
        """
        frameworks = {each.name: each for each in read_frameworks(Path(self.system.repository))}
        if name not in frameworks:
            raise BrokenInput(f"The table has no {name}. It has: {', '.join(frameworks)}.")
        found = Assessment(
            frameworks[name],
            tuple(Result(each, self._check(each)) for each in frameworks[name].controls),
        )
        self._keep(f"Controls of {name}", as_markdown(found, self.system), "text")
        self._keep(f"Controls of {name}, for programs", pretty(as_data(found)))
        return found

    def judge_met(self, found: Assessment) -> None:
        """No control that applies is unmet."""
        unmet = found.having("unmet")
        said = f"{len(unmet)} of {len(found.results)} controls of the {found.framework.name}"
        require(not unmet, f"{said} are unmet: {'; '.join(unmet)}.")

    def judge_seen(self, found: Assessment) -> None:
        """Every control that applies could be looked at, and some apply; else `Unverifiable`."""
        unseen = found.having("unverified")
        if unseen or not found.having("met"):
            said = f"{len(unseen)} of {len(found.results)} controls of the {found.framework.name}"
            why = "; ".join(found.unseen()) or "none applies"
            message = f"{said} could not be looked at ({why})."
            raise Unverifiable(message)

    def read_store(self) -> Planted:
        """Write a Secret through the API, and read all of them where they are kept.

        Raises `Unverifiable` where nobody can look into the store.
        """
        name, value = self._plant()
        try:
            stored = secret_store.secrets_in_store(self._look.node)
        except Unseen as error:
            raise Unverifiable(f"Nobody can look into the store: {error}.") from error
        shown = [{"key": s.key, "bytes": len(s.value), "encrypted by": s.provider} for s in stored]
        self._keep("Secrets as the store has them", pretty(shown))
        return Planted(name, value, stored)

    def judge_unreadable(self, found: Planted) -> None:
        """Every Secret of the store is encrypted, the one that was just written among them."""
        key = f"{secret_store.SECRETS}{self.system.namespace}/{found.name}"
        own = [each for each in found.stored if each.key == key]
        require(own, f"The store has no {key}, which was just written. Is this the right store?")
        clear = [each.key for each in found.stored if not each.encrypted]
        require(
            not clear,
            f"{len(clear)} of {len(found.stored)} Secrets lie in the store in clear text: "
            f"{'; '.join(clear)}. Try: --encryption-provider-config of the API server.",
        )
        value = found.value.encode()
        require(
            not any(each in own[0].value for each in (value, base64.b64encode(value))),
            f"The store has the value of {key} beside its encryption.",
        )

    def read_secret(self) -> Recorded:
        """Write and read a Secret, and wait until the record has said so.

        Raises `Unverifiable` where nobody can look into the record.
        """
        name, value = self._plant()
        path = f"/api/v1/namespaces/{self.system.namespace}/secrets/{name}"
        reply = self._cluster.send("GET", path)
        if not reply.succeeded:
            raise EnvironmentFailure(f"The Secret {name} was written and cannot be read: {reply}.")
        try:
            logs = [each.get("audit-log-path") for each in self._look.node.named("kube-apiserver")]
            lines = "\n".join(self._lines(str(path), name) for path in logs if path)
        except Unseen as error:
            raise Unverifiable(f"Nobody can look into the record: {error}.") from error
        # The last line may not be written to its end yet.
        whole = [line for line in lines.splitlines() if line.startswith("{") and line[-1] == "}"]
        events = tuple(json.loads(line) for line in whole)
        self._keep("What the record says about one Secret", pretty(events))
        return Recorded(name, value, events, lines)

    def judge_recorded(self, found: Recorded) -> None:
        """The record says who read the Secret, and when."""
        read = [each for each in found.events if each.get("verb") == "get"]
        require(
            read,
            f"The Secret {found.name} was read and the record does not say so: it has "
            f"{len(found.events)} lines about it. Try: --audit-policy-file of the API server.",
        )
        for each in read:
            user = each.get("user")
            require(
                isinstance(user, dict) and user.get("username") and each.get("stageTimestamp"),
                f"The record does not say who read {found.name}, or when: {each}",
            )

    def judge_discreet(self, found: Recorded) -> None:
        """The record does not hold what was in the Secret."""
        encoded = base64.b64encode(found.value.encode()).decode()
        told = [each for each in (found.value, encoded) if each in found.lines]
        require(not told, f"The record holds the value of {found.name}. Try: the level Metadata.")

    def _check(self, control: Control) -> Finding:
        if reason := control.inapplicable(self.system.driver):
            return Finding("not applicable", reason)
        if not control.check:
            return Finding("unverified", "nobody can look at it on this cluster")
        try:
            return CHECKS[control.check](self._look, control.arguments)
        except Exception as error:
            if (why := nothing_seen(error)) is None:
                raise
            return Finding("unverified", why)

    def _plant(self) -> tuple[str, str]:
        name, value = f"compliance-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
        self._tell_secrets([value])
        collection = f"/api/v1/namespaces/{self.system.namespace}/secrets"
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
        self._undo.callback(self._forget, f"{collection}/{name}")
        self._cluster.create(collection, {**body, "stringData": {"value": value}})
        return name, value

    def _forget(self, path: str) -> None:
        with suppress(Refused):
            self._cluster.delete(path)

    def _lines(self, path: str, name: str) -> str:
        """Return the lines of the audit log about one Secret; none if they do not come in time."""

        def look() -> str:
            # grep says 1 for nothing found, which is an answer.
            return self._look.node.run(
                "sh", "-c", 'grep -aF "$1" "$2" || test $? = 1', "sh", name, path
            )

        with suppress(AssertionError):
            return eventually(
                look,
                lambda text: '"verb":"get"' in text,
                timeout=self._timeouts.api,
                what="the record of a read Secret",
            )
        return look()
