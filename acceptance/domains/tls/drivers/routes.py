"""Reads which hosts and paths the ingress serves: Ingresses, and routes of other kinds.

Sources: Kubernetes API reference (Ingress v1), Traefik (IngressRoute), Gateway API (HTTPRoute).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.drivers.certificate_names import is_named
from acceptance.drivers.kubernetes.discovery import served_apis
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

ANY_HOST = ""
_ALIASES = "nginx.ingress.kubernetes.io/server-alias"
_LABEL = "acceptance"  # stands for a wildcard
_UNMATCHED = "/acceptance/no-such-path"
_PATTERN = re.compile(r"[([{^$*+?|\\]")
_ACME = "/.well-known/acme-challenge/"
"""Authorities ask below this path in clear text (RFC 8555, section 8.3)."""
_QUOTED = re.compile(r"[`\"]([^`\"]+)[`\"]")
_HOSTS = re.compile(r"\bHost\(([^)]*)\)")
_PATHS = re.compile(r"\bPath(?:Prefix)?\(([^)]*)\)")


@dataclass(frozen=True)
class Route:
    """A path of a host that the ingress serves."""

    name: str
    """The object that says so: "Ingress checkout"."""
    host: str
    """As declared, also with a wildcard; `ANY_HOST` for all hosts."""
    path: str
    """One path that the route matches."""
    addresses: tuple[str, ...] = ()
    """Where the object is published, if it says so."""

    @property
    def asked_host(self) -> str:
        """One host that the route matches; empty for all hosts."""
        return self.host.replace("*", _LABEL)

    def __str__(self) -> str:
        """Name it."""
        return f"{self.name}: {self.host or 'any host'} {self.path}"


def published_routes(cluster: Kubernetes, namespace: str, host: str) -> tuple[Route, ...]:
    """Return the routes of the objects of a namespace, and those of `host` in any other.

    Raises `Inaccessible` where the objects of all namespaces may not be listed.
    """
    found = [
        (each["metadata"]["namespace"], route)
        for path, read in _collections(cluster)
        for each in cluster.items(path)
        for route in read(each)
    ]
    return tuple(
        dict.fromkeys(
            route
            for where, route in found
            if where == namespace or (route.host and is_named(host, [route.host]))
        )
    )


def routes_of_ingress(found: Object) -> Iterator[Route]:
    """Yield what an Ingress serves: each path of each rule and alias, and its default backend."""
    name, spec = f"Ingress {found['metadata']['name']}", found.get("spec") or {}
    status = ((found.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    where = tuple(each.get("ip") or each.get("hostname", "") for each in status)
    aliases = ((found["metadata"].get("annotations") or {}).get(_ALIASES) or "").split(",")
    rules = spec.get("rules") or ()
    for rule in rules:
        paths = [
            _path(each.get("path"), each.get("pathType"))
            for each in (rule.get("http") or {}).get("paths") or ()
        ]
        hosts = [rule.get("host", ANY_HOST), *(each.strip() for each in aliases if each.strip())]
        yield from _routes(name, hosts, paths or ["/"], where)
    if spec.get("defaultBackend"):
        hosts = [ANY_HOST, *(rule.get("host", ANY_HOST) for rule in rules)]
        yield from _routes(name, hosts, ["/", _UNMATCHED], where)


def routes_of_ingress_route(found: Object) -> Iterator[Route]:
    """Yield what an IngressRoute of Traefik serves, as far as its rules name hosts and paths."""
    for each in (found.get("spec") or {}).get("routes") or ():
        rule = each.get("match") or ""
        hosts, paths = (
            [text for group in kind.findall(rule) for text in _QUOTED.findall(group)]
            for kind in (_HOSTS, _PATHS)
        )
        name = f"IngressRoute {found['metadata']['name']}"
        yield from _routes(name, hosts or [ANY_HOST], paths or ["/"])


def routes_of_http_route(found: Object) -> Iterator[Route]:
    """Yield what an HTTPRoute of the Gateway API serves."""
    spec = found.get("spec") or {}
    paths = [
        _path((match.get("path") or {}).get("value"), (match.get("path") or {}).get("type"))
        for rule in spec.get("rules") or ()
        for match in rule.get("matches") or ()
    ]
    name = f"HTTPRoute {found['metadata']['name']}"
    yield from _routes(name, spec.get("hostnames") or [ANY_HOST], paths or ["/"])


_READERS: dict[tuple[str, str], Callable[[Object], Iterator[Route]]] = {
    ("traefik.io", "ingressroutes"): routes_of_ingress_route,
    ("traefik.containo.us", "ingressroutes"): routes_of_ingress_route,
    ("gateway.networking.k8s.io", "httproutes"): routes_of_http_route,
}


def _collections(
    cluster: Kubernetes,
) -> Iterator[tuple[str, Callable[[Object], Iterator[Route]]]]:
    """Yield the path of each collection of routes that the cluster has, and who reads it."""
    yield api_path("ingresses"), routes_of_ingress
    read: set[tuple[str, str]] = set()
    for api in served_apis(cluster):
        for each in api.resources:
            kind = (api.group, each["resource"])
            if kind in _READERS and kind not in read:
                read.add(kind)
                yield f"{api.path}/{each['resource']}", _READERS[kind]


def _routes(
    name: str, hosts: Iterable[str], paths: Iterable[str], where: tuple[str, ...] = ()
) -> Iterator[Route]:
    known = [path for path in paths if not f"{path}/".startswith(_ACME)]
    for host in hosts:
        yield from (Route(name, host, path, where) for path in known)


def _path(path: str | None, kind: str | None) -> str:
    """Return a path that matches; of an expression, what comes before its first special sign."""
    text = path or "/"
    plain = text if kind in {"Exact", "Prefix", "PathPrefix"} else _PATTERN.split(text)[0]
    return plain if plain.startswith("/") else "/"
