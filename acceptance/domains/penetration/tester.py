"""Tries each attack on a vulnerable server first, then on the system."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from acceptance.domains.penetration.attacks import FAMILIES, require_known_routes
from acceptance.domains.penetration.drivers.fuzzing import fuzz
from acceptance.domains.penetration.drivers.raw_http import exchange
from acceptance.domains.penetration.drivers.vulnerable_server import address_of, vulnerable_server
from acceptance.domains.penetration.ingress_ports import ingress_ports
from acceptance.domains.traffic.actor import IngressActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from acceptance.domains.penetration.attacks import AttackFamily
    from acceptance.domains.penetration.drivers.fuzzing import FuzzFacts
    from acceptance.domains.penetration.drivers.payloads import HttpAttack
    from acceptance.domains.penetration.drivers.raw_http import Exchange
    from acceptance.drivers.sockets import Connect

_SERVER_ERROR = 500
_HARMLESS_REQUESTS = 4
"""Harmless requests after each attack: more than one, because servers keep several connections."""
_FOUND_FIRST = {
    "ST101": "a crash",
    "ST201": "accepted invalid data",
    "ST203": "a missing header that is accepted",
    "ST204": "an undeclared method",
}
"""What schemathesis has to find in a vulnerable service before its result counts."""


@dataclass(frozen=True)
class AttackTrial:
    """What one attack did to a vulnerable server, and to the system."""

    attack: HttpAttack
    vulnerable: Exchange
    proof: str
    """What shows that it succeeded there; empty if nothing does."""
    port: str = ""
    """Which port of the ingress was attacked."""
    system: Exchange | None = None
    harm: str = ""
    """The same of the system."""
    disturbed: str = ""
    """What went wrong with the harmless requests after it; empty if nothing did."""


@dataclass(frozen=True)
class AttackTrials:
    """Trials of all attacks of one kind."""

    kind: str
    trials: tuple[AttackTrial, ...]


@dataclass(frozen=True)
class FuzzResult:
    """What schemathesis found in a vulnerable service, and in the system's."""

    vulnerable: FuzzFacts
    system: FuzzFacts


