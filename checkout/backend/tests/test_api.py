from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from server_under_test import POD, Service, problem


def paid(service: Service) -> dict[str, Any]:
    """Return a checkout that was paid."""
    checkout = service.add(service.create()).json()
    return dict(service.pay(checkout, 700, str(uuid.uuid4())).json())


def test_a_new_checkout_is_open_and_empty(service: Service) -> None:
    """And is found again at the address that the answer names."""
    before = datetime.now(UTC)
    reply = service.client.post("/api/checkouts", json={"customer": "  Ada Lovelace "})
    checkout = reply.json()
    assert reply.status_code == 201
    assert set(checkout) == {"id", "customer", "status", "items", "total_cents", "created_at"}
    assert (checkout["customer"], checkout["status"]) == ("Ada Lovelace", "open")
    assert (checkout["items"], checkout["total_cents"]) == ([], 0)
    assert before <= datetime.fromisoformat(checkout["created_at"]) <= datetime.now(UTC)
    assert reply.headers["Location"] == f"/api/checkouts/{uuid.UUID(checkout['id'])}"
    assert service.client.get(reply.headers["Location"]).json() == checkout


def test_items_are_kept_in_their_order(service: Service) -> None:
    """With the total of all, and the same when read again."""
    checkout = service.create()
    service.add(checkout)
    reply = service.add(
        checkout, sku="CUP", name="Cup – blue ☕", quantity=1, unit_price_cents=1999
    )
    assert reply.status_code == 201
    assert reply.json() == service.read(checkout)
    assert reply.json()["total_cents"] == 2699
    assert [item["sku"] for item in reply.json()["items"]] == ["TEA-1", "CUP"]
    assert reply.json()["items"][1]["name"] == "Cup – blue ☕"


def test_the_same_item_twice_is_two_items(service: Service) -> None:
    """Nothing is merged behind the visitor's back."""
    checkout = service.create()
    service.add(checkout)
    assert len(service.add(checkout).json()["items"]) == 2


def test_a_checkout_holds_no_more_than_its_limit(service: Service) -> None:
    """The hundredth item fits, the next one does not."""
    checkout = service.create()
    replies = [service.add(checkout) for _ in range(101)]
    assert {reply.status_code for reply in replies[:100]} == {201}
    problem(replies[100], 409, "too-many-items")


def test_paying_the_total_settles(service: Service) -> None:
    """The answer is the paid checkout."""
    checkout = service.add(service.create()).json()
    reply = service.pay(checkout, 700, "key-" + checkout["id"])
    assert reply.status_code == 200
    assert reply.json() == checkout | {"status": "paid"} == service.read(checkout)


def test_a_payment_that_is_retried_gets_the_same_answer(service: Service) -> None:
    """However often it is asked, it pays once."""
    checkout = service.add(service.create()).json()
    replies = [service.pay(checkout, 700, "key-" + checkout["id"]) for _ in range(3)]
    assert {reply.status_code for reply in replies} == {200}
    assert replies[0].json() == replies[1].json() == replies[2].json()


def test_payments_at_the_same_time_pay_once(service: Service) -> None:
    """With one key all get the paid checkout; with a key each, one of them does."""
    same = service.add(service.create()).json()
    each = service.add(service.create()).json()
    with ThreadPoolExecutor(6) as crowd:
        of_one_key = list(crowd.map(lambda _: service.pay(same, 700, same["id"]), range(6)))
        of_own_keys = list(
            crowd.map(lambda n: service.pay(each, 700, f"{n}-{each['id']}"), range(6))
        )
    assert [reply.status_code for reply in of_one_key] == [200] * 6
    assert sorted(reply.status_code for reply in of_own_keys) == [200] + [409] * 5


def test_a_key_for_another_amount_is_refused(service: Service) -> None:
    """Somebody made a mistake, and it must not cost money."""
    checkout = service.add(service.create()).json()
    service.pay(checkout, 700, "key-" + checkout["id"])
    problem(service.pay(checkout, 701, "key-" + checkout["id"]), 422, "idempotency-key-reused")


def test_a_key_of_another_checkout_is_refused(service: Service) -> None:
    """And the other checkout stays open."""
    first, second = (service.add(service.create()).json() for _ in range(2))
    service.pay(first, 700, "key-" + first["id"])
    problem(service.pay(second, 700, "key-" + first["id"]), 422, "idempotency-key-reused")
    assert service.read(second)["status"] == "open"


def test_a_key_taken_by_two_checkouts_at_the_same_time_pays_one(service: Service) -> None:
    """Whoever comes second is refused, not failed."""
    checkouts = [service.add(service.create()).json() for _ in range(6)]
    key = str(uuid.uuid4())
    with ThreadPoolExecutor(6) as crowd:
        replies = list(crowd.map(lambda checkout: service.pay(checkout, 700, key), checkouts))
    assert sorted(reply.status_code for reply in replies) == [200] + [422] * 5
    states = sorted(service.read(checkout)["status"] for checkout in checkouts)
    assert states == ["open"] * 5 + ["paid"]


