"""Sends requests to the ports of a cluster, each with and without credentials.

A refusal counts only if the same request succeeds with credentials: each attempt returns both
answers.
"""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
import warnings
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from kubernetes import client, config

from acceptance.domains.compliance.drivers.node_shell import Unobservable
from acceptance.drivers.self_signed import self_signed

KUBELET_PORT = 10250
KUBELET_PODS = "/pods"
"""The path at which a kubelet lists its pods."""
_WEAK = "DEFAULT:@SECLEVEL=0"
"""The security level at which OpenSSL still speaks outdated versions of TLS."""


@dataclass(frozen=True)
class AccessAnswers:
    """The HTTP status of one request, sent with and without credentials."""

    what: str
    authenticated: int
    anonymous: int

    def __str__(self) -> str:
        """Name both."""
        return f"{self.what}: {self.authenticated} with credentials, {self.anonymous} without"


class AccessAttempts:
    """Requests to the API server and kubelets of one cluster."""

    def __init__(self, kubeconfig: Path, context: str, *, timeout: float) -> None:
        """Use the credentials of the kubeconfig; `timeout` in seconds is for each request."""
        self._timeout = timeout
        self._config = client.Configuration()
        try:
            config.load_kube_config(str(kubeconfig), context, client_configuration=self._config)
        except (config.ConfigException, OSError) as error:
            raise Unobservable(f"the kubeconfig cannot be used: {error}") from error

    @cached_property
    def server(self) -> tuple[str, int]:
        """Host and port of the API server."""
        parts = urlsplit(self._config.host)
        return str(parts.hostname), parts.port or 443

    @property
    def certificate(self) -> x509.Certificate | None:
        """The client certificate of the kubeconfig; None if it uses none."""
        if not self._config.cert_file:
            return None
        return x509.load_pem_x509_certificate(Path(self._config.cert_file).read_bytes())

    def api_server(self, path: str) -> AccessAnswers:
        """GET `path` of the API server; raises `Unobservable` if nothing answers."""
        return self._ask(f"{self._config.host}{path}", f"GET {path} of the API server")

    def kubelet(self, address: str, path: str) -> AccessAnswers:
        """GET `path` of the kubelet at `address`; raises `Unobservable` if nothing answers."""
        url = f"https://{address}:{KUBELET_PORT}{path}"
        return self._ask(url, f"GET {path} of the kubelet at {address}")

    def listens(self, address: str, port: int) -> bool:
        """Whether a port accepts connections; raises `Unobservable` if the host does not answer."""
        try:
            with socket.create_connection((address, port), self._timeout):
                return True
        except ConnectionRefusedError:
            return False
        except OSError as error:
            raise Unobservable(f"{address}:{port} does not answer: {error}") from error

    def negotiated(self, host: str, port: int, version: ssl.TLSVersion) -> str | None:
        """Return the TLS version that a server accepts from a client that offers `version` alone.

        None means that it refused. Raises `Unobservable` if this client cannot speak that version
        even with a server that does, as a refusal would prove nothing.
        """
        _prove_able(version, self._timeout)
        return _handshake(host, port, version, self._timeout)

    def _ask(self, url: str, what: str) -> AccessAnswers:
        authenticated, anonymous = (self._status(url, authenticated=each) for each in (True, False))
        return AccessAnswers(what, authenticated, anonymous)

    def _status(self, url: str, *, authenticated: bool) -> int:
        context = ssl.create_default_context(cafile=self._config.ssl_ca_cert)
        headers = {}
        if authenticated:
            if self._config.cert_file:
                context.load_cert_chain(self._config.cert_file, self._config.key_file)
            token = (self._config.api_key or {}).get("authorization")
            headers = {"Authorization": token} if token else {}
        try:
            answer = httpx.get(url, headers=headers, verify=context, timeout=self._timeout)
        except httpx.HTTPError as error:
            raise Unobservable(f"{url} does not answer: {error}") from error
        return answer.status_code


def _handshake(host: str, port: int, version: ssl.TLSVersion, timeout: float) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only the version counts here, not the identity
    context.set_ciphers(_WEAK)
    _only(context, version)
    try:
        with (
            socket.create_connection((host, port), timeout) as plain,
            context.wrap_socket(plain) as encrypted,
        ):
            return encrypted.version()
    except ssl.SSLError:
        return None
    except OSError as error:
        raise Unobservable(f"{host}:{port} does not answer: {error}") from error


def _prove_able(version: ssl.TLSVersion, timeout: float) -> None:
    """Connect to a server of our own that speaks this version and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(_WEAK)
    _only(context, version)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="acceptance-tls-"))
        context.load_cert_chain(_certificate(Path(folder)))
        listening = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        listening.settimeout(timeout)

        def serve() -> None:
            with suppress(OSError):
                plain, _ = listening.accept()
                with plain, context.wrap_socket(plain, server_side=True):
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        agreed = _handshake("127.0.0.1", listening.getsockname()[1], version, timeout)
        thread.join(timeout)
    if agreed is None:
        raise Unobservable(
            f"this machine's OpenSSL does not speak {version.name}, so it cannot be tried"
        )


def _only(context: ssl.SSLContext, version: ssl.TLSVersion) -> None:
    with warnings.catch_warnings():
        # Outdated versions are what this is about.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.maximum_version = version
        context.minimum_version = version


def _certificate(folder: Path) -> Path:
    path = folder / "own.pem"
    path.touch(mode=0o600)
    path.write_text(self_signed("localhost"), encoding="utf-8")
    return path
