from __future__ import annotations

import pytest

from acceptance.domains.observability.dashboards.charts import (
    NamedLine,
    chart,
    colour_of_value,
    in_unit,
)
from acceptance.domains.observability.dashboards.pictures import (
    dashboard_page,
    draw_dashboards,
)
from acceptance.domains.observability.dashboards.reader import (
    DashboardReader,
    DashboardReading,
)
from acceptance.domains.observability.drivers.dashboard_files import read_dashboard
from tests.domains.observability.dashboards.boards import SOURCE, Answers, board, panel, sample
from tests.domains.observability.dashboards.test_panels import ASKED, answers, read, thresholds

STAT = panel(type="stat", title="<Number>", gridPos={"x": 8, "y": 8, "w": 4, "h": 4})


def reading(client: Answers) -> DashboardReading:
    """A dashboard with a chart and a number."""
    found = read_dashboard(board(panel(), STAT, description="All & more"))
    assert found
    return DashboardReader(client.queries(), [SOURCE], (700.0, 1000.0)).read(found)


def test_a_page_has_every_panel_in_its_place() -> None:
    """With title, description, thresholds, axis, legend and the newest value."""
    client = answers(**{ASKED: [sample(2, status="200"), sample(7, status="404")]})
    page = dashboard_page(reading(client), client.queries(), 1000.0)
    assert page.count("<section") == 2
    assert "left:472px;top:336px;width:226px;height:158px" in page
    assert "All &amp; more" in page and "&lt;Number&gt;" in page
    assert page.count("<polyline") == 2
    assert "200 <b>302 req/s</b>" in page
    assert "from 10 req/s" in page and "below 10 req/s" in page
    assert "until 1970-01-01 00:16:40 UTC · Source: p1 · pod: all" in page


def test_a_panel_without_data_says_so() -> None:
    """Never an empty chart, which looks like nothing happening."""
    client = Answers({})
    page = dashboard_page(reading(client), client.queries(), 1000.0)
    assert page.count("No data") == 2
    assert "<polyline" not in page


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0042, "s", "4.2 ms"),
        (0.0, "s", "0 s"),
        (90.0, "s", "90 s"),
        (7776000.0, "s", "90 days"),
        (0.05, "percentunit", "5 %"),
        (1536.0, "bytes", "1.5 KiB"),
        (1500.0, "decbytes", "1.5 kB"),
        (2048.0, "binBps", "2 KiB/s"),
        (1.0, "bool_on_off", "On"),
        (0.5, "bool_on_off", "0.5"),
        (12345.0, "short", "12.3 K"),
        (2500000.0, "short", "2.5 M"),
        (4321.0, "ops", "4321 ops/s"),
    ],
)
def test_values_are_written_in_their_unit(value: float, unit: str, text: str) -> None:
    """As Grafana shows them."""
    assert in_unit(value, unit) == text


@pytest.mark.parametrize("values", [(0.0, 0.0), (5.0, 5.0), (-3.0, 2.0), (9.0, 14.0), (1e9, 2e9)])
def test_every_line_is_inside_its_chart(values: tuple[float, float]) -> None:
    """Also one that is flat, below zero or large."""
    line = NamedLine("a", ((0.0, values[0]), (60.0, values[1])))
    drawn = chart(read().panels[0], [line], (400, 200))
    points = drawn.split('points="')[1].split('"')[0].split(" ")
    assert all(0 <= float(y) <= 200 for _, y in (each.split(",") for each in points))


def test_thresholds_are_drawn_where_they_are_near() -> None:
    """One that is far above the data would make a flat line of them."""
    line = NamedLine("a", ((0.0, 8.0), (60.0, 9.0)))
    near = read(fieldConfig=thresholds(None, 10, 500)).panels[0]
    assert chart(near, [line], (400, 200)).count("stroke-dasharray") == 1
    assert colour_of_value(near, 3) != colour_of_value(near, 10)


def test_dashboards_become_pictures() -> None:
    """A PNG each, by the browser that the scenarios use."""
    client = answers()
    ((title, picture),) = draw_dashboards([reading(client)], client.queries(), 1000.0)
    assert title == "Overview"
    assert picture.startswith(b"\x89PNG")
