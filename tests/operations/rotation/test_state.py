from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from operations.rotation import state
from tests.fakes.kubernetes_objects import FakeObjects, secret

OLD = {"DATABASE_PASSWORD": "old-password-value", "SIGNING_KEY": "old-signing-value"}
NEW = ("new-password-value", "new-signing-value")
MOMENT = "2026-11-25T12:00:00Z"


def states() -> list[state.SecretState]:
    """Return the Secret before a rotation, in each phase of it, and afterwards."""
    cluster = FakeObjects({"secrets": secret(**OLD)})
    found = [state.read_state(cluster.objects["secrets"], "shop_a")]
    begun = state.Rotation("1", "begun", "me", MOMENT, MOMENT, "shop_a", "shop_b")
    steps: list[Callable[[state.SecretState], dict[str, Any]]] = [
        lambda now: state.begin(now, begun, password=NEW[0], signing_key=NEW[1])
    ]
    ends = (state.offer, state.switch, state.settle, state.retire, state.finish)
    steps += [lambda now, end=end: end(now, MOMENT) for end in ends]  # type: ignore[misc]
    for step in steps:
        written = cluster.patch("secrets", step(found[-1]))
        assert written is not None
        found.append(state.read_state(written, "shop_a"))
    return found


def test_a_rotation_goes_through_its_phases_and_leaves_the_new_values() -> None:
    """The old values are gone."""
    before, *under_way, after = states()
    assert [each.rotation.phase for each in under_way if each.rotation] == list(state.PHASES)
    assert before.rotation is None and after.rotation is None
    assert after.values == {
        "DATABASE_USER": "shop_b",
        "DATABASE_PASSWORD": NEW[0],
        "SIGNING_KEY": NEW[1],
    }


def test_pods_of_two_phases_accept_what_the_others_sign() -> None:
    """While pods restart, those of two phases serve side by side."""
    for one, other in pairwise(states()):
        assert one.given["SIGNING_KEY"] in other.given.values()
        assert other.given["SIGNING_KEY"] in one.given.values()


def test_role_and_password_change_in_one_write() -> None:
    """A pod that starts at any moment gets a pair that belongs together."""
    pairs = {(each.given["DATABASE_USER"], each.given["DATABASE_PASSWORD"]) for each in states()}
    assert pairs == {("shop_a", OLD["DATABASE_PASSWORD"]), ("shop_b", NEW[0])}


def test_no_value_is_in_what_is_printed() -> None:
    """Neither in the annotations, nor where somebody prints the state."""
    for found in states():
        assert not [value for value in (*OLD.values(), *NEW) if value in repr(found)]


def test_a_second_writer_is_refused() -> None:
    """A change is made for one version of the Secret."""
    cluster = FakeObjects({"secrets": secret(**OLD)})
    now = state.read_state(cluster.objects["secrets"], "shop_a")
    rotation = state.Rotation("1", "begun", "me", MOMENT, MOMENT, "shop_a", "shop_b")
    change = state.begin(now, rotation, password=NEW[0], signing_key=NEW[1])
    assert cluster.patch("secrets", change) is not None
    assert cluster.patch("secrets", change) is None


@pytest.mark.parametrize(
    ("user", "other"), [("shop_a", "shop_b"), ("shop_b", "shop_a"), ("somebody", "shop_a")]
)
def test_two_roles_take_turns(user: str, other: str) -> None:
    """Whichever role logs in now, the next one is another."""
    assert state.other_user(user, "shop") == other
