from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.build.manifests import RUN_LABEL, render
from acceptance.deployment.trust import (
    RESTARTS,
    TRUSTED_IN,
    certificates_of,
    restart_readers,
    trusted_authorities,
    wake_kubelets,
)
from acceptance.drivers.kubernetes.connection import Refused
from acceptance.errors import SystemFailure
from acceptance.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.build.manifests import Manifest

CERTIFICATE: Manifest = {
    "kind": "Certificate",
    "metadata": {"name": "c", "namespace": "here", "annotations": {TRUSTED_IN: "there elsewhere"}},
    "spec": {"secretName": "store-tls"},
}


class Issued:
    """A cluster with one Secret, or with none."""

    def __init__(self, authority: str) -> None:
        """Have a Secret with this authority."""
        self._authority = base64.b64encode(authority.encode()).decode()

    def read(self, path: str) -> dict[str, Any] | None:
        """Return the Secret."""
        assert path == "/api/v1/namespaces/here/secrets/store-tls"
        return {"data": {"ca.crt": self._authority, "tls.key": "x"}} if self._authority else None


def test_those_who_are_named_get_the_authority_and_no_key() -> None:
    """A ConfigMap for each namespace, which belongs to the run."""
    cluster: Any = Issued("PEM")
    found = trusted_authorities(cluster, [CERTIFICATE], "run", timeout=1)
    assert [each["metadata"]["namespace"] for each in found] == ["there", "elsewhere"]
    for each in found:
        assert each["kind"] == "ConfigMap"
        assert each["metadata"]["name"] == "store-authority"
        assert each["metadata"]["labels"] == {RUN_LABEL: "run"}
        assert each["data"] == {"ca.crt": "PEM"}


def test_a_certificate_that_nobody_else_trusts_is_not_waited_for() -> None:
    """Other kinds are not either."""
    cluster: Any = Issued("")
    own = {**CERTIFICATE, "metadata": {"name": "c", "namespace": "here"}}
    assert trusted_authorities(cluster, [own, {"kind": "Secret"}], "run", timeout=0.01) == ()


def test_a_certificate_that_is_not_issued_is_named() -> None:
    """The deployment fails, and says what to look at."""
    cluster: Any = Issued("")
    with pytest.raises(SystemFailure, match="here/store-tls"):
        trusted_authorities(cluster, [CERTIFICATE], "run", timeout=0.01)


class Mounting:
    """A cluster whose pods mount a ConfigMap, or another one; notes what is changed."""

    def __init__(self, *, gone: bool = False) -> None:
        """Refuse to change a pod if it is gone."""
        self._gone = gone
        self.changed: list[tuple[str, Any]] = []

    def items(self, path: str) -> list[Any]:
        """Return two pods."""
        assert path == "/api/v1/namespaces/there/pods"
        mounts = {"old": "store-authority", "other": "options"}
        return [
            {"metadata": {"name": pod}, "spec": {"volumes": [{"configMap": {"name": name}}]}}
            for pod, name in mounts.items()
        ]

    def patch(self, path: str, change: Any) -> None:  # noqa: ANN401 (a part of an object)
        """Note a change."""
        if self._gone and "/pods/" in path:
            raise Refused("not found")
        self.changed.append((path, change))


def handed(authority: str) -> Manifest:
    """A ConfigMap with an authority."""
    metadata = {"name": "store-authority", "namespace": "there"}
    return {"kind": "ConfigMap", "metadata": metadata, "data": {"ca.crt": authority}}


def test_authorities_that_are_trusted_alike_are_in_one_file() -> None:
    """Two senders of two namespaces, whose Certificates have one name."""
    cluster: Any = Issued("PEM\n")
    found = trusted_authorities(cluster, [CERTIFICATE, CERTIFICATE], "run", timeout=1)
    assert [each["metadata"]["namespace"] for each in found] == ["there", "elsewhere"]
    assert [each["data"]["ca.crt"] for each in found] == ["PEM\nPEM\n"] * 2


def test_pods_that_were_there_before_learn_of_an_authority() -> None:
    """Only those that mount it; a pod that is gone meanwhile is no error."""
    cluster: Any = Mounting()
    wake_kubelets(cluster, [handed("PEM")])
    ((path, change),) = cluster.changed
    assert path == "/api/v1/namespaces/there/pods/old"
    assert list(change["metadata"]) == ["annotations"]
    gone: Any = Mounting(gone=True)
    wake_kubelets(gone, [handed("PEM")])
    assert gone.changed == []


