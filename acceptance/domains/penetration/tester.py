"""The penetration tester: tries each attack where nothing forbids it, then on the system."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.penetration.attacks import API, FAMILIES
from acceptance.domains.penetration.drivers.fuzzing import fuzz
from acceptance.domains.penetration.drivers.raw_http import exchange
from acceptance.domains.penetration.drivers.vulnerable_server import undefended
from acceptance.domains.traffic.ingress_client import reach, ways_in
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from acceptance.domains.penetration.attacks import Attack, Family
    from acceptance.domains.penetration.drivers.fuzzing import FuzzFacts
    from acceptance.domains.penetration.drivers.raw_http import Exchange
    from acceptance.drivers.sockets import Connect

_INNOCENTS = 4
"""Visitors after each attack: more than one, because servers keep several connections."""
_DOCUMENT = "/api/openapi.json"
_SHOWN_FIRST = {
    "ST101": "a crash",
    "ST201": "wrong data that is accepted",
    "ST203": "a missing header that is not missed",
    "ST204": "a method that nobody declared",
}
"""What schemathesis has to find in a service without any defence before it is believed."""


@dataclass(frozen=True)
class Trial:
    """What one attack did: to a server without any defence, and to the system."""

    attack: Attack
    undefended: Exchange
    proof: str
    """What shows that it got through there; empty if nothing does."""
    door: str = ""
    """By which of its doors the system was attacked."""
    system: Exchange | None = None
    harm: str = ""
    """The same of the system."""
    disturbed: str = ""
    """What went wrong for the innocent visitors who came next; empty if nothing did."""


@dataclass(frozen=True)
class Rehearsal:
    """Attacks of one kind that were tried where nothing forbids them."""

    way: str
    trials: tuple[Trial, ...]


@dataclass(frozen=True)
class Fuzzed:
    """What schemathesis found in a service without any defence, and in the system's."""

    undefended: FuzzFacts
    system: FuzzFacts


