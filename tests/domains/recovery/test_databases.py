from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from acceptance.contract import Contract
from acceptance.domains.recovery.backup_and_restore import RecoveryOperator
from acceptance.domains.recovery.drivers import postgresql
from acceptance.domains.recovery.drivers.postgresql import PostgresqlServer
from acceptance.domains.traffic.visitor import Purchase
from acceptance.drivers.kubernetes.facts import WorkloadFacts
from acceptance.project import ROOT
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of


class FullCluster:
    """A cluster whose workloads are at full strength."""

    def workloads(self, _: str) -> tuple[WorkloadFacts, ...]:
        """Return the database at full strength."""
        return (WorkloadFacts("StatefulSet", "database", 1, 1, 1, observed=True),)

    def watch(self, _: str) -> nullcontext[None]:
        """Return a watch without events."""
        return nullcontext()


class FakeServer:
    """A database server in memory: the content of each database, and which are closed."""

    def __init__(self, content: dict[str, str], *, closed: str = "") -> None:
        """Have databases with this content; `closed` accepts no connections."""
        self.content = content
        self.closed = {closed}

    def databases(self) -> tuple[str, ...]:
        """Return the names."""
        return tuple(self.content)

    def drop(self, name: str) -> None:
        """Forget a database."""
        del self.content[name]

    def rename(self, old: str, new: str) -> None:
        """Move the content."""
        assert new not in self.content
        self.content[new] = self.content.pop(old)

    def allow_connections(self, name: str) -> None:
        """Open a database."""
        self.closed.discard(name)

    def delete_checkout(self, _: str) -> tuple[str, ...]:
        """Find nothing to delete."""
        return ()


def operator_on(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> RecoveryOperator:
    """Return an operator of a system on this server."""
    operator: Any = RecoveryOperator(context_of(SYSTEM, FullCluster()))
    monkeypatch.setattr(operator, "_server", lambda: server)
    operator._before = ("shop",)
    return operator  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "content",
    [
        {"shop": "old"},
        {"shop": "old", "shop_restored": "new"},
        {"shop": "new", "shop_until_20261125": "old"},
        {"shop_until_20261125": "old", "shop_restored": "new"},
        {"shop": "newest", "shop_until_20261125": "old", "shop_until_20261126": "new"},
    ],
)
def test_the_databases_are_put_back(
    content: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a restore was interrupted, the data from before it is live and open again."""
    server = FakeServer(content, closed="shop")
    operator_on(server, monkeypatch)._put_back_databases()
    assert server.content == {"shop": "old"}
    assert "shop" not in server.closed


def test_a_checkout_that_was_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restore after it would prove nothing."""
    operator = operator_on(FakeServer({}), monkeypatch)
    with pytest.raises(AssertionError, match="The checkout 7 was not there to be deleted"):
        operator.delete_checkout(Purchase("7", {}))


def test_statements_about_databases_run_outside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can rename the database of the connection; a checkout is deleted in the system's."""
    statements: list[tuple[str, str]] = []

    def execute(*arguments: object, database: str, **_: object) -> tuple[str, ...]:
        statements.append((database, str(arguments[4])))
        return ("shop",)

    monkeypatch.setattr(postgresql, "execute_sql", execute)
    server = PostgresqlServer(ROOT, "one", "shop", "database-0", "database", Contract(), 1.0)
    assert server.databases() == ("shop",)
    server.drop("a")
    server.rename("b", "c")
    server.allow_connections("c")
    server.delete_checkout("7")
    *about, (last, deletion) = statements
    assert {database for database, _ in about} == {"postgres"}
    assert [statement for _, statement in about[1:]] == [
        'DROP DATABASE "a" WITH (FORCE)',
        'ALTER DATABASE "b" RENAME TO "c"',
        'ALTER DATABASE "c" ALLOW_CONNECTIONS true',
    ]
    assert not last
    assert "DELETE FROM checkouts WHERE id = '7' RETURNING id" in deletion
