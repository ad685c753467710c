"""Sound changes of a running system: other shapes that a team's own system may have."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.pods import hardened_container, hardened_pod
from controls.control import sound

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_ASIDE = "aside"
_METRICS = {"name": "metrics", "port": 9100, "targetPort": 9100}
_STANDARD = "pod-security.kubernetes.io"


@sound("TASK-001-AC-4", "Visitors are served while one backend pod is lost")
@sound("TASK-001-AC-5", "Visitors are served while one frontend pod is lost")
@sound("TASK-001-AC-7", "The backend reports not ready while the database is down")
@sound("TASK-001-DOD-8", "A deleted checkout is restored by following the runbook")
@sound(
    "TASK-002-DOD-5",
    "A suspicious pod is contained and removed, its evidence preserved, and visitors are served",
)
def a_spare_scaled_to_zero(saboteur: Saboteur) -> None:
    """Keep a canary beside the backend that wants no pod now."""
    name = {"app.kubernetes.io/name": "backend-canary"}
    image = _containers(saboteur, "deployment/backend")[0]["image"]
    template = {
        "metadata": {"labels": name},
        "spec": {"containers": [hardened_container("backend", image, ["sleep", "60"])]},
    }
    saboteur.create(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "backend-canary"},
            "spec": {"replicas": 0, "selector": {"matchLabels": name}, "template": template},
        }
    )


@sound("TASK-001-AC-1", "A pod scheduled now runs and resolves a service by name")
@sound("TASK-001-AC-2", "The database accepts the configured credentials and refuses others")
@sound("TASK-001-AC-7", "Every container has its probes and passes them")
@sound("TASK-002-AC-2", "A stolen token of a pod permits nothing")
@sound(
    "TASK-002-DOD-5",
    "A suspicious pod is contained and removed, its evidence preserved, and visitors are served",
)
def a_sidecar_before_the_backend(saboteur: Saboteur) -> None:
    """List a sidecar without Python before the backend's own container, as a mesh may do."""
    _add_first(saboteur, "deployment/backend")


@sound("TASK-001-AC-3", "The database keeps its data on a bound volume")
@sound("TASK-001-AC-3", "A checkout survives the loss of the database pod")
@sound("TASK-001-AC-2", "The database accepts the configured credentials and refuses others")
def a_sidecar_before_the_database(saboteur: Saboteur) -> None:
    """List a sidecar without PostgreSQL before the database's own container."""
    _add_first(saboteur, "statefulset/database")


@sound("TASK-001-AC-4", "Each ready backend pod answers with its own name")
@sound("TASK-001-AC-4", "Visitors reach every backend pod")
def metrics_first_in_the_backends_service(saboteur: Saboteur) -> None:
    """Give the backend's Service a port for metrics, and list it first."""
    _metrics_first(saboteur, "service/backend")


@sound("TASK-001-AC-2", "The database accepts the configured credentials and refuses others")
def metrics_first_in_the_databases_service(saboteur: Saboteur) -> None:
    """Give the database's Service a port for metrics, and list it first."""
    _metrics_first(saboteur, "service/database")


@sound("TASK-002-AC-3", "Visitors can trust the certificate")
@sound("TASK-002-AC-3", "A certificate is renewed without downtime")
@sound("TASK-002-AC-3", "Every published host has a certificate for its name")
def a_certificate_for_two_names(saboteur: Saboteur) -> None:
    """Let the certificate be for www. as well."""
    other = f"www.{saboteur.system.host}"
    saboteur.afterwards("wait", "certificate/checkout-tls", *_issued())
    add = {"op": "add", "path": "/spec/tls/0/hosts/-", "value": other}
    saboteur.patch("ingress/checkout", [add], kind="json")
    named = f"--for=jsonpath={{.spec.dnsNames[1]}}={other}"
    saboteur.kubectl("wait", "certificate/checkout-tls", named, "--timeout=60s")
    saboteur.kubectl("wait", "certificate/checkout-tls", *_issued())


