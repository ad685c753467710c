"""Sabotages that the domain tls has to detect: what the ingress publishes beside its main route."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from controls.changed_ingress import authority, configure_ingress, serve, stop_cert_manager
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_ITEM = "TASK-002-AC-3"
_CERTIFICATE = "checkout-tls"
_IN_CLEAR_TEXT = "Nothing that the ingress publishes is served in clear text"
_CERTIFICATES = "Every published host has a certificate for its name"
_INGRESS = "ingress"
_REDIRECT = "nginx.ingress.kubernetes.io/ssl-redirect"
_FORCED = "nginx.ingress.kubernetes.io/force-ssl-redirect"
_LEGACY_PORT = 8081
_LEGACY_ROUTE = """http:
  routers:
    legacy:
      entryPoints: [legacy]
      rule: PathPrefix(`/`)
      service: legacy
  services:
    legacy:
      loadBalancer:
        servers:
          - url: http://frontend.{namespace}.svc
"""


@control(
    _ITEM,
    _IN_CLEAR_TEXT,
    expects=r"answered http://checkout\.local/api/checkouts at .* in clear text: HTTP 200",
)
def second_ingress_without_tls(saboteur: Saboteur) -> None:
    """Route a path of the API by an Ingress of its own, which declares no TLS."""
    _publish(saboteur, "partners", "/api/checkouts", "backend", host=saboteur.system.host)
    saboteur.await_plain_answer("/api/checkouts", 200)


@control(
    _ITEM,
    _IN_CLEAR_TEXT,
    expects=r"answered http://checkout\.local/healthz at .* in clear text: HTTP 200",
)
def path_excepted_from_redirect(saboteur: Saboteur) -> None:
    """Except one path from the redirect, for a load balancer's health check."""
    host = saboteur.system.host
    tls = [{"hosts": [host], "secretName": _CERTIFICATE}]
    _publish(
        saboteur,
        "health",
        "/healthz",
        "frontend",
        host=host,
        tls=tls,
        annotations={_REDIRECT: "false"},
    )
    saboteur.await_plain_answer("/healthz", 200)


@control(_ITEM, _IN_CLEAR_TEXT, expects=r"answered http://[0-9.]+/ at .* in clear text: HTTP 200")
def page_served_by_address(saboteur: Saboteur) -> None:
    """Serve the page to who comes by the address, with an Ingress without a host."""
    _publish(saboteur, "by-address", "/", "frontend")
    saboteur.await_plain_answer("/", 200, host=saboteur.system.address)


@control(
    _ITEM,
    _IN_CLEAR_TEXT,
    expects=rf"answered http://\S+ at \S+:{_LEGACY_PORT} \(Service ingress/traefik\) in clear text",
)
def additional_entrypoint(saboteur: Saboteur) -> None:
    """Keep a port for old clients that speak no TLS, beside the two of the ingress."""
    route = _LEGACY_ROUTE.format(namespace=saboteur.system.namespace)
    argument = f"--entrypoints.legacy.address=:{_LEGACY_PORT}"
    port = {"name": "legacy", "port": _LEGACY_PORT, "targetPort": _LEGACY_PORT}
    _add(saboteur, "service/traefik", "/spec/ports/-", port)
    opened = {"ports": [{"protocol": "TCP", "port": _LEGACY_PORT}]}
    _add(saboteur, "networkpolicy/traefik", "/spec/ingress/-", opened)
    _add(saboteur, "deployment/traefik", "/spec/template/spec/containers/0/args/-", argument)
    configure_ingress(saboteur, (r"\nhttp:\n", f"\n{route}"))
    saboteur.await_plain_answer("/", 200, port=_LEGACY_PORT)


@control(
    _ITEM,
    _CERTIFICATES,
    expects=r"The certificate for www\.checkout\.local \(Ingress www\) is not trusted",
)
def second_host_without_certificate(saboteur: Saboteur) -> None:
    """Serve the page at a second host, redirected to HTTPS, and forget its certificate."""
    host = f"www.{saboteur.system.host}"
    _publish(saboteur, "www", "/", "frontend", host=host, annotations={_FORCED: "true"})
    saboteur.await_plain_answer("/", 308, host=host)


@control(
    _ITEM,
    _CERTIFICATES,
    expects=r"for a\.shop\.checkout\.local \(Ingress shop\) is not trusted",
)
def wildcard_for_two_labels(saboteur: Saboteur) -> None:
    """Expect that a wildcard stands for two labels of a host."""
    system = saboteur.system
    stop_cert_manager(saboteur)
    name, key = authority(saboteur)
    names = (system.host, f"*.{system.host}")
    serve(saboteur, name, key, until=timedelta(days=30), names=names)
    host = f"a.shop.{system.host}"
    tls = [{"hosts": [host], "secretName": _CERTIFICATE}]
    _publish(saboteur, "shop", "/", "frontend", host=host, tls=tls)
    saboteur.await_plain_answer("/", 308, host=host)


def _publish(
    saboteur: Saboteur,
    name: str,
    path: str,
    service: str,
    *,
    host: str = "",
    tls: list[dict[str, Any]] | None = None,
    annotations: dict[str, str] | None = None,
) -> None:
    """Create an Ingress with one path."""
    backend = {"service": {"name": service, "port": {"name": "http"}}}
    rule: dict[str, Any] = {
        "http": {"paths": [{"path": path, "pathType": "Prefix", "backend": backend}]}
    }
    spec: dict[str, Any] = {
        "ingressClassName": "nginx",
        "rules": [{**rule, "host": host} if host else rule],
    }
    saboteur.create(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": name, "annotations": annotations or {}},
            "spec": {**spec, "tls": tls} if tls else spec,
        }
    )


def _add(saboteur: Saboteur, target: str, path: str, value: object) -> None:
    change = [{"op": "add", "path": path, "value": value}]
    saboteur.patch(target, change, kind="json", namespace=_INGRESS)
