"""The visitor who looks at the lock: at certificate, protocols, redirect and headers."""

from __future__ import annotations

import re
import uuid
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from acceptance.actor import Actor
from acceptance.domains.tls.drivers.protocols import PROTOCOLS, lenient_server, try_protocols
from acceptance.domains.traffic.ingress_client import reach, reach_plain
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.tls import probe_tls
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from acceptance.domains.tls.drivers.protocols import Accepted
    from acceptance.drivers.http import Reply
    from acceptance.drivers.tls import Handshake

_OLD = ("TLS 1.0", "TLS 1.1")
_MODERN = "TLS 1.3"
_WEAK = {
    "without encryption": re.compile(r"_NULL_"),
    "without a certificate": re.compile(r"_anon_", re.IGNORECASE),
    "without forward secrecy": re.compile(r"^TLS_RSA_"),
    "with encryption that is not authenticated": re.compile(r"_CBC_"),
}
"""What a lax server can be talked into, by the names of the suites: each kind is tried there."""
_STRONG = re.compile(r"^TLS_(ECDHE_\w+_WITH_)?(AES_(128|256)_GCM|CHACHA20_POLY1305)_SHA(256|384)$")
"""Every other suite is weak: one without ephemeral keys or without authenticated encryption."""

_YEAR = 31536000  # seconds; less is not enough for browsers' own lists (hstspreload.org)
_EXPECTED = {
    "x-content-type-options": re.compile("nosniff"),
    "x-frame-options": re.compile("DENY|SAMEORIGIN", re.IGNORECASE),
    "referrer-policy": re.compile("no-referrer|same-origin|strict-origin(-when-cross-origin)?"),
    "permissions-policy": re.compile(r".*\bcamera=\(\).*"),
    "cross-origin-opener-policy": re.compile("same-origin"),
    "cross-origin-resource-policy": re.compile("same-origin"),
}
"""What each answer has to say, beside HSTS."""
_PATHS = ("/", "/api/checkouts")


@dataclass(frozen=True)
class Journal:
    """Answers to requests of many kinds, and what each was for."""

    answers: tuple[tuple[str, Reply], ...]


