from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.contract import Contract, Database, Environment, Headers, LackingPart, Routes
from acceptance.drivers.checkout_api import CheckoutApi, named_trace
from acceptance.drivers.database import as_superuser
from acceptance.drivers.http import Reply
from acceptance.errors import BrokenInput
from acceptance.settings import load_settings
from acceptance.system import load_system
from fixtures.outcomes import judged
from tests.fakes.system import SYSTEM

if TYPE_CHECKING:
    from pathlib import Path

OTHER = Contract(
    Routes(checkouts="/shop/orders", checkout="/shop/order/{id}", payment="/pay/{id}", items=""),
    Headers(served_by="X-Pod", request_id="X-Correlation-Id", trace=""),
    Environment(database_name="PGDATABASE"),
    Database(superuser="root", checkouts="orders"),
)


def settings_of(folder: Path, text: str) -> Contract:
    """Return the contract that a pyproject.toml declares."""
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return load_settings(folder).contract


class Sent:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        """Have sent nothing."""
        self.requests: list[tuple[str, str, Any]] = []

    def send(self, method: str, path: str, **options: Any) -> None:  # noqa: ANN401
        """Keep a request."""
        self.requests.append((method, path, options.get("headers")))


def test_a_contract_that_nobody_declares_is_the_reference_systems(tmp_path: Path) -> None:
    """A part that is not named stays as it is, also beside one that is."""
    assert settings_of(tmp_path, "") == Contract()
    table = '[tool.acceptance.contract.headers]\nserved_by = "X-Pod"\n'
    assert settings_of(tmp_path, table) == Contract(headers=Headers(served_by="X-Pod"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('routes.payment = "/pay"', "id"),
        ('routes.checkouts = "orders"', "begins with /"),
        ('environment.database_name = "A}; rm"', "database_name"),
        ('database.payments = "p; DROP TABLE p"', "payments"),
        ('headers.served_by = "X-Pod: 1"', "served_by"),
        ('headers.served_for = "X"', "served_by"),
        ("headers.served_by = 1", "served_by"),
    ],
)
def test_a_contract_that_cannot_be_is_told(tmp_path: Path, text: str, said: str) -> None:
    """Names go into requests, scripts and SQL, so they are names and nothing else."""
    with pytest.raises(BrokenInput, match=said):
        settings_of(tmp_path, f"[tool.acceptance.contract]\n{text}\n")


def test_the_contract_reaches_every_process_of_a_run(tmp_path: Path) -> None:
    """It is among the facts of the system."""
    system = replace(SYSTEM, contract=OTHER)
    system.save(tmp_path / "system.json")
    assert load_system(tmp_path / "system.json") == system


def test_requests_go_where_the_contract_says() -> None:
    """Under the names that it has for routes and headers."""
    http = Sent()
    api = CheckoutApi(http, OTHER)  # type: ignore[arg-type]
    api.checkouts(request_id="a")
    api.checkout("a b/c")
    api.pay("7", 1)
    api.visit("frontend")
    assert [each[:2] for each in http.requests] == [
        ("GET", "/shop/orders"),
        ("GET", "/shop/order/a%20b%2Fc"),
        ("POST", "/pay/7"),
        ("GET", "/"),
    ]
    assert http.requests[0][2] == {"X-Correlation-Id": "a"}


def test_a_part_that_a_system_lacks_leaves_what_needs_it_unverified() -> None:
    """The reason names the part; nothing is sent, and nothing is unmet."""
    http = Sent()
    api = CheckoutApi(http, OTHER)  # type: ignore[arg-type]
    with pytest.raises(LackingPart) as caught:
        api.add_item("7", "TEA-1", 1, 1)
    assert judged(caught.value) == ("skipped", caught.value.message)
    assert caught.value.message.startswith("The system has no routes.items, by [tool.acceptance")
    with pytest.raises(LackingPart, match=r"no headers\.trace,"):
        api.checkouts(trace="0" * 32)
    assert not http.requests


def test_an_answer_names_its_pod_in_the_systems_own_header() -> None:
    """Another header does not, and a system without one leaves it unknown."""
    headers = (("x-pod", "backend-1"), ("x-served-by", "a proxy"))
    reply = Reply(200, headers, "", 0.0, named_by="X-Pod")
    assert reply.served_by == "backend-1"
    assert replace(reply, named_by="X-Other").served_by == ""
    with pytest.raises(LackingPart, match=r"headers\.served_by"):
        _ = replace(reply, named_by="").served_by
    silent = replace(OTHER, headers=Headers(trace_of_answer=""))
    with pytest.raises(LackingPart, match=r"headers\.trace_of_answer"):
        named_trace(reply, silent)


def test_the_database_is_found_by_the_contract() -> None:
    """Unless its image names another role or database itself."""
    script = as_superuser(OTHER)
    assert "${POSTGRES_USER:-root}" in script
    assert "own=${PGDATABASE:-${POSTGRES_DB:-$PGUSER}};" in script
    nameless = as_superuser(replace(OTHER, environment=Environment(database_name="")))
    assert "own=${POSTGRES_DB:-$PGUSER};" in nameless
    with pytest.raises(LackingPart, match=r"database\.superuser"):
        as_superuser(replace(OTHER, database=Database(superuser="")))
