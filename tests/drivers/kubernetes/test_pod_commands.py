from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.contract import Contract
from acceptance.drivers import container_inspection, database
from acceptance.drivers.kubernetes import pod_commands
from acceptance.drivers.kubernetes.pod_commands import execute_in_pod
from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.process import ProgramTimeout

WHERE = (Path("kubeconfig"), "context", "shop", "database-0")
BY_THE_POD = [
    "psql: error: connection refused\ncommand terminated with exit code 2",
    'Error from server (NotFound): pods "database-0" not found',
    'error: unable to upgrade connection: container not found ("database")',
    "error: cannot exec into a container in a completed pod; current phase is Failed",
]
BY_THE_ENVIRONMENT = [
    "Unable to connect to the server: dial tcp 127.0.0.1:6443: connect: connection refused",
    'Error from server (Forbidden): pods "database-0" is forbidden',
    'error: context "context" does not exist',
]


def refusing(monkeypatch: pytest.MonkeyPatch, folder: Path, said: str, code: int = 1) -> None:
    """Let kubectl fail."""
    program = folder / "kubectl"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{said}\nEND\nexit {code}\n")
    program.chmod(0o755)
    monkeypatch.setattr("acceptance.build.kubectl.kubectl_program", lambda: program)


@pytest.mark.parametrize("said", BY_THE_POD)
def test_a_command_that_fails_in_its_pod_is_the_systems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str
) -> None:
    """A program that refuses, a pod that is gone, and a container that does not run."""
    refusing(monkeypatch, tmp_path, said)
    with pytest.raises(SystemFailure, match=r"A command in database-0/database failed: "):
        execute_in_pod(*WHERE, "database", ["true"], timeout=20)
    with pytest.raises(SystemFailure):
        database.execute_sql(
            *WHERE, "SELECT 1", container="database", contract=Contract(), timeout=20
        )
    with pytest.raises(SystemFailure):
        database.data_directories(*WHERE, "database", timeout=20)


def test_a_command_that_does_not_end_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that holds a statement for ever does not do what it was asked."""

    def hang(*_: object, **__: object) -> str:
        raise ProgramTimeout("kubectl did not finish within 1 s and was stopped.")

    monkeypatch.setattr(pod_commands, "kubectl", hang)
    with pytest.raises(SystemFailure, match="database-0/database did not end within 1 s"):
        database.execute_sql(
            *WHERE, "SELECT 1", container="database", contract=Contract(), timeout=1
        )


@pytest.mark.parametrize("said", BY_THE_ENVIRONMENT)
def test_a_cluster_that_cannot_be_asked_is_the_environments(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str
) -> None:
    """Nothing was asked of the pod."""
    refusing(monkeypatch, tmp_path, said)
    with pytest.raises(EnvironmentFailure):
        database.execute_sql(
            *WHERE, "SELECT 1", container="database", contract=Contract(), timeout=20
        )


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("there is no grep in this image\ncommand terminated with exit code 1", EnvironmentFailure),
        (
            'OCI runtime exec failed: exec: "sh": executable file not found in $PATH',
            EnvironmentFailure,
        ),
        ("command terminated with exit code 137", SystemFailure),
        ('error: unable to upgrade connection: container not found ("web")', SystemFailure),
    ],
)
def test_an_image_without_a_shell_is_no_fault_of_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, kind: type[Exception]
) -> None:
    """It cannot be inspected by these means; a container that is killed meanwhile is another."""
    refusing(monkeypatch, tmp_path, said)
    with pytest.raises(kind):
        container_inspection.inspect_container(*WHERE, "web", timeout=20)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('Error from server (NotFound): pods "database-0" not found', SystemFailure),
        ("error: unable to forward port because pod is not running", SystemFailure),
        ("The connection to the server 127.0.0.1:6443 was refused", EnvironmentFailure),
        ("", EnvironmentFailure),
    ],
)
def test_a_port_that_is_not_forwarded_is_blamed_on_who_prevents_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, kind: type[Exception]
) -> None:
    """By the words of kubectl: the pod's, or anything else."""
    program = tmp_path / "kubectl"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setattr(database, "kubectl_program", lambda: program)
    with pytest.raises(kind), database.forwarded(*WHERE, 5432, timeout=10):
        pass
