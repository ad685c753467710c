"""Inspects what HTTP responses tell browsers: redirects to HTTPS, and security headers."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from acceptance.actor import Actor
from acceptance.domains.tls.declared_tls import require_tls_declared
from acceptance.domains.tls.drivers.responses import request_addresses, request_every_kind
from acceptance.domains.traffic.ingress_client import reach, reach_plain
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import listed, require, require_each

if TYPE_CHECKING:
    from acceptance.domains.tls.drivers.responses import CollectedResponse

Responses: TypeAlias = "tuple[CollectedResponse, ...]"

_YEAR = 31536000  # seconds; browsers' preload lists accept no less (hstspreload.org)
_EXPECTED = {
    "x-content-type-options": re.compile("nosniff"),
    "x-frame-options": re.compile("DENY|SAMEORIGIN", re.IGNORECASE),
    "referrer-policy": re.compile("no-referrer|same-origin|strict-origin(-when-cross-origin)?"),
    "permissions-policy": re.compile(r".*\bcamera=\(\).*"),
    "cross-origin-opener-policy": re.compile("same-origin"),
    "cross-origin-resource-policy": re.compile("same-origin"),
}
"""The security headers of every response, apart from HSTS."""
_NO_REQUEST = "No request was sent."


class HeaderInspector(Actor):
    """Collects responses of the ingress, and checks their redirects and security headers."""

    def collect_over_http(self) -> Responses:
        """Request the page and the API over plain HTTP."""
        require_tls_declared(self.system)
        with closing(reach_plain(self.system, timeout=self._timeouts.request)) as client:
            return self._kept(
                "Responses over plain HTTP", request_addresses(client, self.system.contract)
            )

    def assert_redirected_to_https(self, responses: Responses) -> None:
        """Each response is a permanent redirect to the same address over HTTPS."""

        def fault(response: CollectedResponse) -> str | None:
            reply = response.reply
            location = reply.header("location")
            to = urlsplit(location)
            address = to.path + (f"?{to.query}" if to.query else "")
            moved = reply.status in {301, 308}
            wanted = ("https", self.system.host, response.path)
            if moved and (to.scheme, to.hostname, address) == wanted:
                return None
            where = location or "nowhere"
            return f"An unencrypted request is not redirected to HTTPS: {reply}, to {where}"

        require_each(responses, fault, nothing=_NO_REQUEST)

    def assert_no_pod_answered(self, responses: Responses) -> None:
        """None of the responses came from a pod of the system."""
        require_each(
            responses,
            lambda response: (
                f"{response.reply.served_by} answered an unencrypted request: {response.reply}"
                if response.reply.served_by
                else None
            ),
            nothing=_NO_REQUEST,
        )

    def collect_every_kind(self) -> Responses:
        """Request what exists, what does not, and what is not allowed, over HTTPS."""
        require_tls_declared(self.system)
        with closing(reach(self.system, timeout=self._timeouts.request)) as client:
            return self._kept(
                "Responses of the page and the API",
                request_every_kind(client, self.system.contract),
            )

    def assert_hsts(self, responses: Responses) -> None:
        """Each response keeps browsers on HTTPS for at least a year (RFC 6797)."""

        def fault(response: CollectedResponse) -> str | None:
            header = response.reply.header("strict-transport-security")
            age = re.search(r"max-age=\"?(\d+)", header)
            if age and int(age[1]) >= _YEAR:
                return None
            found = f"an HSTS header of less than a year, {header}" if header else "no HSTS header"
            return f"The response to {response.reply.request} has {found}"

        _require_successes_and_failures(responses)
        require_each(responses, fault, nothing=_NO_REQUEST)

    def assert_security_headers(self, responses: Responses) -> None:
        """Each response has every other security header."""

        def fault(response: CollectedResponse) -> str | None:
            wrong = [
                f"{name} is {response.reply.header(name) or 'missing'}"
                for name, wanted in _EXPECTED.items()
                if not wanted.fullmatch(response.reply.header(name))
            ]
            return f"In the response to {response.reply.request} {listed(wrong)}" if wrong else None

        _require_successes_and_failures(responses)
        require_each(responses, fault, nothing=_NO_REQUEST)

    def _kept(self, title: str, responses: Responses) -> Responses:
        shown = [
            {
                "request": f"{each.method} {each.path}",
                "status": each.reply.status,
                "headers": dict(each.reply.headers),
            }
            | ({"error": each.reply.error} if each.reply.error else {})
            for each in responses
        ]
        self._keep(title, pretty(shown))
        return responses


def _require_successes_and_failures(responses: Responses) -> None:
    """Every request was answered, some with success and some not."""
    unanswered = [str(each.reply) for each in responses if each.reply.status is None]
    require(not unanswered, f"Not answered: {listed(unanswered)}.")
    require(
        {each.reply.succeeded for each in responses} == {True, False},
        "The responses are all successes or all failures, so the other kind was not inspected.",
    )
