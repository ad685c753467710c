from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.compliance.drivers import node_shell
from acceptance.domains.compliance.drivers.node_shell import NodeShell, Unobservable


def test_components_are_the_processes_of_the_node_and_not_of_its_containers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Flags are read in each of their forms; of two the last counts."""
    parts = ["/opt/kube-apiserver", "--profiling=false", "--v", "2", "--on", "--v=3"]
    line = f"root {node_shell._FIELD.join(parts)}"
    monkeypatch.setattr(node_shell, "run", lambda *_, **__: SimpleNamespace(stdout=f"{line}\n"))
    (found,) = NodeShell(("enter",), timeout=1).named("kube-apiserver")
    assert found.user == "root"
    assert (found.get("profiling"), found.get("v"), found.get("on")) == ("false", "3", "true")
    assert found.get("audit-log-path") is None


def test_the_components_of_k3s_are_read_from_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a component that was started twice, the last start counts."""
    journal = (
        'time="x" level=info msg="Running kube-apiserver --profiling=true --v=1"\n'
        'time="y" level=info msg="Running kube-apiserver --profiling=false --v=1"\n'
    )

    def run(argv: Any, **_: object) -> SimpleNamespace:  # noqa: ANN401
        inside = argv[0] == "enter"
        return SimpleNamespace(
            stdout="root /bin/k3s\x1fserver\n" if inside else "", stderr="" if inside else journal
        )

    monkeypatch.setattr(node_shell, "run", run)
    node = NodeShell(("enter",), ("journal",), timeout=1)
    assert node.named("kube-apiserver")[0].get("profiling") == "false"
    assert node.runs("k3s")


def test_a_node_without_a_way_in_is_unobservable_and_not_empty() -> None:
    """Only the components that the API shows are known."""
    node = NodeShell((), timeout=1, declared={"kube-apiserver": ["kube-apiserver", "--profiling"]})
    assert node.named("kube-apiserver")[0].get("profiling") == "true"
    for read in (lambda: node.named("etcd"), lambda: node.files("/etc"), lambda: node.read("/x")):
        with pytest.raises(Unobservable):
            read()
    with pytest.raises(Unobservable):
        NodeShell((), timeout=1).runs("kube-proxy")


def test_listening_addresses_come_from_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both address families are read, and connections in other states left out."""
    text = (
        "  sl  local_address rem_address   st\n"
        "   0: 0100007F:2811 00000000:0000 0A\n"
        "   1: 0200E70A:2811 0100E70A:9000 01\n"
        "   2: 00000000000000000000000000000000:2811 0:0 0A\n"
    )
    monkeypatch.setattr(node_shell, "run", lambda *_, **__: SimpleNamespace(stdout=text))
    assert NodeShell(("enter",), timeout=1).listening(10257) == ("127.0.0.1", "::")