@sound("TASK-001-AC-2", "Every key that a pod uses is configured and has a real value")
@sound("TASK-001-AC-2", "No secret value shows where it does not belong")
def names_and_a_short_secret_in_a_secret(saboteur: Saboteur) -> None:
    """Keep the names of the login and of the database in a Secret too, beside a PIN."""
    names = {"username": saboteur.database_user(), "database": "checkout", "PIN": "4711"}
    saboteur.create(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "reporting-login"},
            "stringData": names,
        }
    )


@sound("TASK-002-AC-4", "Admission refuses every pod that the restricted standard forbids")
def the_newest_standard(saboteur: Saboteur) -> None:
    """Enforce the standard in the version that the cluster itself has."""
    labels = {f"{_STANDARD}/enforce-version": "latest"}
    saboteur.patch(f"namespace/{saboteur.system.namespace}", {"metadata": {"labels": labels}})


@sound("TASK-002-AC-4", "Admission refuses every pod that the restricted standard forbids")
@sound("TASK-001-AC-1", "A pod scheduled now runs and resolves a service by name")
def a_policy_of_the_cluster(saboteur: Saboteur) -> None:
    """Let the cluster itself forbid every pod to share the node's processes."""
    name, api = "no-host-processes", "admissionregistration.k8s.io/v1"
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["pods"],
    }
    allowed = "!has(object.spec.hostPID) || !object.spec.hostPID"
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": allowed, "message": "hostPID is for nobody"}],
    }
    metadata = {"metadata": {"name": name}}
    policy = {"apiVersion": api, "kind": "ValidatingAdmissionPolicy", **metadata, "spec": spec}
    bound = {"policyName": name, "validationActions": ["Deny"]}
    saboteur.create(policy)
    kind = "ValidatingAdmissionPolicyBinding"
    saboteur.create({"apiVersion": api, "kind": kind, **metadata, "spec": bound})
    image = _containers(saboteur, "deployment/backend")[0]["image"]
    forbidden = hardened_pod("sharing", image, ["true"], labels={}, spec={"hostPID": True})
    saboteur.await_refusal(forbidden, namespace="default")


@sound(
    "TASK-001-DOD-5",
    "A new staging environment runs the release and serves visitors",
    expects="There is no staging overlay",
    verdict="unverified",
)
def no_staging_overlay(saboteur: Saboteur) -> None:
    """Have no staging environment."""
    shutil.rmtree(saboteur.repository() / "manifests" / "overlays" / "staging")


def _issued() -> tuple[str, str]:
    return "--for=condition=Ready", "--timeout=60s"


def _definition(saboteur: Saboteur, target: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(saboteur.kubectl("get", target, "--output=json"))
    return found


def _containers(saboteur: Saboteur, workload: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _definition(saboteur, workload)["spec"]["template"]["spec"][
        "containers"
    ]
    return found


def _add_first(saboteur: Saboteur, workload: str) -> None:
    """Add a container that only waits before all others, and wait for the pods."""
    image = _containers(saboteur, "deployment/frontend")[0]["image"]
    # The first process of a container is not ended by a signal that it does not handle.
    aside = hardened_container(_ASIDE, image, ["sh", "-c", "trap exit TERM; sleep 86400 & wait"])
    containers = [aside, *_containers(saboteur, workload)]
    # A merge patch leaves the other annotations and replaces the whole list.
    annotations = {f"checkout.probes/{_ASIDE}": "it only waits and serves nobody at all"}
    template = {"metadata": {"annotations": annotations}, "spec": {"containers": containers}}
    saboteur.patch(workload, {"spec": {"template": template}}, kind="merge")
    saboteur.settle()


def _metrics_first(saboteur: Saboteur, service: str) -> None:
    ports = [_METRICS, *_definition(saboteur, service)["spec"]["ports"]]
    saboteur.patch(service, {"spec": {"ports": ports}}, kind="merge")
