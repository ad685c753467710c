from __future__ import annotations

import io
import ipaddress
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from acceptance.clusters.embedded import (
    binaries,
    compiler,
    components,
    configuration,
    datapath,
    init,
    network,
    node,
    pki,
)
from acceptance.clusters.embedded.cluster import EmbeddedCluster
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.progress import Progress
from acceptance.project import ROOT
from acceptance.settings import Timeouts, load_settings
from fixtures.plugin import with_datapath


def test_the_first_free_subnet_is_taken() -> None:
    """A subnet that a route of the machine overlaps, in part or wholly, is not chosen."""
    assert str(network.free_subnet(["default", "192.168.0.0/16"])) == "10.231.0.0/24"
    assert str(network.free_subnet(["10.231.0.2"])) == "10.231.1.0/24"
    assert str(network.free_subnet(["10.231.0.0/23"])) == "10.231.2.0/24"


def test_a_default_route_blocks_nothing() -> None:
    """A route to everywhere, also in its numeric form, overlaps all subnets and counts for none."""
    assert str(network.free_subnet(["0.0.0.0/0"])) == "10.231.0.0/24"


def test_no_free_subnet_is_an_environment_failure() -> None:
    """A machine whose routes cover all candidates gets a sentence, not a broken network."""
    with pytest.raises(EnvironmentFailure, match="in use on this machine"):
        network.free_subnet(["10.0.0.0/8"])


def test_certificates_fit_their_keys_and_names(tmp_path: Path) -> None:
    """The API server's certificate is signed by the authority, and names the node's address."""
    pki.make_certificates(tmp_path, "10.231.7.2", "10.96.0.1")
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.crt").read_bytes())
    server = x509.load_pem_x509_certificate((tmp_path / "apiserver.crt").read_bytes())
    server.verify_directly_issued_by(authority)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ipaddress.ip_address("10.231.7.2") in names.get_values_for_type(x509.IPAddress)
    key = load_pem_private_key((tmp_path / "apiserver.key").read_bytes(), None)
    assert key.public_key() == server.public_key()


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    """No other user of the machine can read a private key or a kubeconfig that holds one."""
    configuration.write_configuration(
        tmp_path, address="10.231.0.2", cgroup="x", datapath=datapath.bridge(Path("/bin"))
    )
    secret = [*tmp_path.rglob("*.key"), *tmp_path.rglob("*.kubeconfig"), *tmp_path.rglob("*.json")]
    assert len(secret) >= 2 * len(pki.CLIENTS)
    assert {path.stat().st_mode & 0o077 for path in secret} == {0}


def test_the_store_trusts_an_authority_of_its_own(tmp_path: Path) -> None:
    """The API server's way to the store is one that no client of the cluster has."""
    folder, inside = tmp_path / "pki", tmp_path / "store"
    pki.make_certificates(folder, "10.231.0.2", "10.96.0.1")
    pki.make_store_certificates(folder, inside)
    client, own, other = (
        x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())
        for name in ("apiserver-to-etcd", "etcd-ca", "ca")
    )
    client.verify_directly_issued_by(own)
    with pytest.raises((InvalidSignature, ValueError)):
        client.verify_directly_issued_by(other)
    assert not list(tmp_path.rglob("etcd-ca.key"))


def test_an_old_client_certificate_is_not_the_new_ones(tmp_path: Path) -> None:
    """Two runs have different authorities, so that neither's kubeconfig opens the other's node."""
    first, second = (pki.Authority(tmp_path / name) for name in ("a", "b"))
    second.issue("admin", "somebody")
    admin = x509.load_pem_x509_certificate((tmp_path / "b" / "admin.crt").read_bytes())
    with pytest.raises(InvalidSignature):
        admin.verify_directly_issued_by(
            x509.load_pem_x509_certificate(first.certificate.read_bytes())
        )


