from __future__ import annotations

from pathlib import Path

from benchmarks.__main__ import grids
from benchmarks.cgroups import ContainerUsage
from benchmarks.figures import Figure
from benchmarks.monitoring import Account, Program, stack_figures

_USAGE = ContainerUsage(Path("cpu"), Path("memory"))


def _value(row: str, name: str) -> float:
    (found,) = [each for each in _figures() if (each.row, each.name) == (row, name)]
    return found.median


def _figures() -> list[Figure]:
    programs = [
        Program("prometheus/prometheus", _USAGE, created=100, ready=103),
        Program("opensearch/opensearch", _USAGE, created=101, ready=120),
    ]
    names = [each.name for each in programs]

    def account(at: float, *values: float) -> Account:
        return Account(
            at,
            dict(zip(names, values[:2], strict=True)),
            dict(zip(names, values[2:], strict=True)),
        )

    accounts = [
        account(0, 10, 20, 100, 400),
        account(60, 13, 26, 110, 410),
        account(160, 63, 56, 200, 500),
    ]
    return stack_figures(programs, accounts)


def test_each_program_has_a_row_and_so_have_all() -> None:
    """What they used is divided by the time between two accounts: at rest, then under load."""
    one, every = "prometheus/prometheus", "all"
    assert _value(one, "processors at rest") == 0.05
    assert _value(one, "processors under load") == 0.5
    assert _value(one, "memory at rest") == 110
    assert _value(one, "memory under load") == 200
    assert _value(every, "processors under load") == 0.8
    assert _value(every, "memory at rest") == 520


def test_the_seconds_count_from_the_first_object() -> None:
    """A program that is created late is not ready sooner."""
    assert _value("prometheus/prometheus", "ready after") == 3
    assert _value("opensearch/opensearch", "ready after") == 20
    assert _value("all", "ready after") == 20


def test_the_sum_is_held_against_its_target() -> None:
    """4 GiB, of the larger of the two sums."""
    (total,) = [each for each in _figures() if each.target is not None]
    assert (total.values, total.target, total.held) == ((700,), 4096, True)


def test_rows_with_the_same_columns_are_one_table() -> None:
    """And a figure without a row is in none of them."""
    figures = _figures()
    other = [Figure("bare", "ms", (1.0,), row="read")]
    first, second = grids([*figures, *other])
    assert list(first) == ["prometheus/prometheus", "opensearch/opensearch", "all"]
    assert list(second) == ["read"]
