from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from acceptance.domains.observability import LogStoreAccountTester, TriedAction, UnknownCaller
from acceptance.domains.observability.drivers.log_store_actions import LogStoreActions
from acceptance.domains.observability.logs.log_store_accounts import read_accounts
from acceptance.drivers.http import Reply
from acceptance.errors import BrokenInput
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLE = (
    ("account", "search", "delete an index"),
    ("log-shipper", "no", "no"),
    ("log-reader", "yes", "no"),
    ("log-retention", "no", "yes"),
    ("log-administrator", "yes", "yes"),
)
TRIED = tuple(
    TriedAction(row[0], action, 200 if word == "yes" else 403, "what it said")
    for row in TABLE[1:]
    for action, word in zip(TABLE[0][1:], row[1:], strict=True)
)


def account_tester() -> LogStoreAccountTester:
    """A tester that needs no cluster."""
    return LogStoreAccountTester(context_of(SYSTEM))


def changed(account: str, action: str, status: int | None) -> tuple[TriedAction, ...]:
    """What the table says, but for one status."""
    return tuple(
        TriedAction(account, action, status, "HTTP other") if key == (account, action) else each
        for each in TRIED
        for key in [(each.account, each.action)]
    )


def test_what_the_table_says_passes() -> None:
    """Both ways."""
    account_tester().assert_permitted(TRIED, TABLE)


@pytest.mark.parametrize(
    ("account", "action", "status", "said"),
    [
        ("log-reader", "search", 403, "log-reader may not search"),
        ("log-shipper", "search", 200, "log-shipper may search"),
        ("log-shipper", "search", 401, "is neither done nor forbidden: HTTP other"),
        ("log-shipper", "search", 400, "is neither done nor forbidden: HTTP other"),
        ("log-shipper", "search", None, "is neither done nor forbidden: HTTP other"),
        ("log-administrator", "search", 404, "log-administrator: search is neither done"),
    ],
)
def test_a_difference_is_named(account: str, action: str, status: int | None, said: str) -> None:
    """Only 403 forbids: a broken request or a lost account is no refusal."""
    with pytest.raises(AssertionError, match=said):
        account_tester().assert_permitted(changed(account, action, status), TABLE)


def test_what_was_not_tried_is_named() -> None:
    """An account that every store has cannot be left out; one for old indices can."""
    with pytest.raises(AssertionError, match=r"Not tried: log-administrator: .*log-reader: search"):
        account_tester().assert_permitted(TRIED[:2], TABLE)
    without = tuple(each for each in TRIED if each.account != "log-retention")
    account_tester().assert_permitted(without, TABLE)
    with pytest.raises(AssertionError, match="does not say whether stranger may search"):
        account_tester().assert_permitted(
            (*TRIED, TriedAction("stranger", "search", 403, "")), TABLE
        )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((), "needs a column account"),
        ((("who", "search"), ("a", "yes")), "needs a column account"),
        ((("account", "search"),), "needs a column account"),
        ((("account", "search"), ("a", "maybe")), "says maybe"),
    ],
)
def test_a_broken_table_is_refused(rows: Sequence[Sequence[str]], said: str) -> None:
    """It would permit nothing, or anything."""
    with pytest.raises(BrokenInput, match=said):
        read_accounts(rows)


@pytest.mark.parametrize("status", [200, 403, 500, None])
def test_only_401_says_that_somebody_is_unknown(status: int | None) -> None:
    """Forbidden means known."""
    account_tester().assert_unknown((UnknownCaller("nobody", 401, ""),))
    with pytest.raises(AssertionError, match="nobody is let in: HTTP other"):
        account_tester().assert_unknown((UnknownCaller("nobody", status, "HTTP other"),))
    with pytest.raises(AssertionError, match="No stranger has asked"):
        account_tester().assert_unknown(())


@pytest.mark.parametrize(
    ("program", "path"),
    [
        ("opensearch", "/_plugins/_security/api/internalusers/acceptance-1"),
        ("elasticsearch", "/_security/user/acceptance-1"),
    ],
)
def test_the_actions_touch_only_what_is_their_own(program: str, path: str) -> None:
    """Everything that is changed has the name of the run, and is deleted afterwards."""
    sent: list[tuple[str, str]] = []

    def send(method: str, path: str, _: object) -> Reply:
        sent.append((method, path))
        return Reply(200, (), "{}", 0.0)

    actions = LogStoreActions(program, "acceptance-1", send)
    assert actions.prepare() == ()
    requests = actions.requests("password")
    assert len({each.action for each in requests}) == len(requests) == 10
    assert path in {each.path for each in requests}
    general = {"/_bulk", "/_resolve/index/logs-*", "/_cluster/settings"}
    assert all("acceptance-1" in each.path for each in requests if each.path not in general)
    actions.remove()
    deleted = [where for method, where in sent if method == "DELETE"]
    assert {path, "/logs-acceptance-1", "/other-acceptance-1"} <= set(deleted)


def test_an_entry_of_a_bulk_request_has_its_own_status() -> None:
    """The request as a whole succeeds although its entry is refused."""
    actions = LogStoreActions("opensearch", "a", lambda *_: Reply(200, (), "{}", 0.0))
    bulk = next(each for each in actions.requests("p") if each.path == "/_bulk")
    refused = json.dumps({"errors": True, "items": [{"index": {"status": 403}}]})
    assert bulk.status(Reply(200, (), refused, 0.0)) == 403
    assert bulk.status(Reply(403, (), "{}", 0.0)) == 403
    assert bulk.status(Reply(200, (), '{"items": []}', 0.0)) is None
    assert bulk.status(Reply(200, (), "[]", 0.0)) is None


def test_a_failed_preparation_is_returned_but_an_index_that_is_there_is_none() -> None:
    """An account that may delete an index leaves the next one less to delete."""
    there = "resource_already_exists_exception"
    actions = LogStoreActions("opensearch", "a", lambda *_: Reply(400, (), there, 0.0))
    assert actions.prepare() == ()
    actions = LogStoreActions("opensearch", "a", lambda *_: Reply(403, (), "no", 0.0))
    assert len(actions.prepare()) == 4