def test_a_kubeconfig_is_complete_in_itself(tmp_path: Path) -> None:
    """A kubeconfig names its context and carries its certificates, so that it can be moved."""
    pki.make_certificates(tmp_path, "10.231.0.2", "10.96.0.1")
    found = json.loads(pki.kubeconfig(tmp_path, "admin", "https://10.231.0.2:6443", "ctx"))
    assert found["current-context"] == "ctx"
    assert set(found["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}


def test_nothing_of_the_node_is_written_outside_of_its_memory() -> None:
    """Every path that a component writes to lies in /run, which is the node's own memory."""
    written = ("--data-dir=", "--root-dir=", "--cert-dir=")
    found = [
        argument
        for component in components.all_components(
            Path("/bin"), "10.231.0.2", datapath.bridge(Path("/bin"))
        )
        for argument in component.argv
        if argument.startswith(written)
    ]
    assert len(found) == 3
    assert all("=/run/" in argument for argument in found)


def test_the_pinned_version_is_the_one_that_is_reported() -> None:
    """The version built into the programs is read from go.mod, so that they cannot differ."""
    assert binaries.kubernetes_version(ROOT / "node") == "v1.34.4"


def test_a_pin_that_is_missing_is_broken_input(tmp_path: Path) -> None:
    """A go.mod that requires no Kubernetes is named, with a remedy."""
    (tmp_path / "kubernetes").mkdir()
    (tmp_path / "kubernetes" / "go.mod").write_text("module x\n")
    with pytest.raises(BrokenInput, match=r"k8s\.io/kubernetes"):
        binaries.kubernetes_version(tmp_path)


def test_a_failed_build_says_which_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Go build that fails keeps no cache entry and names the folder in its one sentence."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(binaries, "go_program", lambda _: "false")
    (tmp_path / "coredns").mkdir()
    (tmp_path / "coredns" / "go.mod").write_text("module x\n\ngo 1.24.0\n")
    stream = io.StringIO()
    with (
        pytest.raises(EnvironmentFailure, match="coredns were not built"),
        Progress(1, stream=stream).step("CoreDNS", cacheable=True) as step,
    ):
        binaries.build_binaries(tmp_path, "coredns", Timeouts(), step)
    told = stream.getvalue().splitlines()
    assert told[0] == "[1/1] Building CoreDNS (first run, about 2 min) …"
    assert told[1].startswith("[1/1] CoreDNS: failed after ")
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_dir() and len(p.name) == 16]


def test_folders_of_dead_runs_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder whose owner is gone is removed, one whose owner lives is not."""
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(node, "_CGROUPS", tmp_path / "cgroups")
    dead, alive = tmp_path / f"{node.PREFIX}dead", tmp_path / f"{node.PREFIX}alive"
    for folder, owner in ((dead, "4194999"), (alive, "1")):
        folder.mkdir()
        (folder / "owner").write_text(owner)
    node.sweep()
    assert not dead.exists()
    assert alive.exists()


def test_cgroups_of_dead_runs_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty cgroups of a run without a folder go, on every controller, the innermost first."""
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(node, "_CGROUPS", tmp_path / "cgroups")
    groups = [tmp_path / "cgroups" / c / f"{node.PREFIX}x" for c in ("cpu", "memory")]
    for group in groups:
        (group / "kubepods" / "pod1").mkdir(parents=True)
    node.sweep()
    assert not any(group.exists() for group in groups)


@pytest.fixture
def clang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A compiler that writes down what it is called for, and its places."""
    program = tmp_path / "clang-19"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n'
        f'case "$*" in *-E*) exec cat {tmp_path}/source;; esac\n'
        'for out; do :; done; echo made > "$out"\n'
    )
    program.chmod(0o755)
    for name in ("new", "cache"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("DATAPATH_CLANG", str(program))
    monkeypatch.setenv("DATAPATH_COMPILER", "clang 19")
    monkeypatch.setenv("DATAPATH_NEW", str(tmp_path / "new"))
    monkeypatch.setenv(
        "DATAPATH_CACHE", str(tmp_path / "cache" / "checkout-acceptance" / "datapath")
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_what_was_compiled_before_is_not_compiled_again(
    clang: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Neither in the same node nor in the next one, unless the text or an option is another."""

    def compiled(text: str, *options: str, state: str = "/run/a") -> int:
        (clang / "source").write_text(text)
        (clang / "calls").unlink(missing_ok=True)
        assert compiler.main([f"-I{state}", *options, "-c", f"{state}/bpf_lxc.c", "-o", "-"]) == 0
        assert capfdbinary.readouterr().out == b"made\n"
        return len((clang / "calls").read_text().splitlines()) - 1  # without the preprocessor

    assert compiled("int x;") == 1
    assert compiled("int x;", state="/run/b") == 0
    (clang / "compiled").symlink_to(clang / "new")
    datapath.keep_compiled(clang)
    for path in (clang / "new").iterdir():
        path.unlink()
    assert compiled("int x;") == 0
    assert compiled("int y;") == 1
    assert compiled("int x;", "-O3") == 1


def test_an_unknown_datapath_is_named(tmp_path: Path) -> None:
    """With those that there are."""
    (tmp_path / "pyproject.toml").write_text('[tool.acceptance]\ndatapath = "calico"\n')
    with pytest.raises(BrokenInput, match="datapath has to be one of cilium, bridge, not 'calico'"):
        load_settings(tmp_path)


def test_a_datapath_that_is_asked_for_is_not_ignored() -> None:
    """It wins over the settings, and is refused where the run makes no embedded cluster."""
    settings = load_settings(ROOT)
    chosen = with_datapath(settings, "bridge", cluster="auto", attached=False)
    assert (settings.datapath, chosen.datapath) == ("cilium", "bridge")
    for cluster, attached in (("k3d", False), ("embedded", True)):
        with pytest.raises(BrokenInput, match="needs a new embedded cluster"):
            with_datapath(settings, "bridge", cluster=cluster, attached=attached)
        assert with_datapath(settings, None, cluster=cluster, attached=attached) == settings


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Give this process its signals back, which the node's first program takes for itself."""
    wakeup, handler = signal.set_wakeup_fd(-1), signal.getsignal(signal.SIGCHLD)
    yield
    signal.set_wakeup_fd(wakeup)
    signal.signal(signal.SIGCHLD, handler)


@pytest.mark.usefixtures("own_signals")
def test_who_gives_up_is_started_again_when_the_other_had_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """At once it would miss the same again: kubelet takes no longer than that to give up."""
    monkeypatch.setattr(init, "_RESTART_SECONDS", 1.0)
    wanted, started = tmp_path / "socket", list[subprocess.Popen[bytes]]()
    does = {"late": f"sleep 0.1; touch {wanted}; exec sleep 60", "eager": f"test -e {wanted}"}

    def start(component: dict[str, Any]) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(["sh", "-c", does[component["name"]]]))
        return started[-1]

    monkeypatch.setattr(init, "start", start)
    parts = [{"name": name, "after": "", "restarts": n} for name, n in (("late", 0), ("eager", 1))]
    try:
        assert init.supervise(parts, keep=True) == "eager ended with exit code 0"
    finally:
        started[0].kill()
        started[0].wait()
    assert len(started) == 3