def test_a_refused_payment_does_not_use_up_its_key(service: Service) -> None:
    """The right amount may follow with the same key."""
    checkout = service.add(service.create()).json()
    found = problem(service.pay(checkout, 1, "key-" + checkout["id"]), 409, "wrong-amount")
    assert "700 cents, not 1" in found["detail"]
    assert service.pay(checkout, 700, "key-" + checkout["id"]).status_code == 200


def test_an_empty_checkout_is_not_paid(service: Service) -> None:
    """It has nothing to pay for."""
    problem(service.pay(service.create(), 0, str(uuid.uuid4())), 409, "nothing-to-pay")


def test_a_paid_checkout_stays_as_it_is(service: Service) -> None:
    """No item, no second payment, no cancellation."""
    checkout = paid(service)
    problem(service.add(checkout), 409, "not-open")
    problem(service.pay(checkout, 700, str(uuid.uuid4())), 409, "not-open")
    problem(service.cancel(checkout), 409, "not-open")
    assert service.read(checkout) == checkout


def test_a_cancelled_checkout_stays_cancelled(service: Service) -> None:
    """Cancelling it again is answered in the same way."""
    checkout = service.add(service.create()).json()
    replies = [service.cancel(checkout) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 200]
    assert replies[0].json() == checkout | {"status": "cancelled"} == service.read(checkout)
    problem(service.add(checkout), 409, "not-open")
    problem(service.pay(checkout, 700, str(uuid.uuid4())), 409, "not-open")


@pytest.mark.parametrize("id_", [str(uuid.UUID(int=1)), "1", "not-an-id", "%00", "x" * 500])
def test_an_unknown_checkout_is_not_found(service: Service, id_: str) -> None:
    """Whether or not its id could be one, and whatever was asked of it."""
    path = f"/api/checkouts/{id_}"
    item = {"sku": "T", "name": "T", "quantity": 1, "unit_price_cents": 1}
    key = {"Idempotency-Key": "k"}
    problem(service.client.get(path), 404, "not-found")
    problem(service.client.post(f"{path}/items", json=item), 404, "not-found")
    payment = service.client.post(f"{path}/payment", json={"amount_cents": 1}, headers=key)
    problem(payment, 404, "not-found")
    problem(service.client.post(f"{path}/cancellation"), 404, "not-found")


def test_pages_follow_each_other_without_gap_or_repetition(service: Service) -> None:
    """Also while others create checkouts: those come before the first page."""
    made = [service.create(f"Customer {number}")["id"] for number in range(7)]
    query = {"limit": "3"}
    seen: list[str] = []
    while len(seen) < 7:
        page = service.client.get("/api/checkouts", params=query).json()
        assert len(page["checkouts"]) == 3
        seen += [checkout["id"] for checkout in page["checkouts"]]
        service.create("Somebody else")
        query["after"] = page["next"]
    assert seen[:7] == made[::-1]


def test_the_last_page_says_so(service: Service) -> None:
    """Also where it is exactly full."""
    service.create()
    everything: list[str] = []
    query: dict[str, str] = {"limit": "100"}
    while True:
        page = service.client.get("/api/checkouts", params=query).json()
        everything += [checkout["id"] for checkout in page["checkouts"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert len(everything) == len(set(everything))
    if len(everything) <= 100:
        exact = service.client.get("/api/checkouts", params={"limit": str(len(everything))}).json()
        assert len(exact["checkouts"]) == len(everything)
        assert exact["next"] is None


def test_the_list_shows_checkouts_in_full(service: Service) -> None:
    """With their items, and as they are when read one by one."""
    checkout = service.add(service.create()).json()
    page = service.client.get("/api/checkouts", params={"limit": 1}).json()
    assert page["checkouts"] == [checkout]
    assert len(service.client.get("/api/checkouts").json()["checkouts"]) <= 20


@pytest.mark.parametrize("after", ["", "x", "A" * 54, "A" * 101, "../../etc/passwd"])
def test_a_cursor_that_is_none_is_refused(service: Service, after: str) -> None:
    """Only what this service signed leads anywhere."""
    reply = service.client.get("/api/checkouts", params={"after": after})
    assert problem(reply, 422, "invalid-request")["errors"][0]["field"] == "after"


@pytest.mark.parametrize("limit", ["0", "-1", "101", "ten", "1.5", ""])
def test_a_limit_outside_its_range_is_refused(service: Service, limit: str) -> None:
    """Nobody asks for everything at once."""
    reply = service.client.get("/api/checkouts", params={"limit": limit})
    assert problem(reply, 422, "invalid-request")["errors"][0]["in"] == "query"


def test_who_answered_is_told(service: Service) -> None:
    """On every answer, also on errors."""
    for path in ("/api/checkouts", "/api/checkouts/x", "/nothing", "/healthz"):
        assert service.client.get(path).headers["X-Served-By"] == POD
