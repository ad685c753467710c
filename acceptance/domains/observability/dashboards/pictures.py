"""Draws dashboards as pictures, from their JSON and the data of the run, without a Grafana."""

from __future__ import annotations

import re
import tempfile
import time
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.observability.dashboards.charts import (
    COLOURS,
    NamedLine,
    chart,
    colour_of,
    colour_of_value,
    in_unit,
)
from acceptance.drivers.browser import BrowserError, Device, visit
from acceptance.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acceptance.domains.observability.dashboards.reader import (
        DashboardReading,
        QueryReading,
    )
    from acceptance.domains.observability.drivers.dashboard_files import Panel
    from acceptance.domains.observability.drivers.prometheus_queries import PrometheusQueries

_SCREEN = Device("dashboard", 1440, 600, touch=False)
_COLUMN, _ROW, _GAP = 49, 32, 10
_SECONDS, _STEP = 300.0, 5.0
"""What is drawn: the last five minutes, a point for each scrape of a short-lived cluster."""
_PAGE_SECONDS = 30.0
_LEGENDS = 8
_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_STYLE = """
* { box-sizing: border-box; margin: 0 }
body { background: #f1f3f5; color: #24292e; font: 12px/1.35 "DejaVu Sans", Arial, sans-serif;
  padding: 18px 20px; width: 1440px }
h1 { font-size: 22px } h1 + p { color: #57606a; font-size: 13px; margin: 2px 0 4px }
.about { color: #57606a; font-size: 11.5px; margin-bottom: 14px }
.grid { position: relative }
.panel { position: absolute; background: #fff; border: 1px solid #d8dde3; border-radius: 4px;
  padding: 8px 10px; overflow: hidden; display: flex; flex-direction: column }
.panel h2 { font-size: 13px } .panel p { color: #6a737d; font-size: 10.5px; line-height: 1.3 }
.steps { font-size: 10.5px; white-space: nowrap } .steps span { margin-right: 9px }
.stat { flex: 1; display: flex; gap: 24px; align-items: center; justify-content: center }
.stat b { font-size: 34px; font-weight: 600 } .stat small { color: #6a737d; display: block }
.legend { font-size: 10.5px; line-height: 1.4; display: flex; flex-wrap: wrap; gap: 0 12px;
  max-height: 44px; overflow: hidden } .legend span { white-space: nowrap }
svg { flex-shrink: 0 }
.legend i { display: inline-block; width: 12px; height: 3px; margin-right: 4px;
  vertical-align: 3px }
.empty { flex: 1; display: flex; align-items: center; justify-content: center; color: #c4162a }
.axis { font-size: 10px; fill: #6a737d } .end { text-anchor: end } .middle { text-anchor: middle }
.line { fill: none; stroke-width: 1.6; stroke-linejoin: round }
"""


def draw_dashboards(
    readings: Sequence[DashboardReading], prometheus: PrometheusQueries, now: float
) -> list[tuple[str, bytes]]:
    """Return the title and a picture, as PNG, of each dashboard, with the last minutes' data.

    Raises `EnvironmentFailure` if there is no browser.
    """
    pages = [(each.dashboard.title, dashboard_page(each, prometheus, now)) for each in readings]
    pictures = []
    with (
        tempfile.TemporaryDirectory(prefix="dashboards-") as folder,
        visit("localhost", "127.0.0.1", _SCREEN, timeout=_PAGE_SECONDS) as browser,
    ):
        for title, page in pages:
            path = Path(folder, "dashboard.html")
            path.write_text(page, encoding="utf-8")
            try:
                browser.open(path.as_uri())
            except BrowserError as error:  # the page is the suite's own
                raise EnvironmentFailure(f"No dashboard can be drawn: {error}") from error
            pictures.append((title, browser.screenshot()))
    return pictures


