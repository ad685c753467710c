from __future__ import annotations

import random
import statistics

import pytest

from benchmarks.figures import Figure, PairedRound, paired_ratio


def _rounds(factor: float, spread: float) -> list[PairedRound]:
    draw = random.Random(1)  # noqa: S311
    rounds: list[PairedRound] = []
    for _ in range(12):
        busy = draw.uniform(1, 3)  # the whole machine is slower in some rounds
        base = [busy * draw.uniform(1, 1 + spread) for _ in range(20)]
        rounds.append((base, [busy * factor * draw.uniform(1, 1 + spread) for _ in range(20)]))
    return rounds


def test_a_cost_is_found_on_a_machine_that_slows_down() -> None:
    """Rounds differ by a factor of three, and 10 % of cost is found nevertheless."""
    found = paired_ratio("cost", _rounds(1.1, 0.05), statistics.median)
    assert found.median == pytest.approx(1.1, abs=0.03)
    assert found.interval is not None
    low, high = found.interval
    assert 1 < low < found.median < high < 1.2


def test_an_interval_that_includes_1_says_so() -> None:
    """Where nothing was found, the table must not look as if something had been."""
    same = paired_ratio("cost", _rounds(1.0, 0.5), statistics.median)
    assert str(same).endswith("includes 1)")
    assert "includes 1" not in str(paired_ratio("cost", _rounds(1.5, 0.1), statistics.median))


def test_the_same_values_give_the_same_interval() -> None:
    """A table can be made again from what was kept."""
    rounds = _rounds(1.1, 0.2)
    first, second = (paired_ratio("cost", rounds, statistics.fmean) for _ in range(2))
    assert first == second


def test_a_figure_is_held_by_its_median() -> None:
    """One slow run of several does not miss the target."""
    assert Figure("start", "s", (1.0, 2.0, 9.0), 2.0).held
    assert Figure("start", "s", (1.0, 2.1, 9.0), 2.0).held is False
    assert Figure("start", "s", (1.0,)).held is None
