from __future__ import annotations

import copy
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from acceptance.build import manifests
from acceptance.build.manifests import (
    Manifest,
    generate_secret,
    name_of,
    overlays,
    render,
    secrets_for,
)
from acceptance.deployment.stacks import STACKS
from acceptance.errors import BrokenInput
from acceptance.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

SYSTEM = ROOT / "manifests/overlays/embedded"
HELLO = ROOT / "manifests/examples/hello"
# What has no server inside that a probe could ask.
WITHOUT_PROBES = {"local-path-provisioner"}


@cache
def rendered(overlay: Path) -> tuple[Manifest, ...]:
    """Return the objects of an overlay, which nobody changes."""
    return render(overlay, {})


@pytest.fixture(scope="module")
def system() -> tuple[Manifest, ...]:
    """The objects of the reference system."""
    return rendered(SYSTEM)


def of_kind(objects: tuple[Manifest, ...], kind: str) -> list[Manifest]:
    """Return the objects of a kind."""
    return [found for found in objects if found["kind"] == kind]


def workloads(objects: tuple[Manifest, ...]) -> Iterator[tuple[str, Manifest]]:
    """Yield the name and the pod of each workload."""
    for kind in ("Deployment", "StatefulSet"):
        for found in of_kind(objects, kind):
            yield found["metadata"]["name"], found["spec"]["template"]["spec"]


@pytest.mark.parametrize("overlay", overlays(), ids=lambda path: path.name)
def test_every_container_keeps_the_policy(overlay: Path) -> None:
    """Probes, requests, limits and a confined process, in every container of every overlay."""
    for name, pod in workloads(rendered(overlay)):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["containers"]
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert set(container["resources"]) == {"requests", "limits"}
            for amounts in container["resources"].values():
                assert set(amounts) == {"cpu", "memory"}
        for container in pod["containers"]:
            if name not in WITHOUT_PROBES:
                assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)


def test_nothing_is_let_through_by_default(system: tuple[Manifest, ...]) -> None:
    """One policy closes every pod both ways, and no other one opens a whole namespace."""
    policies = {p["metadata"]["name"]: p["spec"] for p in of_kind(system, "NetworkPolicy")}
    assert policies.pop("default-deny") == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    assert len(policies) == 8
    for spec in policies.values():
        assert spec["podSelector"]
        for rule in [*spec.get("ingress", []), *spec.get("egress", [])]:
            assert rule["ports"]
            assert all(peer.get("podSelector") for peer in rule.get("from", rule.get("to")))


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("driver", ["embedded", "k3d", "production"])
def test_no_policy_of_the_monitoring_opens_a_namespace(driver: str, stack: str) -> None:
    """Each selects its pods, names ports, and lets in or out only pods that it names."""
    found = of_kind(rendered(ROOT / f"manifests/overlays/{driver}/{stack}"), "NetworkPolicy")
    policies = [each for each in found if each["metadata"]["name"] != "default-deny"]
    assert len(policies) < len(found), "nothing is denied by default"
    for policy in policies:
        spec = policy["spec"]
        assert spec["podSelector"], policy["metadata"]["name"]
        for rule in spec.get("ingress", []):
            assert all(peer["podSelector"] for peer in rule["from"]), policy["metadata"]["name"]
        for rule in [*spec.get("ingress", []), *spec.get("egress", [])]:
            assert rule["ports"], policy["metadata"]["name"]
            assert all(peer["podSelector"] for peer in rule.get("to", []))


