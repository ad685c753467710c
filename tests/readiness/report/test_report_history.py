from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acceptance.project import ROOT
from acceptance.readiness.report import write_reports
from acceptance.readiness.report.changes import changes
from acceptance.readiness.report.chart import trend_chart
from acceptance.readiness.report.history import RunHistory, RunRecord
from acceptance.readiness.verdict import decide
from tests.support.report_sample import run_facts, team_tracker, write_sample

COUNTS = {"met": 1, "unmet": 0, "unverified": 1, "waived": 0}


def record(number: int, **changed: Any) -> RunRecord:  # noqa: ANN401 (fields of several types)
    """The record of a run, told from others by its commit."""
    found = RunRecord(
        started=f"2026-11-{number % 28 + 1:02d}T02:17:00+00:00",
        commit=str(number),
        seconds=1.0,
        ready=False,
        complete=True,
        counts=COUNTS,
        items={"met": ("T-1-AC-1",), "unverified": ("T-1-AC-2",)},
    )
    return replace(found, **changed)


def commits(history: RunHistory) -> list[str]:
    """The commits of all runs that are remembered."""
    return [each.commit for each in history.last(1000)]


def runs_file(folder: Path) -> Path:
    """Where the runs are kept."""
    return folder / "runs.jsonl"


def test_what_was_appended_is_read_again(tmp_path: Path) -> None:
    """In its order, with all of its fields; without any run there is nothing, and no error."""
    history = RunHistory(tmp_path)
    assert history.last() == ()
    assert history.last_complete() is None
    for number in range(3):
        history.append(record(number))
    assert history.last() == tuple(record(number) for number in range(3))
    assert history.last(2) == (record(1), record(2))


def test_a_crash_in_mid_write_loses_no_earlier_run(tmp_path: Path) -> None:
    """Wherever the last line was cut, it is ignored, and the next run's line begins a new one."""
    history = RunHistory(tmp_path)
    history.append(record(1))
    whole = runs_file(tmp_path).read_bytes()
    for cut in range(1, len(whole)):
        runs_file(tmp_path).write_bytes(whole + whole[:cut])
        RunHistory(tmp_path).append(record(2))
        assert commits(history) == ["1", "2"], cut


def test_a_torn_line_is_ignored_before_it_is_repaired(tmp_path: Path) -> None:
    """Reading needs no repair, and changes nothing."""
    RunHistory(tmp_path).append(record(1))
    with runs_file(tmp_path).open("ab") as file:
        file.write(b'{"started": "2026-')
    before = runs_file(tmp_path).read_bytes()
    assert commits(RunHistory(tmp_path)) == ["1"]
    assert runs_file(tmp_path).read_bytes() == before


@pytest.mark.parametrize("strange", [b"garbage", b"[]", b"{}", b'{"items": 3}', b"\xff\xfe", b""])
def test_a_line_that_is_no_record_hides_no_other(tmp_path: Path, strange: bytes) -> None:
    """A damaged line, or one of another version, is left out alone."""
    history = RunHistory(tmp_path)
    history.append(record(1))
    with runs_file(tmp_path).open("ab") as file:
        file.write(strange + b"\n")
    history.append(record(2))
    assert commits(history) == ["1", "2"]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"started": "yesterday"},
        {"started": "2026-11-25"},
        {"counts": {"met": 1}},
        {"counts": COUNTS | {"met": "1"}},
        {"counts": COUNTS | {"met": -1}},
        {"items": {"green": ["T-1-AC-1"]}},
        {"items": {"met": [1]}},
        {"seconds": "1"},
        {"seconds": -1},
        {"ready": "no"},
        {"complete": None},
        {"commit": None},
        {"surprise": 1},
    ],
)
def test_a_record_that_no_report_could_hold_is_left_out(
    tmp_path: Path, spoilt: dict[str, Any]
) -> None:
    """Otherwise one bad line of the past would keep every report from being written."""
    history = RunHistory(tmp_path)
    history.append(record(1))
    line = json.loads(runs_file(tmp_path).read_bytes()) | spoilt
    with runs_file(tmp_path).open("a") as file:
        file.write(f"{json.dumps(line)}\n")
    assert commits(history) == ["1"]
    found = history.last_complete()
    assert found is not None
    assert found.commit == "1"


def test_the_oldest_runs_are_dropped(tmp_path: Path) -> None:
    """The history is bounded, and keeps the youngest."""
    history = RunHistory(tmp_path, kept=3)
    for number in range(5):
        history.append(record(number))
    assert commits(history) == ["2", "3", "4"]
    assert len(runs_file(tmp_path).read_bytes().splitlines()) == 3


