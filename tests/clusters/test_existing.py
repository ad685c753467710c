from __future__ import annotations

import os
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from acceptance.build.manifests import RUN_LABEL
from acceptance.clusters.existing import ExistingCluster, named_context
from acceptance.clusters.nodes import open_client
from acceptance.clusters.ownership import adopt, delete_owned
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.progress import Progress
from acceptance.settings import Settings, Timeouts, load_settings
from tests.fakes.kubernetes_api import FakeApi

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = load_settings(Path(__file__).parents[2])
MINE = {RUN_LABEL: "run1"}
OTHERS = {RUN_LABEL: "run2"}


@pytest.fixture
def quiet() -> Iterator[Progress]:
    """Progress that nobody sees."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        yield Progress(1, stream=nowhere)


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    """An API server with one Ready node, a neighbour's namespaces, and its kubeconfig."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    fake = FakeApi()
    fake.node("server", ready=True)
    fake.put("api/v1/namespaces/kube-system")
    fake.put("api/v1/namespaces/checkout")
    fake.put("api/v1/namespaces/checkout-run2", labels=OTHERS)
    fake.put("apis/rbac.authorization.k8s.io/v1/clusterroles/theirs", labels=OTHERS)
    with fake as port:
        fake.kubeconfig(tmp_path / "config", port)
        yield fake


def _settings(folder: Path, context: str | None = "this") -> Settings:
    timeouts = replace(Timeouts(), cluster_start=2.0, cluster_stop=0.3, api=2.0)
    return replace(
        SETTINGS, kubeconfig=folder / "config", context=context, host="localhost", timeouts=timeouts
    )


def _cluster(folder: Path, **more: Any) -> ExistingCluster:  # noqa: ANN401
    return ExistingCluster(_settings(folder), run_id="run1", **more)


def test_start_makes_a_namespace_of_the_runs_own_and_stop_deletes_it(
    api: FakeApi, tmp_path: Path, quiet: Progress
) -> None:
    """The facts are of the named context, not of the current one; the neighbours stay."""
    before = dict(api.objects)
    cluster = _cluster(tmp_path)
    facts = cluster.start(quiet)
    assert cluster.namespace == "checkout-run1"
    assert api.objects["api/v1/namespaces/checkout-run1"]["metadata"]["labels"] == MINE
    assert (facts.context, facts.flavour, facts.version) == ("this", "k3s", "v1.34.4+k3s1")
    assert (facts.address, facts.http_port, facts.https_port) == ("127.0.0.1", 80, 443)
    assert facts.kubeconfig.stat().st_mode & 0o077 == 0
    assert [each["name"] for each in yaml.safe_load(facts.kubeconfig.read_text())["contexts"]] == [
        "this"
    ]
    cluster.stop()
    cluster.stop()
    assert api.objects == before
    assert api.requests == [
        "POST api/v1/namespaces/checkout-run1",
        "DELETE api/v1/namespaces/checkout-run1",
    ]
    assert not facts.kubeconfig.exists()


def test_only_what_carries_this_runs_label_is_deleted(api: FakeApi, tmp_path: Path) -> None:
    """Namespaces and cluster-wide objects without the label, or with another run's, stay."""
    api.put("api/v1/namespaces/checkout-run1", labels=MINE)
    api.put("apis/rbac.authorization.k8s.io/v1/clusterroles/mine", labels=MINE)
    api.put("apis/networking.k8s.io/v1/ingressclasses/nginx")
    with open_client(tmp_path / "config", "this") as client:
        gone = delete_owned(client, "run1", request_timeout=2, timeout=1)
    assert [str(each) for each in gone] == ["namespaces/checkout-run1", "clusterroles/mine"]
    assert sorted(api.objects) == [
        "api/v1/namespaces/checkout",
        "api/v1/namespaces/checkout-run2",
        "api/v1/namespaces/kube-system",
        "api/v1/nodes/server",
        "apis/networking.k8s.io/v1/ingressclasses/nginx",
        "apis/rbac.authorization.k8s.io/v1/clusterroles/theirs",
    ]


def test_a_server_that_ignores_the_selector_loses_nothing(api: FakeApi, tmp_path: Path) -> None:
    """What is listed is looked at again before it is deleted."""
    api.deaf = True
    with open_client(tmp_path / "config", "this") as client:
        assert delete_owned(client, "run1", request_timeout=2, timeout=1) == ()
    assert api.requests == []


