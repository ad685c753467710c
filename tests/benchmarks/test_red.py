from __future__ import annotations

from benchmarks.red import CONTROLS, read_times
from controls.control import all_controls

OUTPUT = """
killed         27.0 s  TASK-001-AC-4-one  (sound 0.0, proved 21.2; green 0.3, red 20.5)
survived        9.0 s  TASK-001-AC-4-two  (sound 0.0, proved 1.2; green 0.3, red 0.5)
killed          2.0 s  TASK-001-AC-4-three  (sound 0.0, proved 1.2)
"""


def test_the_times_of_killed_controls_are_read() -> None:
    """As `make controls` prints them; of one that survived there is no time."""
    assert read_times(OUTPUT) == [("TASK-001-AC-4-one", 0.3, 20.5)]


def test_the_measured_controls_exist() -> None:
    """A measure of nothing would hold its target."""
    assert {each.sabotage.__name__ for each in all_controls()} >= set(CONTROLS)
