from __future__ import annotations

from acceptance.domains.secrets.drivers.history import search_history
from tests.support.repositories import Workshop, workshop

__all__ = ["workshop"]

VALUE = "q8Zr_LmTx2-vKw"


def search(workshop: Workshop) -> tuple[str, ...]:
    """Return the commits of a repository that have the value."""
    found = search_history(workshop.root, lambda text: VALUE in text, timeout=60)
    assert found.objects
    assert not found.shallow
    return found.holding


def test_a_file_that_was_deleted_again_is_found(workshop: Workshop) -> None:
    """It is in the history for ever."""
    workshop.commit("Begin")
    assert search(workshop) == ()
    workshop.write("b.ini", f"password = {VALUE}")
    workshop.commit("Settings")
    workshop.git("rm", "--quiet", "b.ini")
    last = workshop.commit("No settings")
    (holding,) = search(workshop)
    assert last.startswith(holding)


def test_a_message_is_found(workshop: Workshop) -> None:
    """A commit says what was changed, sometimes from what."""
    made = workshop.commit(f"No longer {VALUE}")
    (holding,) = search(workshop)
    assert made.startswith(holding)