class TlsInspector(Actor):
    """Somebody who does not believe a lock symbol."""

    def look_at_certificate(self) -> Handshake:
        """Shake hands with the ingress, as to the system's name and trusting its authority only."""
        self._require_tls()
        seen = self._shake()
        self._keep("The certificate as served", pretty(asdict(seen)))
        return seen

    def judge_vouched(self, seen: Handshake) -> None:
        """Chain, time and name were verified against the authority that is to issue it."""
        require(
            seen.verified,
            f"The certificate for {self.system.host} is not to be trusted: {seen}.",
        )

    def judge_name(self, seen: Handshake) -> None:
        """The certificate is for the system's name, and for nobody else's."""
        names = seen.certificate.names if seen.certificate else ()
        require(
            names == (self.system.host,),
            f"The certificate is for {', '.join(names) or 'no name'}, not for "
            f"{self.system.host} alone.",
        )

    def get_through(self) -> Accepted:
        """Use every old protocol and every kind of weak cipher on a server that allows them."""
        self._require_tls()
        with lenient_server() as port:
            allowed = self._try("127.0.0.1", port, "localhost")
        self._keep("What gets through where it is allowed", pretty(asdict(allowed)))
        missing = [protocol for protocol, suites in allowed.suites if not suites]
        everything = [suite for _, suites in allowed.suites for suite in suites]
        missing += [kind for kind, mark in _WEAK.items() if not any(map(mark.search, everything))]
        if missing:
            message = f"The attack cannot be sent from here: nothing got through {listed(missing)}."
            raise Unverifiable(message)
        return allowed

    def attack_ingress(self) -> Accepted:
        """Try the same on the ingress."""
        system = self.system
        found = self._try(system.address, system.https_port, system.host)
        self._keep("What gets through at the ingress", pretty(asdict(found)))
        return found

    def judge_weak_refused(self, found: Accepted, allowed: Accepted) -> None:
        """No old protocol and no weak suite was accepted, of those that could be sent."""
        require(
            any(allowed.of(protocol) for protocol in _OLD),
            "No old protocol could be sent, so nothing was refused.",
        )

        def fault(protocol: str) -> str | None:
            suites = found.of(protocol)
            if protocol in _OLD and suites:
                return f"The ingress accepts {protocol}, with {listed(suites)}"
            weak = [suite for suite in suites if not _STRONG.match(suite)]
            return f"The ingress accepts with {protocol} the weak {listed(weak)}" if weak else None

        require_each(tuple(PROTOCOLS), fault, nothing="No protocol was tried.")

    def judge_modern(self, found: Accepted) -> None:
        """The ingress was there to refuse: it speaks the newest protocol."""
        require(found.of(_MODERN), f"The ingress does not speak {_MODERN}, so it serves nobody.")

    def come_plain(self) -> Journal:
        """Ask for page and service without encryption."""
        self._require_tls()
        with closing(reach_plain(self.system, timeout=self._timeouts.request)) as http:
            asked = [(path, http.send("GET", path)) for path in (*_PATHS, "/checkouts/1?a=b")]
        return self._kept("What is answered without encryption", asked)

    def judge_sent_on(self, journal: Journal) -> None:
        """Each answer is a permanent redirect to the same address, encrypted."""

        def fault(asked: tuple[str, Reply]) -> str | None:
            path, reply = asked
            to = urlsplit(reply.header("location"))
            aim = to.path + (f"?{to.query}" if to.query else "")
            moved = reply.status in {301, 308}
            if moved and (to.scheme, to.hostname, aim) == ("https", self.system.host, path):
                return None
            where = reply.header("location") or "nowhere"
            return f"A visitor without encryption is not sent on: {reply}, to {where}"

        require_each(journal.answers, fault, nothing="Nothing was asked without encryption.")

    def judge_silent(self, journal: Journal) -> None:
        """None of the answers came from the system itself."""
        require_each(
            journal.answers,
            lambda asked: (
                f"{asked[1].served_by} answered without encryption: {asked[1]}"
                if asked[1].served_by
                else None
            ),
            nothing="Nothing was asked without encryption.",
        )

    def collect_answers(self) -> Journal:
        """Ask page and service for what is there, what is not, and what is not allowed."""
        self._require_tls()
        nowhere = uuid.uuid4().hex
        wanted = (
            *(("GET", path) for path in _PATHS),
            ("GET", f"/{nowhere}"),
            ("GET", f"/api/checkouts/{nowhere}"),
            ("GET", f"/api/{nowhere}"),
            ("POST", "/api/checkouts"),
            ("DELETE", "/"),
        )
        with closing(reach(self.system, timeout=self._timeouts.request)) as http:
            asked = [(f"{method} {path}", http.send(method, path)) for method, path in wanted]
        return self._kept("Answers of page and service", asked)

    def judge_stays_encrypted(self, journal: Journal) -> None:
        """Each answer tells browsers to come encrypted for a year (RFC 6797)."""

        def fault(asked: tuple[str, Reply]) -> str | None:
            said = asked[1].header("strict-transport-security")
            age = re.search(r"max-age=\"?(\d+)", said)
            if age and int(age[1]) >= _YEAR:
                return None
            return f"{asked[1].request} does not keep browsers on encryption: {said or 'no HSTS'}"

        self._judge_varied(journal)
        require_each(journal.answers, fault, nothing="Nothing was asked.")

    def judge_protective(self, journal: Journal) -> None:
        """Each answer has every header that protects who reads it."""

        def fault(asked: tuple[str, Reply]) -> str | None:
            lacking = [
                f"{name} {asked[1].header(name) or 'missing'}"
                for name, wanted in _EXPECTED.items()
                if not wanted.fullmatch(asked[1].header(name))
            ]
            return f"{asked[1].request} is not protected: {listed(lacking)}" if lacking else None

        self._judge_varied(journal)
        require_each(journal.answers, fault, nothing="Nothing was asked.")

    def _judge_varied(self, journal: Journal) -> None:
        """There were answers, good ones and bad ones."""
        unanswered = [str(reply) for _, reply in journal.answers if reply.status is None]
        require(not unanswered, f"Not answered: {listed(unanswered)}.")
        succeeded = {reply.succeeded for _, reply in journal.answers}
        require(succeeded == {True, False}, "There was no good answer, or no bad one, to look at.")

    def _kept(self, title: str, asked: list[tuple[str, Reply]]) -> Journal:
        shown = [
            {"asked": what, "status": reply.status, "headers": dict(reply.headers)}
            | ({"error": reply.error} if reply.error else {})
            for what, reply in asked
        ]
        self._keep(title, pretty(shown))
        return Journal(tuple(asked))

    def _try(self, address: str, port: int, host: str) -> Accepted:
        root = Path(self.system.repository)
        try:
            return try_protocols(root, address, port, host, timeout=self._timeouts.scan)
        except EnvironmentFailure as error:
            message = f"Nobody could try old protocols and weak ciphers: {error.message}"
            raise Unverifiable(message) from error

    def _shake(self) -> Handshake:
        system = self.system
        return probe_tls(
            system.address,
            system.https_port,
            system.host,
            system.authority,
            timeout=self._timeouts.request,
        )

    def _require_tls(self) -> None:
        require(
            self.system.secure,
            f"The Ingress declares no TLS for {self.system.host}, so visitors come unencrypted. "
            "Try: a tls section, as manifests/components/tls has it.",
        )
