from __future__ import annotations

import ipaddress
import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from acceptance.clusters.embedded import binaries, components, network, node, pki
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.settings import Timeouts

ROOT = Path(__file__).parents[1]


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
    components.write_configuration(tmp_path, address="10.231.0.2", cgroup="x")
    secret = [*tmp_path.rglob("*.key"), *tmp_path.rglob("*.kubeconfig")]
    assert len(secret) >= 2 * len(pki.CLIENTS)
    assert {path.stat().st_mode & 0o077 for path in secret} == {0}


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
        for component in components.all_components(Path("/bin"), "10.231.0.2")
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
    with pytest.raises(EnvironmentFailure, match="coredns were not built"):
        binaries.build_binaries(tmp_path, "coredns", Timeouts())
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
