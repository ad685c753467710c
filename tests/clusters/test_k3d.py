from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import yaml

from acceptance.clusters.add_ons import AddOn
from acceptance.clusters.k3d import cleanup, cluster
from acceptance.clusters.k3d.cleanup import owner_of, this_process
from acceptance.clusters.k3d.cluster import K3dCluster
from acceptance.clusters.k3d.config import (
    MOUNTED,
    HostPorts,
    load_config,
    registry_of,
    render_config,
    write_hardening,
)
from acceptance.clusters.nodes import NodeReadiness, NodesState
from acceptance.errors import EnvironmentFailure
from acceptance.progress import Progress
from acceptance.project import ROOT
from acceptance.settings import Timeouts, load_settings
from tests.fakes.recorded import outputs
from tests.fakes.recorded.machine import Recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = load_settings(ROOT)
PORTS = HostPorts(api=40001, http=40002, https=40003, registry=40004)
READY = NodesState((NodeReadiness("k3d-server-0", ready=True, reason="KubeletReady"),))
NOT_READY = NodesState((NodeReadiness("k3d-server-0", ready=False, reason="KubeletNotReady"),))


@dataclass
class FakeNodes:
    """Nodes that become what `seen` says, one look after the other; the last one stays."""

    seen: list[NodesState]
    looks: int = 0
    asked: list[tuple[Path, str]] = field(default_factory=list)
    closed: bool = False

    def __call__(self, kubeconfig: Path, context: str, *, timeout: float) -> FakeNodes:
        """Connect, in the place of the class."""
        assert timeout > 0
        assert kubeconfig.stat().st_mode & 0o077 == 0
        self.asked.append((kubeconfig, context))
        return self

    def look(self) -> NodesState:
        """Return the next state."""
        self.looks += 1
        return self.seen.pop(0) if len(self.seen) > 1 else self.seen[0]

    def wait(self, timeout: float) -> bool:
        """Report an event at once."""
        return timeout > 0

    def version(self) -> str:
        """Return what k3s reports."""
        return "v1.34.4+k3s1"

    def close(self) -> None:
        """Remember it."""
        self.closed = True


class FakePlatform:
    """Add-ons that become available at once, and an ingress that gets its address at last."""

    answers: ClassVar[list[str]] = []

    def __init__(self, root: Path, kubeconfig: Path, context: str, timeouts: Timeouts) -> None:
        """Take what the real one takes."""
        assert (root / "manifests" / "platform").is_dir()
        assert kubeconfig.exists()
        assert context.startswith("k3d-")
        assert timeouts == SETTINGS.timeouts
        self.applied: list[AddOn] = []
        self.defined = False
        type(self).answers = ["", "172.18.0.3"]

    def define(self) -> None:
        """Remember it."""
        self.defined = True

    def apply(self, *add_ons: AddOn) -> None:
        """Remember them; each has its manifests in the repository."""
        self.applied += add_ons
        for add_on in add_ons:
            assert (ROOT / "manifests" / "platform" / add_on.folder).is_dir()

    def await_available(self, *add_ons: AddOn) -> None:
        """Wait for nothing but what was applied."""
        assert self.defined
        assert list(add_ons) == self.applied

    def published_address(self) -> str:
        """Return an address at the second look."""
        return self.answers.pop(0)


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """A machine on which everything works, with known ports."""
    machine = Recorded(tmp_path, this_process().cluster_name(keep=False))
    for key, value in machine.environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr(cluster, "free_ports", lambda: PORTS)
    monkeypatch.setattr("tempfile.mkdtemp", lambda prefix: _folder(tmp_path, prefix))
    machine.healthy()
    return machine


