from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from acceptance.cluster_drivers import CLUSTER_DRIVERS
from acceptance.clusters import choose, why_unavailable
from acceptance.clusters.base import ClusterFacts, flavour_of
from acceptance.clusters.existing import ExistingCluster
from acceptance.clusters.k3d.cluster import K3dCluster
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.machine import EMBEDDED_NEEDS, MachineFacts
from acceptance.settings import load_settings

SETTINGS = load_settings(Path(__file__).parents[2])
NEEDS = frozenset(need.name for need in EMBEDDED_NEEDS)
BOTH = MachineFacts(
    system="linux",
    architecture="x86_64",
    distribution="debian",
    python=(3, 11),
    root=True,
    found=NEEDS | {"docker", "k3d"},
    engine="docker",
    engine_problem="",
    free_gib=50.0,
    memory_gib=16.0,
)
NO_ENGINE = replace(BOTH, engine=None, engine_problem="docker does not answer: refused")


def test_auto_takes_k3d_first_and_says_so() -> None:
    """Where both can run, k3d does, and a sentence tells which one was taken."""
    said: list[str] = []
    cluster = choose("auto", SETTINGS, say=said.append, machine=BOTH)
    assert isinstance(cluster, K3dCluster)
    assert said == ["Cluster: k3d, the first that this machine can run"]


def test_auto_that_can_run_nothing_says_why_for_each() -> None:
    """Both reasons with their remedies, and the way that is left."""
    nothing = replace(NO_ENGINE, root=False)
    with pytest.raises(EnvironmentFailure, match="cannot run a cluster") as caught:
        choose("auto", SETTINGS, machine=nothing)
    for part in (
        "k3d: it lacks a Docker",
        "embedded: it lacks root",
        "--cluster existing",
    ):
        assert part in caught.value.message


def test_a_cluster_asked_for_by_name_is_not_replaced_by_another() -> None:
    """Without a container engine k3d is refused, though embedded could run."""
    with pytest.raises(EnvironmentFailure, match=r"k3d cannot run here: .*docker does not answer"):
        choose("k3d", SETTINGS, machine=NO_ENGINE)


def test_all_that_is_missing_is_counted() -> None:
    """One is named, with the command that names the others."""
    said = why_unavailable("embedded", SETTINGS, replace(BOTH, found=NEEDS - {"runc", "ctr"}))
    assert said is not None
    assert said.endswith(" make doctor names all 2.")


@pytest.mark.parametrize("name", CLUSTER_DRIVERS)
def test_each_driver_answers_to_the_name_under_which_it_is_registered(name: str) -> None:
    """Reports and settings know it by that."""
    cluster = choose(name, SETTINGS, machine=BOTH)
    assert cluster.name == name


def test_existing_is_taken_by_name_only() -> None:
    """A machine that can run nothing can still talk to an API server, when told to."""
    machine = replace(NO_ENGINE, root=False)
    cluster = choose("existing", SETTINGS, run_id="run1", machine=machine)
    assert isinstance(cluster, ExistingCluster)
    assert cluster.run_id == "run1"


def test_an_unknown_cluster_is_refused_with_those_that_there_are() -> None:
    """A typing error in --cluster is the user's input, not the environment."""
    with pytest.raises(BrokenInput, match="Try one of: auto, k3d, embedded, existing"):
        choose("k3s", SETTINGS, machine=BOTH)


@pytest.mark.parametrize(
    ("name", "machine", "reason"),
    [
        ("k3d", replace(BOTH, found=NEEDS | {"docker"}), "it lacks k3d. Try: install k3d"),
        ("k3d", replace(BOTH, found=NEEDS | {"k3d"}), "it lacks docker. Try: install"),
        ("k3d", replace(BOTH, engine="podman"), "docker does not answer). Try: start it"),
        ("embedded", replace(BOTH, system="darwin"), "it lacks Linux (this is darwin)"),
        ("embedded", replace(BOTH, root=False), "it lacks root"),
        (
            "embedded",
            replace(BOTH, found=NEEDS - {"runc", "ctr"}),
            "it lacks ctr, which imports",
        ),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(
    name: str, machine: MachineFacts, reason: str
) -> None:
    """Each lack on its own is told, and the same machine without it is available."""
    said = why_unavailable(name, SETTINGS, machine)
    assert said is not None
    assert reason in said
    assert "Try: " in said
    assert why_unavailable(name, SETTINGS, BOTH) is None


def test_facts_survive_json() -> None:
    """What one process writes, another process of the run reads."""
    facts = ClusterFacts("k3d", "k3s", "v1", Path("/k"), "k3d-x", "127.0.0.1", 8080, 8443)
    assert ClusterFacts.from_json(facts.to_json()) == facts


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"kubeconfig": "/k", "more": 1}'])
def test_facts_that_cannot_be_read_are_an_environment_failure(text: str) -> None:
    """A file half written, or of another version, is told in one sentence."""
    with pytest.raises(EnvironmentFailure, match="cannot be read"):
        ClusterFacts.from_json(text)


def test_flavour_is_told_by_the_version() -> None:
    """k3s marks its builds; anything else is plain Kubernetes."""
    assert flavour_of("v1.34.4+k3s1") == "k3s"
    assert flavour_of("v1.34.4") == "kubernetes"
