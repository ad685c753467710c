from __future__ import annotations

from dataclasses import replace

import pytest

from acceptance.domains.secrets import DatabaseLogins, DatabaseLoginTester
from acceptance.drivers.database import Login
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

ACCEPTED = Login(accepted=True, refused=False, said="logged in as owner_a")
REFUSED = Login(accepted=False, refused=True, said="password authentication failed")
UNKNOWN = Login(accepted=False, refused=False, said="timeout expired")
GOOD = DatabaseLogins(ACCEPTED, (("a wrong password", REFUSED),))


@pytest.mark.parametrize(
    ("logins", "said"),
    [
        (replace(GOOD, configured=REFUSED), "does not accept the configured credentials"),
        (replace(GOOD, others=(("no password", ACCEPTED),)), "The database accepts no password"),
        (
            replace(GOOD, others=(("no password", UNKNOWN),)),
            "not known whether the database refuses no password: timeout",
        ),
        (replace(GOOD, others=()), "No other credentials were tried"),
    ],
)
def test_a_database_that_does_not_ask_for_the_password_is_found(
    logins: DatabaseLogins, said: str
) -> None:
    """A refusal counts only if it is the database's own, and the configured credentials work."""
    tester = DatabaseLoginTester(context_of(SYSTEM))
    tester.assert_others_refused(GOOD)
    with pytest.raises(AssertionError, match=said):
        tester.assert_others_refused(logins)