@pytest.fixture
def quiet() -> Iterator[Progress]:
    """Progress that nobody sees."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        yield Progress(3, stream=nowhere)


def _folder(parent: Path, prefix: str) -> str:
    folder = parent / f"{prefix}made"
    folder.mkdir()
    return str(folder)


def _cluster(nodes: FakeNodes | None = None, **more: Any) -> K3dCluster:  # noqa: ANN401
    return K3dCluster(
        SETTINGS, connect=nodes or FakeNodes([READY]), **{"platform": FakePlatform, **more}
    )


def _image(name: str, archive: Path | None = None) -> Any:  # noqa: ANN401 - stands in for Image
    return SimpleNamespace(reference=name, archive=archive)


def test_start_and_stop_call_exactly_the_documented_command_lines(
    recorded: Recorded, quiet: Progress, tmp_path: Path
) -> None:
    """A whole life of a cluster is these commands, in this order, and no other."""
    cluster = _cluster()
    facts = cluster.start(quiet)
    cluster.stop()
    cluster.stop()
    name = recorded.name
    folder = tmp_path / "acceptance-k3d-made"
    assert recorded.lines == [
        "docker info --format {{.ServerVersion}}",
        "k3d version",
        'docker ps --all --filter label=app=k3d --format {{.Label "k3d.cluster"}}',
        "docker image inspect rancher/k3s:v1.34.4-k3s1",
        (
            f"k3d cluster create {name} --config {folder}/k3d.yaml"
            " --kubeconfig-update-default=false --kubeconfig-switch-context=false"
            " --wait --timeout 120s"
        ),
        f"k3d kubeconfig get {name}",
        f"k3d cluster delete {name}",
        f"docker ps --all --quiet --filter label=k3d.cluster={name}",
        "docker network ls --format {{.Name}}",
        "docker volume ls --format {{.Name}}",
        f"docker ps --all --quiet --filter label=k3d.cluster={name}",
    ]
    assert (facts.driver, facts.flavour, facts.version) == ("k3d", "k3s", "v1.34.4+k3s1")
    assert (facts.address, facts.published) == ("127.0.0.1", "172.18.0.3")
    assert (facts.address, facts.http_port, facts.https_port) == ("127.0.0.1", 40002, 40003)
    assert facts.context == f"k3d-{name}"
    assert not folder.exists()


def test_the_config_has_the_shape_of_v1alpha5(recorded: Recorded) -> None:
    """What the committed file and the run make together is one server, a registry and ports."""
    config = yaml.safe_load(
        render_config(recorded.name, PORTS, ["localhost"], {"a.json": Path("/x/a.json")})
    )
    assert (config["apiVersion"], config["kind"]) == ("k3d.io/v1alpha5", "Simple")
    assert config["metadata"] == {"name": recorded.name}
    assert (config["servers"], config["agents"]) == (1, 0)
    assert config["ports"] == [
        {"port": "127.0.0.1:40002:80", "nodeFilters": ["loadbalancer"]},
        {"port": "127.0.0.1:40003:443", "nodeFilters": ["loadbalancer"]},
    ]
    assert config["kubeAPI"] == {"hostIP": "127.0.0.1", "hostPort": "40001"}
    extra = config["options"]["k3s"]["extraArgs"]
    assert {"--disable=traefik", "--secrets-encryption"} <= {each["arg"] for each in extra}
    assert all(each["nodeFilters"] == ["server:*"] for each in extra)
    assert config["volumes"] == [
        {"volume": f"/x/a.json:{MOUNTED}/a.json:ro", "nodeFilters": ["server:*"]}
    ]
    assert config["options"]["kubeconfig"] == {
        "updateDefaultKubeconfig": False,
        "switchCurrentContext": False,
    }
    registry = f"k3d-{recorded.name}-registry"
    assert config["registries"]["create"] == {
        "name": registry,
        "host": "127.0.0.1",
        "hostPort": "40004",
    }
    assert yaml.safe_load(config["registries"]["config"]) == {
        "mirrors": {"localhost": {"endpoint": [f"http://{registry}:5000"]}}
    }


def test_what_the_config_tells_the_api_server_to_read_is_mounted(tmp_path: Path) -> None:
    """Each file below the mounted folder that a flag names is written, for its owner alone."""
    args = [each["arg"] for each in load_config()["options"]["k3s"]["extraArgs"]]
    named = {arg.rpartition("/")[2] for arg in args if f"={MOUNTED}/" in arg}
    written = write_hardening(tmp_path)
    assert named == set(written) == {"audit-policy.json", "admission.json"}
    assert {path.stat().st_mode & 0o077 for path in written.values()} == {0}


def test_a_cluster_name_fits_into_32_characters() -> None:
    """The longest process id and a start time of years still make a name that k3d takes."""
    owner = cleanup.ClusterOwner("0a1b2c", 4194304, f"{20 * 365 * 86400 * 100:x}")
    assert len(owner.cluster_name(keep=True)) <= 32
    assert owner_of(owner.cluster_name(keep=False)) == owner


def test_start_waits_for_the_node_after_k3d_has_returned(
    recorded: Recorded, quiet: Progress
) -> None:
    """k3d's own waiting is not enough: the node is looked at until it says Ready."""
    gone = NodesState(problem="the API server does not answer: refused")
    nodes = FakeNodes([gone, NodesState(), NOT_READY, READY])
    _cluster(nodes).start(quiet)
    assert len(quiet.phases) == K3dCluster.steps
    assert nodes.looks == 4
    assert nodes.closed
    assert nodes.asked[0][1] == f"k3d-{recorded.name}"


