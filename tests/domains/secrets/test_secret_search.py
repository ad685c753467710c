from __future__ import annotations

from dataclasses import replace

import pytest

from acceptance.domains.secrets import SecretSearch, SecretSearcher
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

KINDS = ("ConfigMap", "pod specification", "log", "repository file")
NOTHING = SecretSearch(2, tuple((kind, 1) for kind in KINDS), (), ())


@pytest.mark.parametrize(
    ("search", "said"),
    [
        (replace(NOTHING, found=("log chatty/chatty",)), "was found in: log chatty/chatty"),
        (replace(NOTHING, unread=("log a/b",)), "Could not be read: log a/b"),
        *(
            (
                replace(
                    NOTHING, searched=tuple(each for each in NOTHING.searched if each[0] != kind)
                ),
                f"No {kind} was read",
            )
            for kind in KINDS
        ),
    ],
)
def test_a_secret_and_a_place_that_was_not_read_are_found(search: SecretSearch, said: str) -> None:
    """Nothing that was not searched counts as clean."""
    searcher = SecretSearcher(context_of(SYSTEM))
    searcher.assert_no_secret_found(NOTHING)
    with pytest.raises(AssertionError, match=said):
        searcher.assert_no_secret_found(search)