def test_a_program_that_reads_at_its_start_gets_new_pods_once_for_an_authority() -> None:
    """The same authority makes the same template, so nothing is restarted again."""
    annotations = {RESTARTS: "proxy"}
    reader = {**CERTIFICATE, "metadata": {"namespace": "here", "annotations": annotations}}
    nothing: Any = Mounting()
    assert restart_readers(nothing, [CERTIFICATE, {"kind": "Secret"}], [handed("PEM")]) == ()
    assert nothing.changed == []
    templates = []
    for authority in ("PEM", "PEM", "OTHER"):
        cluster: Any = Mounting()
        assert restart_readers(cluster, [CERTIFICATE, reader], [handed(authority)]) == ("here",)
        ((path, change),) = cluster.changed
        assert path == "/apis/apps/v1/namespaces/here/deployments/proxy"
        templates.append(change["spec"]["template"])
    assert templates[0] == templates[1] != templates[2]


@pytest.mark.parametrize("name", ["embedded", "k3d", "production"])
def test_senders_and_jaeger_trust_each_other(name: str) -> None:
    """The names in the manifests fit: of Certificates, ConfigMaps, Secrets and the Service."""
    manifests = ROOT / "manifests"
    objects = render(manifests / "overlays" / name / "traces", {})
    certificates = {
        (each["metadata"]["namespace"], each["spec"]["secretName"]): each
        for each in objects
        if each["kind"] == "Certificate"
    }
    store = certificates["monitoring", "trace-store-tls"]
    assert store["spec"]["dnsNames"] == ["jaeger.monitoring.svc"]
    assert store["metadata"]["annotations"][TRUSTED_IN].split() == ["checkout", "ingress"]
    for namespace, folder, workload in (
        ("checkout", "overlays/embedded", "backend"),
        ("ingress", "platform/traefik", "traefik"),
    ):
        sender = certificates[namespace, "trace-sender-tls"]
        assert sender["metadata"]["annotations"][TRUSTED_IN] == "monitoring"
        volumes = _volumes(render(manifests / folder, {}), workload)
        assert volumes["trace-store"]["configMap"] == {
            "name": "trace-store-authority",
            "optional": True,
        }
        assert volumes["trace-sender"]["secret"]["secretName"] == "trace-sender-tls"
        assert volumes["trace-sender"]["secret"]["optional"]
    volumes = _volumes(objects, "jaeger")
    assert volumes["senders"]["configMap"] == {"name": "trace-sender-authority"}
    assert volumes["certificate"]["secret"] == {"secretName": "trace-store-tls"}
    assert certificates["ingress", "trace-sender-tls"]["metadata"]["annotations"][RESTARTS] == (
        "traefik"
    )
    (passing_on,) = [each for each in objects if each["kind"] == "Ingress"]
    annotations = passing_on["metadata"]["annotations"]
    of_nginx = "nginx.ingress.kubernetes.io"
    namespace, _, secret = annotations[f"{of_nginx}/proxy-ssl-secret"].partition("/")
    assert (namespace, secret) in certificates
    assert annotations[f"{of_nginx}/proxy-ssl-name"] in store["spec"]["dnsNames"]
    assert annotations[f"{of_nginx}/proxy-ssl-verify"] == "on"


def _volumes(objects: Sequence[Manifest], workload: str) -> dict[str, Any]:
    (found,) = [
        each
        for each in objects
        if each["kind"] == "Deployment" and each["metadata"]["name"] == workload
    ]
    return {each["name"]: each for each in found["spec"]["template"]["spec"]["volumes"]}