def test_a_node_that_never_gets_ready_is_told_and_its_cluster_removed(
    recorded: Recorded, quiet: Progress
) -> None:
    """The message has the node, its reason and what to look at."""
    denied = NodesState(problem="the API server answered 403 Forbidden", denied=True)
    with pytest.raises(EnvironmentFailure, match=r"403 Forbidden\. Try: docker logs k3d-run-"):
        _cluster(FakeNodes([NOT_READY, denied])).start(quiet)
    assert recorded.called("k3d cluster delete") == [f"k3d cluster delete {recorded.name}"]


def test_a_failed_creation_is_told_by_its_last_lines_and_removed(
    recorded: Recorded, quiet: Progress
) -> None:
    """Even when k3d says that it rolled back, the cluster is deleted once more."""
    recorded.first(
        "^k3d cluster create", stderr=outputs.ROLLED_BACK.format(name=recorded.name), exit=1
    )
    with pytest.raises(EnvironmentFailure, match="could not create the cluster") as caught:
        _cluster().start(quiet)
    assert "stopped unexpectedly" in caught.value.message
    assert caught.value.exit_code == 69
    assert recorded.lines[-5] == f"k3d cluster delete {recorded.name}"


def test_an_interrupted_start_removes_the_cluster(recorded: Recorded, quiet: Progress) -> None:
    """Ctrl-C while waiting for the node leaves nothing."""

    class Interrupting(FakeNodes):
        def look(self) -> NodesState:
            """Be interrupted."""
            raise KeyboardInterrupt

    nodes = Interrupting([READY])
    with pytest.raises(KeyboardInterrupt):
        _cluster(nodes).start(quiet)
    assert nodes.closed
    assert recorded.called("k3d cluster delete") == [f"k3d cluster delete {recorded.name}"]


def test_what_k3d_forgets_is_removed_by_label_and_name(recorded: Recorded, quiet: Progress) -> None:
    """Containers, the network and the volume of a creation cut short go even if k3d knows none."""
    name = recorded.name
    cluster = _cluster()
    cluster.start(quiet)
    recorded.first("^k3d cluster delete", stderr="FATA[0000] No clusters found\n", exit=1)
    recorded.first("^docker ps --all --quiet", stdout="4e5f\n6a7b\n", times=1)
    recorded.first("^docker network ls", stdout=f"k3d-{name}-other\nk3d-{name}\n")
    recorded.first("^docker volume ls", stdout=f"k3d-{name}-images\n")
    recorded.first("^docker rm |^docker (network|volume) rm ")
    cluster.stop()
    assert recorded.called("docker rm ") == ["docker rm --force --volumes 4e5f 6a7b"]
    assert recorded.called("docker network rm") == [f"docker network rm k3d-{name}"]
    assert recorded.called("docker volume rm") == [f"docker volume rm k3d-{name}-images"]


def test_containers_that_cannot_be_removed_are_named(recorded: Recorded, quiet: Progress) -> None:
    """A stop that left something behind is no stop: it says what, and the command for it."""
    cluster = _cluster()
    cluster.start(quiet)
    recorded.first("^docker rm ")
    recorded.first("^docker ps --all --quiet", stdout="4e5f\n")
    with pytest.raises(EnvironmentFailure, match=r"4e5f\. Try: docker rm --force 4e5f"):
        cluster.stop()