@pytest.mark.usefixtures("own_signals")
def test_a_component_that_ends_while_another_starts_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Starting a program reaps the ended ones that nobody holds; how they ended is still told."""
    number = 0

    def start(component: dict[str, Any]) -> subprocess.Popen[bytes]:
        nonlocal number
        if component["name"] == "early":
            process = subprocess.Popen(["false"])
            number = process.pid  # the number alone, or the object would stay for our sake
            os.waitid(os.P_PID, number, os.WEXITED | os.WNOWAIT)  # ended, and not reaped
            return process
        return subprocess.Popen(["sleep", "0.1"])

    monkeypatch.setattr(init, "start", start)
    parts = [{"name": name, "after": "", "restarts": 0} for name in ("early", "late")]
    assert init.supervise(parts, keep=True) == "early ended with exit code 1"


def test_whoever_asks_is_told_why_the_node_ended(tmp_path: Path) -> None:
    """Several threads wait for the node; the one that asks last must not be told less."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "etcd.log").write_text("no space left\n", encoding="utf-8")
    said = ["sh", "-c", "echo etcd ended with exit code 1"]
    with subprocess.Popen(said, stdout=subprocess.PIPE, text=True) as process:
        process.wait()
        ended = node.Node(
            process, tmp_path, network.Link("a", "b", "192.0.2.1", "192.0.2.2", "192.0.2.3")
        )
        reasons = [ended.ended() for _ in range(2)]
    assert reasons == ["The node ended: etcd ended with exit code 1.\nno space left"] * 2


def test_the_dns_server_has_the_plugins_that_it_is_told_to_use() -> None:
    """It would not start without one of them; one too many is built for nothing."""
    source = (ROOT / "node" / "coredns" / "main.go").read_text(encoding="utf-8")
    manifest = ROOT / "manifests" / "platform" / "coredns" / "coredns.yaml"
    (config,) = (
        each["data"]["Corefile"]
        for each in yaml.safe_load_all(manifest.read_text(encoding="utf-8"))
        if each["kind"] == "ConfigMap"
    )
    told = re.findall(r"^ {4}(\w+)", config, re.MULTILINE)
    assert "kubernetes" in told
    assert sorted(told) == re.findall(r'coredns/plugin/(\w+)"', source)


def test_what_modules_share_is_compiled_once() -> None:
    """Go keeps what it compiled by version, so those of each run agree on what they share.

    Kubernetes has the version of the cluster, and the programs of a stack those of their release.
    """
    wanted: dict[str, dict[str, str]] = {}
    for name in ("cert-manager", "cilium", "coredns", "local-path-provisioner"):
        path = ROOT / "node" / name / "go.mod"
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        for words in lines:
            if len(words) > 1 and words[1].startswith("v"):
                wanted.setdefault(words[0], {})[path.parent.name] = words[1]
    assert len(wanted["k8s.io/client-go"]) == 4
    assert not {name: found for name, found in wanted.items() if len(set(found.values())) > 1}


@pytest.mark.parametrize(("datapath", "steps"), [("cilium", 5), ("bridge", 4)])
def test_the_steps_of_a_start_are_counted(tmp_path: Path, datapath: str, steps: int) -> None:
    """Without Cilium there is one less, so that no run ends before its last number."""
    (tmp_path / "pyproject.toml").write_text(f'[tool.acceptance]\ndatapath = "{datapath}"\n')
    assert EmbeddedCluster(load_settings(tmp_path)).steps == steps