def test_runs_that_end_together_are_all_remembered(tmp_path: Path) -> None:
    """Several processes append at once: no line is lost, none is mixed with another."""
    program = (
        "import sys; from pathlib import Path\n"
        "from tests.readiness.report.test_report_history import *\n"
        "for n in range(20):\n"
        "    RunHistory(Path(sys.argv[1]), kept=50).append(record(int(sys.argv[2])))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, tmp_path, str(number)], cwd=ROOT)
        for number in range(2)
    ]
    assert [each.wait(30) for each in running] == [0, 0]
    found = commits(RunHistory(tmp_path))
    assert (found.count("0"), found.count("1")) == (20, 20)


def test_a_run_waits_while_another_one_writes(tmp_path: Path) -> None:
    """Dropping the oldest writes the file anew: a line appended meanwhile would be lost."""
    history = RunHistory(tmp_path)
    history.append(record(1))
    with history._alone():
        second = threading.Thread(target=RunHistory(tmp_path).append, args=[record(2)])
        second.start()
        second.join(0.2)
        assert second.is_alive()
        assert commits(history) == ["1"]
    second.join(10)
    assert commits(history) == ["1", "2"]


def test_a_run_of_a_part_is_compared_with_nothing(tmp_path: Path) -> None:
    """Nor is a later run compared with it: the last complete one counts."""
    history = RunHistory(tmp_path)
    history.append(record(1))
    history.append(record(2, complete=False))
    before = history.last_complete()
    assert before is not None
    assert before.commit == "1"
    assert changes([], before, complete=False) == {"since": None, "items": []}
    assert changes([], None, complete=True) == {"since": None, "items": []}


def test_changes_are_told_in_words_that_were_shown() -> None:
    """Better, worse, waived since, new in the tracker and gone from it; nothing for what stayed."""

    def item(name: str, verdict: str, waiver: object = None) -> dict[str, Any]:
        return {"id": name, "verdict": verdict, "waiver": waiver, "reason": "why"}

    before = record(1, items={"met": ("A", "B"), "unverified": ("C", "D"), "waived": ("E",)})
    now = [
        *(item("A", "met"), item("B", "unmet"), item("C", "unverified")),
        *(item("D", "unverified", {"person": "P"}), item("F", "met")),
    ]
    found = changes(now, before, complete=True)
    assert found["since"] == before.started
    told = [(each["id"], each["before"], each["after"]) for each in found["items"]]
    assert told == [
        ("B", "met", "unmet"),
        ("D", "unverified", "waived"),
        ("F", "absent", "met"),
        ("E", "waived", "absent"),
    ]


def test_each_run_is_remembered_with_its_report(tmp_path: Path) -> None:
    """The second report knows the first: what changed since, and a trend of two."""
    tracker = team_tracker()
    verdicts = decide(tracker, [])
    first = write_reports(run_facts(), tracker, verdicts, tmp_path)
    assert first["changes"]["since"] is None
    assert len(first["trend"]) == 1
    better = (replace(verdicts[0], verdict="met", reason="now"), *verdicts[1:])
    second = write_reports(run_facts(commit="next"), tracker, better, tmp_path)
    assert second["changes"]["since"] == first["started"]
    assert second["changes"]["items"] == [
        {"id": "TASK-001-AC-1", "before": "unverified", "after": "met", "reason": "now"}
    ]
    assert [run["met"] for run in second["trend"]] == [0, 1]
    line = json.loads(runs_file(tmp_path / "history").read_bytes().splitlines()[-1])
    assert line["items"]["met"] == ["TASK-001-AC-1"]
    assert (line["commit"], line["complete"]) == ("next", True)


def test_the_trend_shows_the_last_fifty_runs(tmp_path: Path) -> None:
    """This run is the last of them."""
    history = RunHistory(tmp_path / "history")
    for number in range(60):
        history.append(record(number))
    tracker = team_tracker()
    document = write_reports(run_facts(), tracker, decide(tracker, []), tmp_path)
    assert len(document["trend"]) == 50
    assert document["trend"][-1]["commit"] == document["commit"]
    assert document["trend"][0]["commit"] == "11"


def test_the_chart_has_a_bar_for_each_run_and_a_sentence(tmp_path: Path) -> None:
    """Bars stay inside of their box, every item is in one of them, and the sentence says it all."""
    document = write_sample(tmp_path)
    chart = trend_chart(document["trend"])
    columns: dict[float, float] = {}
    for _, x, y, height, _ in chart.bars:
        assert y >= 0
        assert y + height <= 100.01
        columns[x] = columns.get(x, 0) + height
    assert len(columns) == 13
    assert all(abs(total - 100) < 0.1 for total in columns.values())
    assert "Over 13 runs" in chart.sentence
    assert "from 0 to 6" in chart.sentence
