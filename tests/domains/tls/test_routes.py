from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.tls.drivers import routes
from acceptance.domains.tls.drivers.routes import (
    Route,
    published_routes,
    routes_of_http_route,
    routes_of_ingress,
    routes_of_ingress_route,
)
from acceptance.drivers.kubernetes.discovery import ServedApi
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Iterable


def ingress(name: str = "checkout", namespace: str = "checkout", **spec: object) -> dict[str, Any]:
    """Return an Ingress."""
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec}


def rule(host: str, *paths: tuple[str, str]) -> dict[str, Any]:
    """Return a rule; without a host if that is empty."""
    named = {"host": host} if host else {}
    return {**named, "http": {"paths": [{"path": p, "pathType": kind} for p, kind in paths]}}


def asked(found: Iterable[Route]) -> set[tuple[str, str]]:
    """Return the hosts and paths of routes."""
    return {(each.asked_host, each.path) for each in found}


def test_each_rule_of_an_ingress_is_a_route() -> None:
    """All hosts and paths, a wildcard, a rule without a host, and the names beside."""
    found = ingress(
        rules=[
            rule("checkout.local", ("/", "Prefix"), ("/api", "Prefix")),
            rule("*.checkout.local", ("/x", "Exact")),
            rule("", ("/status", "Prefix")),
            {"host": "bare.local"},
        ]
    )
    assert asked(routes_of_ingress(found)) == {
        ("checkout.local", "/"),
        ("checkout.local", "/api"),
        ("acceptance.checkout.local", "/x"),
        ("", "/status"),
        ("bare.local", "/"),
    }
    found["metadata"]["annotations"] = {
        "nginx.ingress.kubernetes.io/server-alias": "www.checkout.local, old.local"
    }
    assert ("old.local", "/api") in asked(routes_of_ingress(found))


def test_a_default_backend_serves_any_host_and_any_path() -> None:
    """Of a host with rules it serves what no rule matches."""
    hosts = {host for host, _ in asked(routes_of_ingress(ingress(defaultBackend={"service": {}})))}
    assert hosts == {""}
    rules = [rule("checkout.local", ("/api", "Prefix"))]
    found = asked(routes_of_ingress(ingress(defaultBackend={}, rules=rules)))
    assert found == {("checkout.local", "/api")}
    found = asked(routes_of_ingress(ingress(defaultBackend={"service": {}}, rules=rules)))
    assert {("", "/"), ("checkout.local", "/acceptance/no-such-path")} <= found


@pytest.mark.parametrize(
    ("path", "kind", "wanted"),
    [
        ("/legacy(/|$)(.*)", "ImplementationSpecific", "/legacy"),
        ("/(.*)", "ImplementationSpecific", "/"),
        ("", "ImplementationSpecific", "/"),
        ("/a+b", "Exact", "/a+b"),
    ],
)
def test_a_path_is_one_that_matches(path: str, kind: str, wanted: str) -> None:
    """An expression is asked for by what it begins with."""
    found = ingress(rules=[rule("a.local", (path, kind))])
    assert asked(routes_of_ingress(found)) == {("a.local", wanted)}


def test_the_challenge_of_an_authority_has_to_be_in_clear_text() -> None:
    """It is no route of the system, and nothing else below the folder is excepted."""
    acme = "/.well-known/acme-challenge/token"
    found = ingress(rules=[rule("a.local", (acme, "Exact"), ("/.well-known/x", "Exact"))])
    assert asked(routes_of_ingress(found)) == {("a.local", "/.well-known/x")}


def test_routes_of_other_kinds_are_read() -> None:
    """Traefik's have a rule, the Gateway API's have fields."""
    match = "Host(`a.local`, `b.local`) && (PathPrefix(`/api`) || Path(`/x`))"
    found: Any = {
        "metadata": {"name": "extra"},
        "spec": {"routes": [{"match": match}, {"match": "HostSNI(`*`)"}]},
    }
    assert asked(routes_of_ingress_route(found)) == {
        *((host, path) for host in ("a.local", "b.local") for path in ("/api", "/x")),
        ("", "/"),
    }
    path = {"path": {"type": "PathPrefix", "value": "/api"}}
    http: Any = {
        "metadata": {"name": "extra"},
        "spec": {"hostnames": ["a.local"], "rules": [{"matches": [path, {}]}]},
    }
    assert asked(routes_of_http_route(http)) == {("a.local", "/api"), ("a.local", "/")}


def test_the_systems_namespace_and_its_host_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever another namespace publishes for the host, and nothing else of it."""
    resources = ({"resource": "ingressroutes"}, {"resource": "middlewares"})
    apis = [
        ServedApi("/apis", "traefik.io", v, stale=False, resources=resources)
        for v in ("v1", "v1alpha1")
    ]
    monkeypatch.setattr(routes, "served_apis", lambda _: apis)
    own = ingress("own", rules=[rule("other.local", ("/", "Prefix"))])
    same = ingress("same", "elsewhere", rules=[rule("checkout.local", ("/x", "Prefix"))])
    wide = ingress("wide", "elsewhere", rules=[rule("", ("/", "Prefix"))])
    extra = {
        "metadata": {"name": "extra", "namespace": "checkout"},
        "spec": {"routes": [{"match": "Host(`a.local`)"}]},
    }
    collections = {
        api_path("ingresses"): [own, same, wide],
        "/apis/traefik.io/v1/ingressroutes": [extra],
    }
    cluster: Any = type("Cluster", (), {"items": lambda _, path: collections[path]})()
    found = published_routes(cluster, "checkout", "checkout.local")
    assert {each.name for each in found} == {"Ingress own", "Ingress same", "IngressRoute extra"}
    assert str(Route("Ingress a", "", "/")) == "Ingress a: any host /"