def test_the_system_is_complete(system: tuple[Manifest, ...]) -> None:
    """Both web workloads have two replicas, a budget, and a rollout that never takes one away."""
    assert [name for name, _ in workloads(system)] == ["backend", "frontend", "database"]
    deployments = of_kind(system, "Deployment")
    budgets = {b["metadata"]["name"]: b["spec"] for b in of_kind(system, "PodDisruptionBudget")}
    assert len(deployments) == 2
    for found in deployments:
        spec = found["spec"]
        assert spec["replicas"] == 2
        assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
        budget = budgets[found["metadata"]["name"]]
        assert budget["minAvailable"] == 1
        assert budget["selector"] == spec["selector"]
        pod = spec["template"]["spec"]
        pause = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pause < pod["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("overlay", [SYSTEM, HELLO], ids=lambda path: path.name)
def test_no_secret_is_committed_and_all_are_named(overlay: Path) -> None:
    """What pods take from Secrets is what SECRET_KEYS names, and the values are made anew."""
    objects = rendered(overlay)
    first, second = secrets_for(objects)[0], secrets_for(objects)[0]
    assert not of_kind(objects, "Secret")
    assert first["metadata"]["namespace"] == objects[0]["metadata"]["name"]
    assert first["stringData"].keys() == second["stringData"].keys()
    for key, value in first["stringData"].items():
        assert len(value) == 43
        assert value != second["stringData"][key]


def test_render_sets_images_label_and_namespace() -> None:
    """A run's images, label and namespace reach every object and pod; other images stay."""
    run = "5e654321"  # which some take for a number
    images = {
        "localhost/checkout-backend": f"localhost/checkout-backend:1a2b@sha256:{'1' * 64}",
        "localhost/checkout-frontend": "mirror.internal:5000/f@sha256:" + "0" * 64,
        "localhost/checkout-database": "mirror.internal:5000/d",
    }
    objects = render(SYSTEM, images, run, "elsewhere")
    assert of_kind(objects, "Namespace")[0]["metadata"]["name"] == "elsewhere"
    for found in objects:
        assert found["metadata"]["labels"][manifests.RUN_LABEL] == run
        assert found["kind"] == "Namespace" or found["metadata"]["namespace"] == "elsewhere"
    pods = dict(workloads(objects))
    assert pods["backend"]["initContainers"][0]["image"] == images["localhost/checkout-backend"]
    assert pods["frontend"]["containers"][0]["image"] == images["localhost/checkout-frontend"]
    assert pods["database"]["containers"][0]["image"] == images["localhost/checkout-database"]
    for kind in ("Deployment", "StatefulSet"):
        for found in of_kind(objects, kind):
            labels = found["spec"]["template"]["metadata"]["labels"]
            assert labels[manifests.RUN_LABEL] == run
            assert manifests.RUN_LABEL not in found["spec"]["selector"]["matchLabels"]
    assert secrets_for(objects)[0]["metadata"]["labels"][manifests.RUN_LABEL] == run


def test_an_image_that_nothing_uses_is_refused() -> None:
    """A misspelt image name is an error, not an image that silently stays the old one."""
    with pytest.raises(BrokenInput, match="uses no image localhost/chekout"):
        render(SYSTEM, {"localhost/chekout": "localhost/chekout:1"})


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the small system, to be broken."""
    return Path(shutil.copytree(HELLO, tmp_path / "hello"))


def test_broken_yaml_names_file_and_cause(copied: Path) -> None:
    """One sentence with the overlay, the file and what is wrong there."""
    (copied / "web.yaml").write_text("apiVersion: v1\nkind: [\n", encoding="utf-8")
    with pytest.raises(BrokenInput) as caught:
        render(copied, {})
    assert str(copied) in caught.value.message
    assert "web.yaml" in caught.value.message
    assert "yaml: line" in caught.value.message
    assert "\n" not in caught.value.message


def test_a_missing_file_is_named(copied: Path) -> None:
    """A resource that is not there is called by its name."""
    (copied / "configmap.yaml").unlink()
    with pytest.raises(BrokenInput, match=r"configmap\.yaml"):
        render(copied, {})


def test_what_is_no_overlay_is_said(tmp_path: Path) -> None:
    """A folder without kustomization.yaml is refused before kubectl runs."""
    with pytest.raises(BrokenInput, match=r"has no kustomization\.yaml"):
        render(tmp_path, {})


def test_an_empty_overlay_is_refused(tmp_path: Path) -> None:
    """To deploy nothing is an error: everything would be proved about it."""
    (tmp_path / "kustomization.yaml").write_text("resources: []\n", encoding="utf-8")
    with pytest.raises(BrokenInput, match=r"rendered|no object"):
        render(tmp_path, {})


def test_no_overlays_are_an_error(tmp_path: Path) -> None:
    """A check that found nothing to look at has not passed."""
    with pytest.raises(BrokenInput, match="no overlay"):
        overlays(tmp_path)


def test_a_key_that_nobody_names_is_refused(system: tuple[Manifest, ...]) -> None:
    """A pod that asks for a key outside SECRET_KEYS would never start."""
    broken = copy.deepcopy(system)
    config = of_kind(broken, "ConfigMap")[0]
    config["data"]["SECRET_KEYS"] = "DATABASE_PASSWORD"
    with pytest.raises(BrokenInput, match="uses the key SIGNING_KEY"):
        secrets_for(broken)


def test_a_committed_secret_is_refused(system: tuple[Manifest, ...]) -> None:
    """A Secret in a file is an error, whatever its values."""
    with pytest.raises(BrokenInput, match="Secret mine is in the manifests"):
        secrets_for((*system, {"kind": "Secret", "metadata": {"name": "mine"}}))


def test_a_key_that_two_name_has_one_value() -> None:
    """A password that is set in one namespace and used in another is the same."""

    def config(name: str, keys: str) -> Manifest:
        metadata = {"name": f"{name}-config", "namespace": name}
        return {"kind": "ConfigMap", "metadata": metadata, "data": {"SECRET_KEYS": keys}}

    store, shipper = secrets_for([config("store", "shipper reader"), config("agents", "shipper")])
    assert store["metadata"]["namespace"] != shipper["metadata"]["namespace"]
    assert store["stringData"]["shipper"] == shipper["stringData"]["shipper"]
    assert len(set(store["stringData"].values())) == 2


def test_no_keys_is_an_error() -> None:
    """A Secret without keys is never what was meant."""
    with pytest.raises(BrokenInput, match="names no secret key"):
        generate_secret({"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {}})


def test_an_image_has_a_name_without_tag_and_digest() -> None:
    """The port of a registry is not a tag."""
    digest = "@sha256:" + "0" * 64
    for reference in ("a:5000/b", "a:5000/b:1", f"a:5000/b{digest}", f"a:5000/b:1{digest}"):
        assert name_of(reference) == "a:5000/b"
