import pytest

from acceptance.domains.traffic.page_views import SeenView, ViewVisitor
from acceptance.errors import BrokenInput
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of


def test_a_view_that_complains_is_named() -> None:
    """One of many, with all that the browser said."""
    visitor = ViewVisitor(context_of(SYSTEM))
    good = SeenView("the list", ())
    with pytest.raises(AssertionError, match="a paid checkout: console error: x; failed request"):
        visitor.assert_no_view_failed(
            (good, SeenView("a paid checkout", ("console error: x", "failed request: y")))
        )
    with pytest.raises(AssertionError, match="No view was opened"):
        visitor.assert_no_view_failed(())
    visitor.assert_no_view_failed((good,))


@pytest.mark.parametrize(
    ("rows", "said"),
    [([("view", "shows")], "no view at all"), ([("v", "s"), ("x", "y")], "open x")],
)
def test_only_known_views_can_be_opened(rows: list[tuple[str, str]], said: str) -> None:
    """A table without rows and one with a view that nobody knows are mistakes of the feature."""
    with pytest.raises(BrokenInput, match=said):
        ViewVisitor(context_of(SYSTEM)).open_views(rows)