def test_a_namespace_made_anew_meanwhile_is_not_deleted(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deletion names the object by its uid: one of the same name made later is another."""
    path = "api/v1/namespaces/checkout-run1"
    old = api.put(path, labels=MINE)
    listed = {**old, "metadata": {**old["metadata"], "uid": "uid-of-the-old-one"}}
    looks = iter([[listed], []])
    monkeypatch.setattr(
        "acceptance.clusters.ownership._call", _answering("GET", "namespaces", looks)
    )
    with open_client(tmp_path / "config", "this") as client:
        delete_owned(client, "run1", request_timeout=2, timeout=1)
    assert api.requests == [f"DELETE {path}"]
    assert api.objects[path] is old


def _answering(method: str, end: str, answers: Iterator[list[Any]]) -> Any:  # noqa: ANN401
    from acceptance.clusters import ownership  # noqa: PLC0415

    real = ownership._call

    def call(client: Any, asked: str, path: str, *rest: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        if asked == method and path.endswith(end):
            return {"items": next(answers)}
        return real(client, asked, path, *rest, **more)

    return call


def test_a_list_that_is_forbidden_is_not_an_empty_one(
    api: FakeApi, tmp_path: Path, quiet: Progress
) -> None:
    """Where it cannot be seen that nothing stays, the run says so and how to look."""
    cluster = _cluster(tmp_path)
    cluster.start(quiet)
    api.forbidden.add("api/v1/namespaces")
    with pytest.raises(EnvironmentFailure, match=r"may still exist: .* 403") as caught:
        cluster.stop()
    assert f"kubectl delete namespaces -l {RUN_LABEL}=run1" in caught.value.message


def test_a_namespace_that_does_not_go_is_named(
    api: FakeApi, tmp_path: Path, quiet: Progress
) -> None:
    """A finalizer that keeps it is nothing that the run may hide."""
    cluster = _cluster(tmp_path)
    cluster.start(quiet)
    api.stuck.add("api/v1/namespaces/checkout-run1")
    with pytest.raises(EnvironmentFailure, match="still there: namespaces/checkout-run1"):
        cluster.stop()


def test_keep_leaves_the_namespace(api: FakeApi, tmp_path: Path, quiet: Progress) -> None:
    """With --keep-cluster nothing is deleted."""
    cluster = _cluster(tmp_path, keep=True)
    cluster.start(quiet)
    cluster.stop()
    assert "api/v1/namespaces/checkout-run1" in api.objects


def test_a_namespace_that_is_there_already_is_not_taken_over(
    api: FakeApi, tmp_path: Path, quiet: Progress
) -> None:
    """Not even one with the right label: this run did not make it, so it does not delete it."""
    api.put("api/v1/namespaces/checkout-run1", labels=MINE)
    cluster = _cluster(tmp_path)
    with pytest.raises(EnvironmentFailure, match=r"exists already and is not this run's"):
        cluster.start(quiet)
    cluster.stop()
    assert "api/v1/namespaces/checkout-run1" in api.objects


def test_start_is_woken_by_the_watch_when_the_node_gets_ready(
    api: FakeApi, tmp_path: Path, quiet: Progress
) -> None:
    """The change is noticed by its event, well before the next look that needs none."""
    api.node("server", ready=False)
    threading.Timer(0.3, lambda: api.node("server", ready=True)).start()
    _cluster(tmp_path).start(quiet)
    assert quiet.phases["Connect to the cluster of the context this"] < 1.5
    assert len(quiet.phases) == ExistingCluster.steps


def test_nodes_that_may_not_be_listed_end_the_wait_at_once(
    api: FakeApi, tmp_path: Path, quiet: Progress
) -> None:
    """Rights do not come with time; the cause is told."""
    api.forbidden.add("api/v1/nodes")
    with pytest.raises(EnvironmentFailure, match=r"no longer possible .*403 Forbidden"):
        _cluster(tmp_path).start(quiet)


def test_a_server_that_does_not_answer_is_an_environment_failure(
    api: FakeApi, tmp_path: Path, quiet: Progress
) -> None:
    """The last fact and a command to try; nothing is created, no copy of credentials stays."""
    settings = replace(
        _settings(tmp_path, "other"), timeouts=replace(Timeouts(), cluster_start=0.2, api=1.0)
    )
    with pytest.raises(EnvironmentFailure, match="does not answer") as caught:
        ExistingCluster(settings, run_id="run1").start(quiet)
    assert "kubectl --context other get nodes" in caught.value.message
    assert api.requests == []
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


def test_a_context_that_was_not_named_is_refused(
    api: FakeApi, tmp_path: Path, quiet: Progress
) -> None:
    """The current context is never a substitute; the message lists what there is."""
    cluster = ExistingCluster(_settings(tmp_path, None), run_id="run1")
    with pytest.raises(BrokenInput, match=r"needs the name of a context\..* has: other, this\."):
        cluster.start(quiet)
    assert api.requests == []


def test_a_context_that_does_not_exist_is_told_with_those_that_do(
    api: FakeApi, tmp_path: Path, quiet: Progress
) -> None:
    """A typing error is seen at once."""
    cluster = ExistingCluster(_settings(tmp_path, "thsi"), run_id="run1")
    with pytest.raises(BrokenInput, match=r"has no context thsi\. It has: other, this\."):
        cluster.start(quiet)
    assert api.requests == []


@pytest.mark.parametrize("content", [None, "{", "- a list", "\xff"])
def test_a_kubeconfig_that_cannot_be_used_is_told(tmp_path: Path, content: str | None) -> None:
    """Missing, not YAML, not a mapping, not UTF-8: one sentence."""
    path = tmp_path / "config"
    if content is not None:
        path.write_bytes(content.encode("latin-1"))
    with pytest.raises(BrokenInput, match=r"config cannot be (read|used)"):
        named_context(path, "this")


def test_relative_certificate_paths_stay_right_in_the_private_kubeconfig(tmp_path: Path) -> None:
    """They are relative to the file that names them, which the copy is not beside."""
    config = {
        "clusters": [{"name": "c", "cluster": {"certificate-authority": "pki/ca.crt"}}],
        "users": [{"name": "u", "user": {"client-key": "/abs/me.key"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }
    (tmp_path / "config").write_text(yaml.safe_dump(config), encoding="utf-8")
    _, private = named_context(tmp_path / "config", "x")
    assert private["clusters"][0]["cluster"]["certificate-authority"] == str(
        tmp_path / "pki/ca.crt"
    )
    assert private["users"][0]["user"]["client-key"] == "/abs/me.key"


def test_a_host_without_an_address_is_told_before_anything_is_made(
    api: FakeApi, tmp_path: Path, quiet: Progress
) -> None:
    """Without an address nobody could visit the system."""

    def unknown(host: str) -> str:
        raise OSError(host)

    with pytest.raises(EnvironmentFailure, match="localhost has no address here"):
        _cluster(tmp_path, resolve=unknown).start(quiet)
    assert api.requests == []


def test_images_cannot_be_delivered_to_an_existing_cluster(tmp_path: Path) -> None:
    """It pulls its images itself; the remedy says what to set."""
    cluster = _cluster(tmp_path)
    cluster.deliver([])
    image = SimpleNamespace(reference="localhost/checkout-backend:3f", archive=None)
    with pytest.raises(BrokenInput, match=r"leave \[tool\.acceptance\.images\] empty"):
        cluster.deliver([image])


def test_a_long_namespace_still_makes_a_valid_name(tmp_path: Path) -> None:
    """At most 63 characters, and the run's id is never what is cut."""
    settings = replace(_settings(tmp_path), namespace="a" * 53 + "-b" * 5)
    name = ExistingCluster(settings, run_id="run1").namespace
    assert len(name) <= 63
    assert name.endswith("-run1")
    with pytest.raises(BrokenInput, match="cannot be a label"):
        ExistingCluster(settings, run_id="Run_1")


def test_adopted_manifests_carry_the_label_wherever_objects_come_from() -> None:
    """The object, its pods, its volume claims and its jobs; namespaces move with their subjects."""
    manifests: list[dict[str, Any]] = [
        {"kind": "Namespace", "metadata": {"name": "checkout"}},
        {
            "kind": "StatefulSet",
            "metadata": {"name": "database", "namespace": "checkout", "labels": {"a": "b"}},
            "spec": {"template": {"spec": {}}, "volumeClaimTemplates": [{"metadata": {}}]},
        },
        {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": {}}}}}},
        {
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "x"},
            "subjects": [{"kind": "ServiceAccount", "name": "s", "namespace": "checkout"}],
        },
    ]
    namespace, database, job, binding = adopt(manifests, "run1", {"checkout": "checkout-run1"})
    assert namespace["metadata"] == {"name": "checkout-run1", "labels": MINE}
    assert database["metadata"]["namespace"] == "checkout-run1"
    assert database["metadata"]["labels"] == {"a": "b"} | MINE
    assert database["spec"]["template"]["metadata"]["labels"] == MINE
    assert database["spec"]["volumeClaimTemplates"][0]["metadata"]["labels"] == MINE
    inner = job["spec"]["jobTemplate"]
    assert inner["metadata"]["labels"] == MINE
    assert inner["spec"]["template"]["metadata"]["labels"] == MINE
    assert binding["subjects"][0]["namespace"] == "checkout-run1"
    assert "labels" not in manifests[0]["metadata"]
