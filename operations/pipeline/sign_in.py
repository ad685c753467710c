"""Signs in to a registry: by name and password, or by the token that the registry asks for.

https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.request import parse_http_list, parse_keqv_list

import httpx

from acceptance.errors import BrokenInput, EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from operations.pipeline.registry import Place

VARIABLES = ("REGISTRY_USER", "REGISTRY_PASSWORD")
"""Who signs in, and by what."""
_UNAUTHORIZED = 401


def auth_for(place: Place, environment: Mapping[str, str]) -> httpx.Auth | None:
    """Return what signs in to `place`; None where nobody has to.

    Raises `BrokenInput` when only one of the two variables is set.
    """
    user, password = (environment.get(name, "") for name in VARIABLES)
    if bool(user) != bool(password):
        raise BrokenInput(f"Only one of {' and '.join(VARIABLES)} is set. Try: set both, or none.")
    return RegistryAuth(place, user, password) if user else None


class RegistryAuth(httpx.Auth):
    """Sends the password to the registry, and to whoever issues its tokens, and to nobody else."""

    requires_response_body = True

    def __init__(self, place: Place, user: str, password: str) -> None:
        """Sign in to `place` as `user`."""
        self._origin = httpx.URL(place.address)
        self._plain = place.plain
        self._basic = httpx.BasicAuth(user, password)
        self._header = ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request, with a token once the registry has asked for one."""
        ours = (request.url.scheme, request.url.host, request.url.port)
        if ours != (self._origin.scheme, self._origin.host, self._origin.port):
            yield request  # storage of somebody else: its address is signed
            return
        if self._header:
            request.headers["Authorization"] = self._header
        answer = yield request
        if answer.status_code != _UNAUTHORIZED:
            return
        scheme, _, asked = answer.headers.get("WWW-Authenticate", "").partition(" ")
        if scheme.lower() == "bearer":
            token = yield self._token_request(parse_keqv_list(parse_http_list(asked)))
            self._header = f"Bearer {_token(token)}"
        else:
            signed = next(self._basic.auth_flow(httpx.Request("GET", request.url)))
            self._header = signed.headers["Authorization"]
        request.headers["Authorization"] = self._header
        yield request

    def _token_request(self, asked: dict[str, str]) -> httpx.Request:
        realm = httpx.URL(asked.get("realm", ""))
        if realm.scheme != "https" and not (self._plain and realm.host == self._origin.host):
            raise EnvironmentFailure(f"The registry wants the password at {realm}, without TLS.")
        query = [(key, asked[key]) for key in ("service", "scope") if key in asked]
        return next(self._basic.auth_flow(httpx.Request("GET", realm, params=tuple(query))))


def _token(answer: httpx.Response) -> str:
    found = answer.json() if answer.is_success else {}
    token = found.get("token") or found.get("access_token")
    if not token:
        raise EnvironmentFailure(f"The registry issued no token: {answer.status_code}.")
    return str(token)