class PenetrationTester(IngressActor):
    """Attacks the system as a penetration tester does, and looks for what succeeded."""

    def try_on_vulnerable_server(self, kind: str) -> AttackTrials:
        """Try all attacks of one kind on a vulnerable server.

        Raises `Unverifiable` if one does nothing even there: it would prove nothing about a
        defence.
        """
        require_known_routes(self.system.contract)
        family = FAMILIES[kind]
        attacks = family.attacks(self.system.host)
        with vulnerable_server() as alone:
            trials = [
                _tried(family, attack, alone, timeout=self._timeouts.request)
                for attack in attacks
                if not attack.pair
            ]
        for attack in attacks:
            if attack.pair:  # each a pair of its own: a deceived one stays so
                with vulnerable_server(attack.pair) as pair:
                    trials.append(_tried(family, attack, pair, timeout=self._timeouts.request))
        blunt = [trial.attack.name for trial in trials if not trial.proof]
        if blunt or not trials:
            message = (
                "These attacks do nothing even to a vulnerable server, so they prove nothing: "
                f"{listed(blunt) or 'there is none'}"
            )
            raise Unverifiable(message)
        return AttackTrials(kind, tuple(trials))

    def attack(self, known: AttackTrials) -> AttackTrials:
        """Send each attack to each port of the ingress, with harmless requests after each."""
        family = FAMILIES[known.kind]
        first = self._send_harmless_request()
        require(not first, f"The system does not serve visitors before any attack: {first}.")
        trials = []
        for port, connect in ingress_ports(self.system).items():
            for trial in known.trials:
                seen = exchange(connect, trial.attack.data, timeout=self._timeouts.request)
                found = [said for each in seen.responses if (said := family.harm(each))]
                after = [
                    said
                    for _ in range(_HARMLESS_REQUESTS)
                    if (said := self._send_harmless_request())
                ]
                trials.append(
                    replace(
                        trial,
                        port=port,
                        system=seen,
                        harm=found[0] if found else "",
                        disturbed=after[0] if after else "",
                    )
                )
        done = AttackTrials(known.kind, tuple(trials))
        self._keep(f"Attacks: {known.kind}", _table(done), "text")
        return done

    def assert_no_attack_succeeded(self, done: AttackTrials) -> None:
        """No attack succeeded, and the server answered each or closed the connection."""

        def fault(trial: AttackTrial) -> str | None:
            seen = trial.system
            if seen is None or seen.error:
                return f"{trial.attack.name}: could not be sent: {seen or 'not tried'}"
            if trial.harm:
                return f"{trial.attack.name}: attack succeeded, {trial.harm}, {trial.port}"
            if not seen.ended and not seen.responses:
                return f"{trial.attack.name}: no response after {seen.seconds:.0f} s, left open"
            return None

        require_each(done.trials, fault, nothing="Nothing was attacked.")

    def assert_no_visitor_disturbed(self, done: AttackTrials) -> None:
        """Every harmless request after an attack got its own response."""
        require_each(
            done.trials,
            lambda trial: f"{trial.attack.name}: {trial.disturbed}" if trial.disturbed else None,
            nothing="Nothing was attacked.",
        )

    def fuzz(self) -> FuzzResult:
        """Let schemathesis attack a vulnerable service, then the system's.

        Raises `Unverifiable` if the service has no OpenAPI document, or if schemathesis finds
        nothing in the vulnerable service.
        """
        document = self._api.openapi_document()
        no_answer = document.status is None or document.status >= _SERVER_ERROR
        require(not no_answer, f"The service does not answer to be attacked: {document}.")
        if not document.succeeded or not isinstance(document.json(), dict):
            message = f"The service has no OpenAPI document to be attacked by: {document}."
            raise Unverifiable(message)
        root, limit = self.system.sources, self._timeouts.scan
        with vulnerable_server() as connect:
            host, port = address_of(connect)
            weak = fuzz(root, document.text, f"http://{host}:{port}", briefly=True, timeout=limit)
        missed = sorted(set(_FOUND_FIRST) - {each.code for each in weak.weaknesses})
        if missed or not weak.leaks:
            what = listed([_FOUND_FIRST[code] for code in missed] or ["a stack trace"])
            raise Unverifiable(f"schemathesis does not find in a vulnerable service: {what}.")
        system = self.system
        try:
            found = fuzz(
                root,
                document.text,
                system.origin,
                resolve=(system.host, system.address),
                authority=system.authority if system.secure else "",
                timeout=limit,
            )
        except EnvironmentFailure as error:
            # It could attack the vulnerable service: either it failed, or the system is gone.
            after = self._api.openapi_document()
            if after.succeeded:
                raise
            message = f"The service does not survive the attack: {after}. {error.message}"
            raise AssertionError(message) from error
        self._keep("What schemathesis found in the system", pretty(asdict(found)))
        self._keep("What schemathesis found in a vulnerable service", pretty(asdict(weak)))
        return FuzzResult(weak, found)

    def assert_no_weakness(self, result: FuzzResult) -> None:
        """Every operation was attacked to the end, and no check failed."""
        found = result.system
        require(
            found.operations
            and found.cases
            and not found.untested
            and found.stopped == "completed",
            f"schemathesis sent {found.cases} requests to {found.operations} operations, "
            f"{found.untested} were left out, and it ended as {found.stopped}.",
        )
        require(not found.weaknesses, f"{listed([str(each) for each in found.weaknesses])}.")

    def assert_no_internals_leaked(self, result: FuzzResult) -> None:
        """No response leaked the program's internals."""
        leaks = result.system.leaks
        require(not leaks, f"Responses leak internals: {listed(leaks)}.")

    def _send_harmless_request(self) -> str:
        """Send a visitor's request; return what was wrong with the response."""
        chosen = f"harmless-{uuid.uuid4().hex}"
        reply = self._api.first_page(request_id=chosen)
        if not reply.succeeded:
            return f"a visitor was not served: {reply}"
        if (said := reply.header(self.system.contract.part("headers.request_id"))) != chosen:
            return f"a visitor got the response to another request: {said!r}, not {chosen!r}"
        return ""


def _tried(
    family: AttackFamily, attack: HttpAttack, connect: Connect, *, timeout: float
) -> AttackTrial:
    seen = exchange(connect, attack.data, timeout=timeout)
    found = [said for each in seen.responses if (said := family.harm(each))]
    return AttackTrial(attack, seen, found[0] if found else "")


def _table(done: AttackTrials) -> str:
    rows = [("attack", "port", "vulnerable server", "system", "visitors afterwards")]
    rows += [
        (
            trial.attack.name,
            trial.port,
            f"{trial.vulnerable}: {trial.proof}",
            f"{trial.system}" + (f": {trial.harm}" if trial.harm else ""),
            trial.disturbed or "served",
        )
        for trial in done.trials
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"
