from __future__ import annotations

from dataclasses import replace

import pytest

from acceptance.domains.secrets import DatabaseLogins, DatabaseLoginTester
from acceptance.domains.secrets.database_logins import (
    PLACES,
    LoginAttempt,
    PlaceLogins,
    _log_in_from,
    _other_attempts,
)
from acceptance.domains.secrets.login_places import BACKEND, ELSEWHERE, LOOPBACK, NODE
from acceptance.drivers import database
from acceptance.drivers.database import Login
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

ACCEPTED = Login(accepted=True, refused=False, said="logged in as owner_a")
REFUSED = Login(accepted=False, refused=True, said="password authentication failed")
UNKNOWN = Login(accepted=False, refused=False, said="timeout expired")
OPEN = (("no password", ACCEPTED),)
BLOCKED = PlaceLogins(ELSEWHERE, None, (), unreachable="timed out")


def logins(**changed: PlaceLogins | None) -> DatabaseLogins:
    """Return the results of a sound system; a keyword replaces or removes those of a place."""
    found = {
        place: PlaceLogins(place, ACCEPTED, (("no password", REFUSED),)) for place in PLACES
    } | {ELSEWHERE: BLOCKED}
    names = {"loopback": LOOPBACK, "backend": BACKEND, "elsewhere": ELSEWHERE, "node": NODE}
    places = {**found, **{names[name]: place for name, place in changed.items()}}
    return DatabaseLogins(tuple(each for each in places.values() if each))


def test_a_server_alone_on_its_loopback_address_may_trust_it() -> None:
    """Whoever is there has the server's data; a neighbour in the pod has not."""
    tester = DatabaseLoginTester(context_of(SYSTEM))
    trusting = logins(loopback=PlaceLogins(LOOPBACK, ACCEPTED, OPEN))
    tester.assert_others_refused(replace(trusting, loopback_shared=False))
    with pytest.raises(AssertionError, match=f"accepts no password {LOOPBACK}"):
        tester.assert_others_refused(trusting)


def test_a_database_that_asks_for_the_password_everywhere_passes() -> None:
    """Where no connection is made, nobody gets in; and not everybody may come from everywhere."""
    tester = DatabaseLoginTester(context_of(SYSTEM))
    tester.assert_others_refused(logins())
    tester.assert_others_refused(
        logins(
            loopback=PlaceLogins(LOOPBACK, REFUSED, (("no password", REFUSED),)),
            node=PlaceLogins(NODE, REFUSED, (("no password", REFUSED),)),
        )
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            logins(backend=PlaceLogins(BACKEND, REFUSED, ())),
            f"does not accept the configured credentials {BACKEND}: password auth",
        ),
        (
            logins(backend=replace(BLOCKED, place=BACKEND)),
            f"does not accept the configured credentials {BACKEND}: timed out",
        ),
        *(
            (
                DatabaseLogins(
                    (
                        *(each for each in logins().places if each.place != place),
                        PlaceLogins(place, ACCEPTED, (("no password", ACCEPTED),)),
                    )
                ),
                f"The database accepts no password {place}",
            )
            for place in PLACES
        ),
        (
            logins(node=PlaceLogins(NODE, ACCEPTED, (("no password", UNKNOWN),))),
            f"not known whether the database refuses no password {NODE}: timeout",
        ),
        (
            logins(node=PlaceLogins(NODE, ACCEPTED, ())),
            f"No other credentials were tried {NODE}",
        ),
        (
            replace(logins(node=PlaceLogins(NODE, ACCEPTED, OPEN)), loopback_shared=False),
            f"The database accepts no password {NODE}",
        ),
        (
            DatabaseLogins((PlaceLogins(BACKEND, ACCEPTED, ()),)),
            "No other credentials were tried",
        ),
        (DatabaseLogins(()), "The configured credentials were not tried"),
    ],
)
def test_a_database_that_does_not_ask_for_the_password_is_found(
    found: DatabaseLogins, said: str
) -> None:
    """A refusal counts only if it is the database's own, and the configured credentials work."""
    with pytest.raises(AssertionError, match=said):
        DatabaseLoginTester(context_of(SYSTEM)).assert_others_refused(found)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (logins(node=None), f"{NODE}: no attempt"),
        (logins(backend=None), f"not tried {BACKEND}: no attempt"),
        (
            DatabaseLogins((PlaceLogins(LOOPBACK, ACCEPTED, (("no password", REFUSED),)),)),
            f"not tried {BACKEND}: no attempt",
        ),
        (logins(backend=PlaceLogins(BACKEND, None, (), untried="no python")), "no python"),
    ],
)
def test_a_place_that_nobody_could_try_is_not_sound(found: DatabaseLogins, said: str) -> None:
    """It is not known who is let in from there."""
    with pytest.raises(Unverifiable, match=said):
        DatabaseLoginTester(context_of(SYSTEM)).assert_others_refused(found)


def test_every_role_is_tried_without_a_password() -> None:
    """Rules may trust one role, or one database, or standby servers."""
    attempts = _other_attempts("shop", "owner_a", "the-password", ("owner_a", "monitor"))
    assert [each.user for each in attempts if each.words.startswith("the role")] == [
        "postgres",
        "monitor",
    ]
    assert [each.words for each in attempts if each.replication] == [
        "the superuser for replication"
    ]
    assert "the-password" not in repr(attempts)
    configured = LoginAttempt("configured", "shop", "owner_a", "the-password")
    assert configured not in [replace(each, words="configured") for each in attempts]


def test_a_place_without_a_way_to_it_is_untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a pod without Python; nothing is tried through another way then."""

    def no_way() -> None:
        raise EnvironmentFailure("kubectl failed.\nThere is no python3.")

    monkeypatch.setattr(database, "log_in", None)
    attempt = LoginAttempt("configured", "shop", "owner_a", "the-password")
    found = _log_in_from(NODE, no_way, attempt, (), timeout=1)  # type: ignore[arg-type]
    assert found == PlaceLogins(NODE, None, (), untried="There is no python3")
