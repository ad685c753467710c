from __future__ import annotations

import re
from pathlib import Path

import pytest

from acceptance.domains.performance.requirements import FILE, read_performance
from acceptance.errors import BrokenInput
from acceptance.project import ROOT

STATED = (ROOT / FILE).read_text(encoding="utf-8")


def read(folder: Path, text: str) -> object:
    """Read a file with this text."""
    path = folder / FILE
    path.write_text(text, encoding="utf-8")
    return read_performance(path)


def test_the_teams_own_requirements_can_be_read() -> None:
    """The file at the root states a load for two replicas and three thresholds."""
    found = read_performance(ROOT / FILE)
    assert found.load.replicas == 2
    assert found.load.seconds <= 15
    assert dict(found.load.mix)["buy"] > 0
    limits = found.thresholds
    assert limits.p95_milliseconds > 0
    assert limits.requests_per_second > 0
    assert limits.error_rate < 0.01


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("replicas = 2", "", "[performance.load] has no replicas. It has to be a whole number"),
        ("replicas = 2", "replicas = 2.5", "replicas has to be a whole number above 0, not 2.5"),
        ("visitors = 40", "visitors = 0", "visitors has to be a whole number above 0 up to 500"),
        ("visitors = 40", "visitors = 100000", "visitors has to be"),
        ("seconds = 12", "seconds = 3600", "seconds has to be a number above 0 up to 60"),
        ("seconds = 12", "seconds = true", "not True"),
        ("p95_milliseconds = 500", "p95_milliseconds = inf", "p95_milliseconds has to be"),
        ("p95_milliseconds = 500", "p95_milliseconds = nan", "p95_milliseconds has to be"),
        ("p95_milliseconds = 500", "p95_ms = 500", "unknown key p95_ms"),
        ("error_rate = 0.001", "error_rate = 1.0", "error_rate has to be a number from 0 up to"),
        ("error_rate = 0.001", "error_rate = -1", "error_rate has to be"),
        ("[0.5, 1.5]", "[1.5, 0.5]", "think_seconds has to be two numbers"),
        ("[0.5, 1.5]", "0.5", "think_seconds has to be two numbers"),
        ("[0.5, 1.5]", "[0.5]", "think_seconds has to be two numbers"),
        ("buy = 1", "steal = 1", "unknown key steal"),
        ("[performance.thresholds]", "[performance.hopes]", "unknown key hopes"),
        ("[performance.thresholds]", "[thresholds]", "no table [performance.thresholds]"),
        ("= 2", "= = 2", "is not valid TOML"),
    ],
)
def test_an_odd_value_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    """What cannot be meant is broken input, and the sentence has the key and what it may be."""
    assert old in STATED
    with pytest.raises(BrokenInput, match=re.escape(said)):
        read(tmp_path, STATED.replace(old, new, 1))


def test_a_missing_file_is_broken_input(tmp_path: Path) -> None:
    """Without requirements nothing is met."""
    with pytest.raises(BrokenInput, match=re.escape(f"{FILE} cannot be read")):
        read_performance(tmp_path / FILE)
