"""Sends requests to a Kubernetes API server, with the official client, and returns its JSON."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import urllib3
from kubernetes import client, config

from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes.admission_engines import refusing_engine
from acceptance.drivers.kubernetes.kept_connections import KeptHttp
from acceptance.drivers.kubernetes.port_forward import ForwardedHttp
from acceptance.drivers.kubernetes.watch import ChangeWatch
from acceptance.errors import EnvironmentFailure, SystemFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.drivers.kubernetes.facts import Object

_UNAUTHORIZED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_CONFLICT = 409
_TOO_MANY = 429
_SERVER_ERROR = 500
MERGE = {"Content-Type": "application/merge-patch+json"}
"""The header of a merge patch: the body holds only what changes."""
JSON_PATCH = {"Content-Type": "application/json-patch+json"}
"""The header of a JSON patch (RFC 6902), which can replace a whole field."""
DRY_RUN = {"dryRun": "All"}
"""The query of a request that is decided and not carried out."""


class Refused(SystemFailure):
    """A request was refused, by the API server or a program; the message holds the answer.

    Uncaught it is the system's failure: what was asked for is not there, or does not answer.
    """


class Inaccessible(Refused, EnvironmentFailure):
    """The cluster does not answer, does not let the suite, or has not what a check needs.

    The environment's failure. It is a `Refused` only so that whoever can go on without an answer
    need not tell them apart.
    """

    exit_code = EnvironmentFailure.exit_code


class ApiConnection:
    """A connection to the API server that a kubeconfig and the name of a context give."""

    def __init__(self, kubeconfig: Path, context: str, *, timeout: float) -> None:
        """Read the kubeconfig; `timeout` is for each request, in seconds.

        Raises `EnvironmentFailure` if it cannot be read or has no such context.
        """
        self._timeout = timeout
        self._connect: Callable[[], client.ApiClient] = lambda: config.new_client_from_config(
            config_file=str(kubeconfig), context=context
        )
        self._kept_http = KeptHttp(self.forwarded_http())
        try:
            self._client = self._connect()
        except (config.ConfigException, OSError, ValueError) as error:
            message = f"The kubeconfig {kubeconfig} cannot be used with context {context}: {error}."
            raise EnvironmentFailure(message) from error

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return str(self._client.configuration.host)

    @property
    def authority(self) -> bytes:
        """The certificate of the authority by which the API server is known, as PEM."""
        return Path(str(self._client.configuration.ssl_ca_cert)).read_bytes()

    def close(self) -> None:
        """Close the connections."""
        self._kept_http.close()
        self._client.close()

    def with_token(self, token: str) -> Self:
        """Return another client of the same cluster that has only `token` as credentials."""
        known = self._client.configuration
        own = client.Configuration()
        own.host, own.ssl_ca_cert, own.verify_ssl = known.host, known.ssl_ca_cert, known.verify_ssl
        own.api_key = {"authorization": f"Bearer {token}"}
        other = copy.copy(self)
        other._connect = lambda: client.ApiClient(own)  # noqa: SLF001 (of its own class)
        other._client = other._connect()  # noqa: SLF001
        other._kept_http = KeptHttp(other.forwarded_http())  # noqa: SLF001
        return other

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the API server's answer to a request, also when it refuses.

        With the query `DRY_RUN` it decides and changes nothing.
        """
        started = time.monotonic()
        prepared = self._client.param_serialize(
            method,
            quote(path, safe="/:?=&-._~"),
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json, */*", **(headers or {})},
            body=dict(body) if isinstance(body, Mapping) else body,
            auth_settings=["BearerToken"],
        )
        request = f"{method} {path}"
        try:
            answer = self._client.call_api(*prepared, _request_timeout=self._timeout)
            raw = answer.read()
        except (client.ApiException, urllib3.exceptions.HTTPError) as error:
            seconds = time.monotonic() - started
            return Reply(None, (), "", seconds, error=str(error), request=request)
        return Reply(
            status=int(answer.status),
            headers=tuple((name.lower(), value) for name, value in answer.headers.items()),
            text=raw.decode("utf-8", "replace"),
            seconds=time.monotonic() - started,
            request=request,
        )

    def ask(self, path: str) -> Reply:
        """Return the API server's answer when it is asked for `path`, also when it refuses."""
        return self.send("GET", path)

    def try_to_create(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Return the API server's answer to a new object in the collection `path`."""
        return self.send("POST", path, body)

    def create(self, path: str, body: Mapping[str, Any]) -> Object | None:
        """Create an object in the collection `path`; None if its name is taken."""
        reply = self.send("POST", path, body)
        return None if reply.status == _CONFLICT else object_of(reply)

    def delete(self, path: str, *, grace: int | None = None) -> bool:
        """Delete an object, or all of a collection; False if it was not there.

        `grace` replaces the grace period that the object declares, in seconds.
        """
        body = None if grace is None else {"gracePeriodSeconds": grace}
        reply = self.send("DELETE", path, body)
        if reply.status == _NOT_FOUND:
            return False
        object_of(reply)
        return True

    def read(self, path: str) -> Object | None:
        """Return an object; None if it is not there.

        Raises `Refused` for any other answer: "forbidden" does not mean that it is not there.
        """
        reply = self.send("GET", path)
        return None if reply.status == _NOT_FOUND else object_of(reply)

    def exists(self, path: str) -> bool:
        """Return whether an object is there; raises what `read` raises."""
        return self.read(path) is not None

    def labels(self, path: str) -> Mapping[str, str] | None:
        """Return the labels of an object; None if it is not there."""
        found = self.read(path)
        return None if found is None else found["metadata"].get("labels") or {}

    def patch(self, path: str, change: Mapping[str, Any]) -> Object | None:
        """Apply a merge patch to an object, and return the object.

        None if the change names a resourceVersion that is no longer the object's.
        """
        reply = self.send("PATCH", path, change, headers=MERGE)
        return None if reply.status == _CONFLICT else object_of(reply)

    def patch_status(self, path: str, status: Mapping[str, Any]) -> None:
        """Change the status of an object, as its controller does."""
        body = {"status": dict(status)}
        object_of(self.send("PATCH", f"{path}/status", body, headers=MERGE))

    def forwarded_http(self) -> ForwardedHttp:
        """Return a client of pods' own ports, through the API server."""
        return ForwardedHttp(self._connect, timeout=self._timeout)

    def kept_http(self) -> KeptHttp:
        """Return a client of pods' own ports whose connections stay open until this one closes."""
        return self._kept_http

    def watch(self, namespace: str = "") -> ChangeWatch:
        """Watch the pods and workloads of a namespace, or of all; close it after use."""
        return ChangeWatch(self._connect(), namespace)

    def items(self, path: str, **query: str) -> list[Object]:
        """Return the objects of the collection `path`, as the API sends them."""
        found = object_of(self.send("GET", path, query=query)).get("items")
        if found is None:
            raise Refused(f"{path} is not a list")
        return list(found)


def object_of(reply: Reply) -> Object:
    """Return the object of an answer; raise `Refused` or `Inaccessible` with the reason."""
    found = reply.json()
    if reply.succeeded and isinstance(found, Mapping):
        return found
    reason = found.get("message") if isinstance(found, Mapping) else None
    kind = Inaccessible if _is_inaccessible(reply) else Refused
    raise kind(f"{reply.request}: {reason or reply.error or f'HTTP {reply.status}'}")


def _is_inaccessible(reply: Reply) -> bool:
    """Return whether an answer is about the API server or the suite's rights, not an object.

    What the cluster's own engine of policies refuses, it does not let the suite.
    """
    if reply.status is None or reply.status >= _SERVER_ERROR or refusing_engine(reply):
        return True
    return reply.status in {_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY}