@pytest.mark.parametrize("name", ["embedded", "k3d", "production"])
def test_the_shipper_trusts_what_the_store_shows(name: str) -> None:
    """The names in the manifests fit: of the Certificate, the ConfigMap and the Service."""
    objects = render(ROOT / "manifests" / "overlays" / name / "logs", {})
    (certificate,) = [
        each
        for each in objects
        if each["kind"] == "Certificate" and each["spec"]["secretName"] == "log-store-tls"
    ]
    (shipper,) = [each for each in objects if each["kind"] == "DaemonSet"]
    assert certificate["metadata"]["annotations"][TRUSTED_IN] == shipper["metadata"]["namespace"]
    volumes = shipper["spec"]["template"]["spec"]["volumes"]
    assert {"name": "authority", "configMap": {"name": "log-store-authority"}} in volumes
    (service,) = [
        each
        for each in objects
        if each["kind"] == "Service" and each["metadata"]["name"].endswith("search")
    ]
    host = f"{service['metadata']['name']}.monitoring.svc"
    assert host in certificate["spec"]["dnsNames"]
    assert service["spec"]["ports"][0]["appProtocol"] == "https"


def test_a_pod_that_runs_already_gets_the_authority_at_once() -> None:
    """Its kubelet is woken, however the pod mounts it; others are left alone."""
    patched: list[tuple[str, str]] = []
    joined = {
        "projected": {"sources": [{"secret": {}}, {"configMap": {"name": "store-authority"}}]}
    }
    by_itself = {"configMap": {"name": "store-authority"}}

    class Pods:
        def items(self, path: str) -> list[Any]:
            assert path == "/api/v1/namespaces/there/pods"
            volumes = {"db-0": [joined], "a": [by_itself], "b": []}
            return [
                {"metadata": {"name": name}, "spec": {"volumes": own}}
                for name, own in volumes.items()
            ]

        def patch(self, path: str, change: dict[str, Any]) -> None:
            (annotation,) = change["metadata"]["annotations"].values()
            patched.append((path.rsplit("/", 1)[1], annotation))

    cluster: Any = Pods()
    for text in ("PEM", "PEM", "other"):
        metadata = {"name": "store-authority", "namespace": "there"}
        wake_kubelets(cluster, [{"metadata": metadata, "data": {"ca.crt": text}}])
    assert [name for name, _ in patched] == ["db-0", "a"] * 3
    assert patched[:2] == patched[2:4] != patched[4:]


@pytest.mark.parametrize("there", [True, False])
def test_the_certificates_of_the_system_are_those_of_the_cluster(there: bool) -> None:
    """The system was deployed before; without cert-manager there are none."""

    class Cluster:
        def exists(self, path: str) -> bool:
            assert path == "/apis/cert-manager.io/v1"
            return there

        def items(self, path: str) -> list[Any]:
            assert path.endswith("/namespaces/shop/certificates")
            return [{"metadata": {"name": "c"}}]

    cluster: Any = Cluster()
    found = certificates_of(cluster, "shop")
    assert [each["kind"] for each in found] == (["Certificate"] if there else [])


def test_prometheus_and_the_exporter_of_the_database_trust_each_other() -> None:
    """The names in the manifests fit: of Certificates, ConfigMaps and the host."""
    system = render(ROOT / "manifests" / "overlays" / "embedded", {})
    metrics = render(ROOT / "manifests" / "overlays" / "embedded" / "metrics", {})

    def one(objects: tuple[Manifest, ...], kind: str, name: str) -> Manifest:
        (found,) = [e for e in objects if (e["kind"], e["metadata"]["name"]) == (kind, name)]
        return found

    database = one(system, "StatefulSet", "database")["spec"]["template"]["spec"]
    prometheus = one(metrics, "Deployment", "prometheus")["spec"]["template"]["spec"]
    server = one(system, "Certificate", "database-metrics")
    client = one(metrics, "Certificate", "prometheus-client")
    assert server["metadata"]["annotations"][TRUSTED_IN] == "monitoring"
    assert client["metadata"]["annotations"][TRUSTED_IN] == server["metadata"]["namespace"]
    trusted = {"name": "database-metrics-authority"}
    assert {"name": "database-authority", "configMap": trusted} in prometheus["volumes"]
    (volume,) = [each for each in database["volumes"] if each["name"] == "metrics-tls"]
    assert [*volume["projected"]["sources"]] == [
        {"secret": {"name": server["spec"]["secretName"]}},
        {"configMap": {"name": "prometheus-client-authority", "optional": True}},
    ]
    scrape = (ROOT / "manifests/components/prometheus/scrape.yaml").read_text()
    assert f"server_name: {server['spec']['dnsNames'][0]}" in scrape