class PenetrationTester(Actor):
    """Somebody who is paid to break in, into this system and no other."""

    def __init__(self, context: ActorContext) -> None:
        """Come to the system as everybody does."""
        super().__init__(context)
        self._http = reach(self.system, timeout=self._timeouts.request)
        self._undo.callback(self._http.close)

    def rehearse(self, way: str) -> Rehearsal:
        """Try all attacks of one kind on a server without any defence.

        Raises `Unverifiable` if one does nothing even there: what was never sent as it was meant
        proves nothing about a defence.
        """
        family = FAMILIES[way]
        rows = family.rows(self.system.host)
        with undefended() as alone:
            trials = [
                _tried(family, attack, alone, timeout=self._timeouts.request)
                for attack in rows
                if not attack.pair
            ]
        for attack in rows:
            if attack.pair:  # each a pair of its own: a fooled one stays fooled
                with undefended(attack.pair) as pair:
                    trials.append(_tried(family, attack, pair, timeout=self._timeouts.request))
        blunt = [trial.attack.name for trial in trials if not trial.proof]
        if blunt or not trials:
            message = (
                f"These attacks do nothing even to a server without any defence, so they prove "
                f"nothing: {listed(blunt) or 'there is none'}"
            )
            raise Unverifiable(message)
        return Rehearsal(way, tuple(trials))

    def attack(self, rehearsal: Rehearsal) -> Rehearsal:
        """Send each attack to each door of the system; innocent visitors come after each."""
        family = FAMILIES[rehearsal.way]
        first = self._visit()
        require(not first, f"The system does not serve visitors before any attack: {first}.")
        trials = []
        for door, connect in ways_in(self.system).items():
            for trial in rehearsal.trials:
                seen = exchange(connect, trial.attack.data, timeout=self._timeouts.request)
                found = [said for each in seen.answers if (said := family.shown(each))]
                visits = [said for _ in range(_INNOCENTS) if (said := self._visit())]
                trials.append(
                    replace(
                        trial,
                        door=door,
                        system=seen,
                        harm=found[0] if found else "",
                        disturbed=visits[0] if visits else "",
                    )
                )
        done = Rehearsal(rehearsal.way, tuple(trials))
        self._keep(f"Attacks by {rehearsal.way}", _table(done), "text")
        return done

    def judge_repelled(self, done: Rehearsal) -> None:
        """No attack got through, and the server had an answer to each or cut it."""

        def fault(trial: Trial) -> str | None:
            seen = trial.system
            if seen is None or seen.error:
                return f"{trial.attack.name}: it could not be sent: {seen or 'not tried'}"
            if trial.harm:
                return f"{trial.attack.name}: it got through, {trial.harm}, {trial.door}"
            if not seen.ended and not seen.answers:
                return f"{trial.attack.name}: no answer after {seen.seconds:.0f} s, and not cut"
            return None

        require_each(done.trials, fault, nothing="Nothing was attacked.")

    def judge_unharmed(self, done: Rehearsal) -> None:
        """Every visitor who came after an attack was given the answer to their own request."""
        require_each(
            done.trials,
            lambda trial: f"{trial.attack.name}: {trial.disturbed}" if trial.disturbed else None,
            nothing="Nothing was attacked.",
        )

    def fuzz(self) -> Fuzzed:
        """Let schemathesis attack a service without any defence, then the system's.

        Raises `Unverifiable` if the service describes itself nowhere, or if schemathesis finds
        nothing where there is no defence.
        """
        described = self._http.send("GET", _DOCUMENT)
        if not described.succeeded or not isinstance(described.json(), dict):
            message = f"The service has no OpenAPI document to be attacked by: {described}."
            raise Unverifiable(message)
        root, limit = Path(self.system.repository), self._timeouts.scan
        with undefended() as connect:
            host, port = _where(connect)
            naive = fuzz(root, described.text, f"http://{host}:{port}", briefly=True, timeout=limit)
        missed = sorted(set(_SHOWN_FIRST) - {each.code for each in naive.weaknesses})
        if missed or not naive.leaks:
            what = listed([_SHOWN_FIRST[code] for code in missed] or ["a trace of the program"])
            raise Unverifiable(f"schemathesis sees nothing where there is no defence: not {what}.")
        system = self.system
        found = fuzz(
            root,
            described.text,
            system.origin,
            resolve=(system.host, system.address),
            authority=system.authority if system.secure else "",
            timeout=limit,
        )
        self._keep("What schemathesis found in the system", pretty(asdict(found)))
        self._keep("What it finds where nothing is defended", pretty(asdict(naive)))
        return Fuzzed(naive, found)

    def judge_sound(self, fuzzed: Fuzzed) -> None:
        """Every operation was attacked to the end, and no check complained."""
        found = fuzzed.system
        require(
            found.operations
            and found.cases
            and not found.untested
            and found.stopped == "completed",
            f"schemathesis sent {found.cases} requests to {found.operations} operations, "
            f"{found.untested} were left out, and it ended as {found.stopped}.",
        )
        require(not found.weaknesses, f"{listed([str(each) for each in found.weaknesses])}.")

    def judge_discreet(self, fuzzed: Fuzzed) -> None:
        """No answer showed the inside of the program."""
        leaks = fuzzed.system.leaks
        require(not leaks, f"Answers show the inside of the program: {listed(leaks)}.")

    def _visit(self) -> str:
        """Come as an innocent visitor; return what was wrong with the answer."""
        chosen = f"innocent-{uuid.uuid4().hex}"
        reply = self._http.send("GET", f"{API}?limit=1", headers={"X-Request-Id": chosen})
        if not reply.succeeded:
            return f"a visitor was not served: {reply}"
        if (said := reply.header("x-request-id")) != chosen:
            return f"a visitor was given the answer to another request: {said!r}, not {chosen!r}"
        return ""


def _tried(family: Family, attack: Attack, connect: Connect, *, timeout: float) -> Trial:
    seen = exchange(connect, attack.data, timeout=timeout)
    found = [said for each in seen.answers if (said := family.shown(each))]
    return Trial(attack, seen, found[0] if found else "")


def _where(connect: Connect) -> tuple[str, int]:
    with connect(1.0) as connection:
        host, port = connection.getpeername()[:2]
        return str(host), int(port)


def _table(done: Rehearsal) -> str:
    rows = [("attack", "door", "where nothing is defended", "the system", "visitors afterwards")]
    rows += [
        (
            trial.attack.name,
            trial.door,
            f"{trial.undefended}: {trial.proof}",
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