def dashboard_page(reading: DashboardReading, prometheus: PrometheusQueries, now: float) -> str:
    """Return a dashboard as a page of its own, its panels in their places of Grafana's grid."""
    board = reading.dashboard
    panels = "".join(
        _panel(panel, list(_lines(own, prometheus, now)))
        for panel in board.panels
        for own in [[each for each in reading.queries if each.panel == panel]]
    )
    rows = max((each.place[1] + each.place[3] for each in board.panels), default=0)
    chosen = "".join(
        f" · {e.variable.label}: {'all' if e.variable.everything else e.text}"
        for e in reading.variables
    )
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now))
    return (
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><style>{_STYLE}</style>'
        f"<h1>{escape(board.title)}</h1><p>{escape(board.description)}</p>"
        f'<div class="about">The last {_SECONDS / 60:g} minutes until {clock} UTC'
        f"{escape(chosen)}</div>"
        f'<div class="grid" style="height:{rows * (_ROW + _GAP)}px">{panels}</div></html>'
    )


def _lines(
    queries: Sequence[QueryReading], prometheus: PrometheusQueries, now: float
) -> Iterator[NamedLine]:
    for query in queries:
        for line in prometheus.evaluate_range(query.expression, now - _SECONDS, now, _STEP):
            if line.points:
                yield NamedLine(_legend(query.query.legend, dict(line.labels)), line.points)


def _legend(form: str, labels: Mapping[str, str]) -> str:
    if not form or form == "__auto":
        return ", ".join(f"{name}={value}" for name, value in labels.items())
    return _PLACE.sub(lambda found: labels.get(found[1], ""), form)


def _panel(panel: Panel, found: Sequence[NamedLine]) -> str:
    # The legend names the first ones, and those are the highest.
    lines = sorted(found, key=lambda each: -(each.last or 0.0))
    column, row, columns, rows = panel.place
    unit = _COLUMN + _GAP
    width, height = columns * unit - _GAP, rows * (_ROW + _GAP) - _GAP
    place = f"left:{column * unit}px;top:{row * (_ROW + _GAP)}px;width:{width}px;height:{height}px"
    if not lines:
        body = '<div class="empty">No data</div>'
    elif panel.kind == "timeseries":
        # The rest is for the title, two lines of text, the thresholds, and three lines of legend.
        body = chart(panel, lines, (width - 22, height - 124)) + _legends(panel, lines)
    else:
        body = _numbers(panel, lines)
    return (
        f'<section class="panel" style="{place}"><h2>{escape(panel.title)}</h2>'
        f'<p>{escape(panel.description)}</p><div class="steps">{_steps(panel)}</div>'
        f"{body}</section>"
    )


def _steps(panel: Panel) -> str:
    first = next((in_unit(low, panel.unit) for _, low in panel.steps if low is not None), "")
    return "".join(
        f'<span style="color:{COLOURS.get(name, name)}">● '
        + escape(f"below {first}" if low is None else f"from {in_unit(low, panel.unit)}")
        + "</span>"
        for name, low in panel.steps
    )


def _numbers(panel: Panel, lines: Sequence[NamedLine]) -> str:
    shown = "".join(
        f'<div><b style="color:{colour_of_value(panel, each.last)}">'
        f"{escape(in_unit(each.last, panel.unit))}</b><small>{escape(each.name)}</small></div>"
        for each in lines
        if each.last is not None
    )
    return f'<div class="stat">{shown}</div>'


def _legends(panel: Panel, lines: Sequence[NamedLine]) -> str:
    shown = "".join(
        f'<span><i style="background:{colour_of(number)}"></i>{escape(each.name)} '
        f"<b>{escape(in_unit(each.last, panel.unit))}</b></span>"
        for number, each in enumerate(lines[:_LEGENDS])
        if each.last is not None
    )
    more = len(lines) - _LEGENDS
    return f'<div class="legend">{shown}{f"<span>and {more} more</span>" if more > 0 else ""}</div>'
