from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from acceptance.errors import EnvironmentFailure
from operations.rotation import database_roles
from operations.rotation.database_roles import DatabaseRoles


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The arguments and the input of each program; every role is found locked."""
    found: list[tuple[str, str]] = []

    def kubectl(*where: object, timeout: float, stdin: str) -> str:
        assert timeout
        found.append((repr(where), stdin))
        return "f\n"

    monkeypatch.setattr(database_roles, "kubectl", kubectl)
    return found


def roles(*, serving: bool = True) -> DatabaseRoles:
    """Return the roles of a database with one pod."""
    container = type("Container", (), {"name": "database"})
    pod = type("Pod", (), {"name": "database-0", "serving": serving, "main": container})
    cluster: Any = type("Pods", (), {"pods": lambda *_: [pod]})()
    return DatabaseRoles(cluster, Path("config"), "here", "shop", "database", timeout=1)


def test_a_password_is_never_an_argument(typed: list[tuple[str, str]]) -> None:
    """Arguments are in process lists and in the API server's audit log."""
    found = roles()
    found.unlock("shop_b", "it's new", "shop")
    found.lock("shop_a")
    assert [stdin for _, stdin in typed if "it's new" in stdin or "it''s new" in stdin]
    assert typed and not [where for where, _ in typed if "s new" in where]


def test_a_role_that_stays_open_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is asked whether the role is locked."""
    monkeypatch.setattr(database_roles, "kubectl", lambda *_, **__: "t\n")
    with pytest.raises(EnvironmentFailure, match="shop_a is not locked"):
        roles().lock("shop_a")


def test_a_database_without_a_ready_pod_is_an_error(typed: list[tuple[str, str]]) -> None:
    """Nothing is typed anywhere."""
    with pytest.raises(EnvironmentFailure, match="database has no ready pod"):
        roles(serving=False).lock("shop_a")
    assert not typed