@pytest.mark.parametrize(
    ("pattern", "answer", "sentence"),
    [
        ("^docker info", {"stderr": outputs.NO_DAEMON, "exit": 1}, "Try: start it, and see that"),
        ("^docker info", {"stderr": outputs.NO_RIGHT, "exit": 1}, "Try: join the group docker"),
        ("^k3d version", {"stdout": outputs.K3D_TOO_OLD}, r"k3d 5\.4 is too old\. Try: install"),
        ("^k3d version", {"stdout": outputs.K3D_STRANGE}, "does not print its version"),
        (
            "^k3d cluster create",
            {"stderr": outputs.DISK_FULL, "exit": 1},
            "the disk of the Docker engine is full",
        ),
    ],
)
def test_each_obstacle_is_one_sentence_with_its_remedy(
    recorded: Recorded, quiet: Progress, pattern: str, answer: dict[str, Any], sentence: str
) -> None:
    """Docker away or forbidden, a k3d too old or strange, a full disk: cause and remedy, 69."""
    recorded.first(pattern, **answer)
    with pytest.raises(EnvironmentFailure, match=sentence) as caught:
        _cluster().start(quiet)
    assert "Traceback" not in caught.value.message
    assert caught.value.exit_code == 69


def test_an_image_of_k3s_that_cannot_be_downloaded_is_told_before_anything_is_made(
    recorded: Recorded, quiet: Progress
) -> None:
    """A registry that does not answer is not mistaken for a cluster that does not start."""
    image = "rancher/k3s:v1.34.4-k3s1"
    recorded.first("^docker image inspect", stderr=outputs.NO_IMAGE.format(name=image), exit=1)
    recorded.first("^docker pull", stderr=outputs.PULL_TIMEOUT, exit=1)
    with pytest.raises(EnvironmentFailure, match=f"{image} cannot be downloaded"):
        _cluster().start(quiet)
    assert not recorded.called("k3d cluster create")


@pytest.mark.parametrize("kind", ["PORT_TAKEN", "BALANCER_FAILED"])
def test_a_port_taken_meanwhile_is_tried_once_more_with_other_ports(
    recorded: Recorded, quiet: Progress, kind: str
) -> None:
    """Whether k3d fails or only warns, the half-made cluster goes and a second one is made."""
    text = getattr(outputs, kind).format(name=recorded.name, port=PORTS.http)
    code = 0 if kind == "BALANCER_FAILED" else 1
    recorded.first("^k3d cluster create", stderr=text, exit=code, times=1)
    _cluster().start(quiet)
    calls = [line.split()[:3] for line in recorded.called("k3d cluster")]
    assert [words[2] for words in calls] == ["create", "delete", "create"]


def test_a_port_taken_twice_is_an_environment_failure(recorded: Recorded, quiet: Progress) -> None:
    """There is an end to trying, with a remedy."""
    text = outputs.PORT_TAKEN.format(name=recorded.name, port=PORTS.http)
    recorded.first("^k3d cluster create", stderr=text, exit=1)
    with pytest.raises(EnvironmentFailure, match=r"a port is in use by another program\. Try: ss"):
        _cluster().start(quiet)
    assert len(recorded.called("k3d cluster create")) == 2


def test_images_go_to_the_registry_that_mirrors_their_own(
    recorded: Recorded, quiet: Progress, tmp_path: Path
) -> None:
    """Tagged for the host's port of the registry, pushed, and the second name removed again."""
    archive = tmp_path / "frontend.oci"
    cluster = _cluster()
    cluster.start(quiet)
    before = len(recorded.lines)
    delivered = cluster.deliver(
        [
            _image("localhost/checkout-backend:3f"),
            _image("localhost/checkout-frontend:4a", archive),
        ]
    )
    digest = f"sha256:{'5c1d' * 16}"
    assert delivered == (
        f"localhost/checkout-backend:3f@{digest}",
        f"localhost/checkout-frontend:4a@{digest}",
    )
    assert recorded.lines[before:] == [
        "docker tag localhost/checkout-backend:3f localhost:40004/checkout-backend:3f",
        "docker push localhost:40004/checkout-backend:3f",
        "docker rmi localhost:40004/checkout-backend:3f",
        f"docker load --input {archive}",
        "docker tag localhost/checkout-frontend:4a localhost:40004/checkout-frontend:4a",
        "docker push localhost:40004/checkout-frontend:4a",
        "docker rmi localhost:40004/checkout-frontend:4a",
    ]


def test_a_failed_push_names_the_image_and_leaves_no_second_name(
    recorded: Recorded, quiet: Progress
) -> None:
    """The error has the image and docker's words; the tag made for pushing is gone."""
    recorded.first("^docker push", stderr=outputs.PUSH_REFUSED, exit=1)
    cluster = _cluster()
    cluster.start(quiet)
    with pytest.raises(EnvironmentFailure, match="checkout-backend:3f cannot be delivered") as told:
        cluster.deliver([_image("localhost/checkout-backend:3f")])
    assert "connection refused" in told.value.message
    assert recorded.lines[-1].startswith("docker rmi localhost:40004/")


