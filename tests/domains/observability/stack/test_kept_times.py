import pytest

from acceptance.domains.observability.drivers.alertmanager import repeats
from acceptance.domains.observability.drivers.prometheus import seconds_of
from acceptance.domains.observability.stack.kept_times import KeptTime, KeptTimeInspector
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

DAY = 86400.0
TABLE = (("program", "what", "days"), ("prometheus", "samples", "15"), ("alertmanager", "x", "5"))
MEASURED = KeptTime("prometheus", 15 * DAY, "15d")
TOLD = KeptTime("alertmanager", 5 * DAY, "120h", 4 * 3600.0)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ((KeptTime("prometheus", 54000, "15h"), TOLD), "keeps it for 15h, not 15 days"),
        (
            (MEASURED, KeptTime("alertmanager", 5 * DAY, "120h", 6 * DAY)),
            "forgets after 120h what it repeats later",
        ),
        ((MEASURED,), "names other programs"),
    ],
)
def test_too_short_is_seen(found: tuple[KeptTime, ...], reason: str) -> None:
    """Another unit, an alert that is repeated later, and a program that is missing."""
    inspector = KeptTimeInspector(context_of(SYSTEM))
    with pytest.raises(AssertionError, match=reason):
        inspector.assert_kept_long_enough(found, TABLE)
    inspector.assert_kept_long_enough((MEASURED, TOLD), TABLE)


def test_every_route_repeats() -> None:
    """Also one that inherits, and one for which only the default holds."""
    route = {"repeat_interval": "1d", "routes": [{"repeat_interval": "2w"}, {"receiver": "a"}]}
    assert repeats(route) == (DAY, 14 * DAY, DAY)
    assert repeats({}) == (4 * 3600.0,)


def test_durations_have_weeks_and_years() -> None:
    """As Prometheus writes what it was told in days."""
    assert seconds_of("2w1d") == 15 * DAY and seconds_of("1y") == 365 * DAY