def test_a_push_without_a_digest_is_no_delivery(recorded: Recorded, quiet: Progress) -> None:
    """A pod could only be told a tag, which another image may have tomorrow."""
    recorded.first("^docker push", stdout="3f: Pushed\n")
    cluster = _cluster()
    cluster.start(quiet)
    with pytest.raises(EnvironmentFailure, match="did not print the digest"):
        cluster.deliver([_image("localhost/checkout-backend:3f")])


def test_delivery_before_start_is_refused(recorded: Recorded) -> None:
    """There is no registry yet, and the error says so."""
    with pytest.raises(EnvironmentFailure, match="is not started"):
        _cluster().deliver([_image("localhost/checkout-backend:3f")])
    assert recorded.lines == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("localhost/checkout-backend:3f", ("localhost", "checkout-backend:3f")),
        ("registry.example:5000/a/b:1", ("registry.example:5000", "a/b:1")),
        ("team/app:1", ("*", "team/app:1")),
        ("nginx", ("*", "library/nginx")),
    ],
)
def test_an_image_name_is_split_as_container_engines_do(
    name: str, expected: tuple[str, str]
) -> None:
    """The first part is a host only if it could not be a folder."""
    assert registry_of(name) == expected


def test_only_clusters_of_dead_runs_of_this_machine_are_swept(
    recorded: Recorded, quiet: Progress
) -> None:
    """Another machine's, a living run's, a kept one's and a stranger's cluster stay."""
    mine = this_process()
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                           capture_output=True, text=True, check=True)  # fmt: skip
    dead = f"run-{mine.host}-{ended.stdout.strip()}-1f"
    reused = f"run-{mine.host}-{mine.pid}-1"
    names = [
        dead,
        reused,
        mine.cluster_name(keep=False),
        f"keep-{mine.host}-1-1",
        "run-ffffff-1-1" if mine.host != "ffffff" else "run-000000-1-1",
        "k3s-default",
    ]
    recorded.first("^docker ps --all --filter label=app=k3d", stdout="\n".join([*names, dead, ""]))
    _cluster().start(quiet)
    swept = recorded.called("k3d cluster delete")
    assert sorted(swept) == sorted([f"k3d cluster delete {dead}", f"k3d cluster delete {reused}"])


def test_a_kept_cluster_is_not_removed(recorded: Recorded, quiet: Progress) -> None:
    """It has a name that no later run sweeps, and its kubeconfig stays."""
    recorded.name = this_process().cluster_name(keep=True)
    recorded.first("^k3d kubeconfig", stdout=outputs.KUBECONFIG.format(name=recorded.name))
    cluster = _cluster(keep=True)
    facts = cluster.start(quiet)
    cluster.stop()
    assert not recorded.called("k3d cluster delete")
    assert facts.kubeconfig.exists()
    assert owner_of(cluster.cluster) is None


_RUN_THAT_IS_KILLED = """
import os, sys
from pathlib import Path
from acceptance.clusters.k3d.cluster import K3dCluster
from acceptance.progress import Progress
from acceptance.settings import load_settings
cluster = K3dCluster(load_settings(Path(sys.argv[1])))
print(cluster.cluster, flush=True)
cluster.start(Progress(3, stream=open(os.devnull, "w")))
"""


def test_a_killed_run_leaves_no_cluster(recorded: Recorded) -> None:
    """A SIGKILL in the middle of the creation: the guardian deletes what was begun."""
    recorded.first("^k3d cluster create", seconds=30)
    with subprocess.Popen(
        [sys.executable, "-c", _RUN_THAT_IS_KILLED, str(ROOT)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(recorded.folder)},
    ) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        _until(lambda: bool(recorded.called("k3d cluster create")))
        process.send_signal(signal.SIGKILL)
    _until(lambda: recorded.called("k3d cluster delete") == [f"k3d cluster delete {name}"])
    # Its last question comes after the deletion, so nothing of it runs after this test.
    _until(lambda: len(recorded.called("docker ps --all --quiet")) == 2)


def _until(condition: Any, seconds: float = 20.0) -> None:  # noqa: ANN401 - a callable
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
