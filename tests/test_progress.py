from __future__ import annotations

import io
import os
import sys
import threading
from itertools import count
from typing import TYPE_CHECKING

import pytest

from acceptance.progress import Progress
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """A time that moves when it is told to."""

    def __init__(self) -> None:
        """Begin at 0."""
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Pretend."""
        return True


def ticking() -> float:
    """Return a time that is 1.5 s later at each call."""
    return next(_TICKS)


_TICKS = (1.5 * n for n in count())


def test_without_a_terminal_each_step_is_two_plain_lines() -> None:
    """A build server's log has no control characters and shows what began and how it ended."""
    stream = io.StringIO()
    progress = Progress(2, stream=stream, clock=ticking)
    with progress.step("Build images"):
        pass
    with progress.step("Start the cluster"):
        pass
    assert stream.getvalue().splitlines() == [
        "[1/2] Build images …",
        "[1/2] Build images: done after 1.5 s",
        "[2/2] Start the cluster …",
        "[2/2] Start the cluster: done after 1.5 s",
    ]


def test_the_phases_hold_the_seconds_of_each_step() -> None:
    """They go into readiness.json; a step that is repeated adds up."""
    progress = Progress(3, stream=io.StringIO(), clock=ticking)
    for name in ("a", "b", "a"):
        with progress.step(name):
            pass
    assert progress.phases == {"a": 3.0, "b": 1.5}


def test_a_failed_step_shows_the_tail_of_its_log(tmp_path: Path) -> None:
    """The cause of a failed build is in its last lines, and the rest in the file that is named."""
    log = tmp_path / "build.log"
    log.write_text("\n".join(f"line {number}" for number in range(100)))
    stream = io.StringIO()
    progress = Progress(1, stream=stream, clock=ticking)
    with pytest.raises(ValueError, match="broken"), progress.step("Build images", log=log):
        raise ValueError("broken")
    shown = stream.getvalue().splitlines()
    assert shown[1] == "[1/1] Build images: failed after 1.5 s"
    assert shown[2] == f"The last lines of {log}:"
    assert shown[-1] == "line 99"
    assert len(shown) == 3 + 15
    assert progress.phases == {"Build images": 1.5}


def test_an_interrupted_step_did_not_fail(tmp_path: Path) -> None:
    """Ctrl-C is no build failure: no log is shown."""
    log = tmp_path / "build.log"
    log.write_text("working\n")
    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt), Progress(1, stream=stream).step("Build", log=log):
        raise KeyboardInterrupt
    assert "stopped after" in stream.getvalue()
    assert "working" not in stream.getvalue()


def test_a_missing_log_does_not_hide_the_failure(tmp_path: Path) -> None:
    """A build can fail before it wrote a line."""
    progress = Progress(1, stream=io.StringIO())
    with pytest.raises(ValueError, match="broken"), progress.step("Build", log=tmp_path / "no"):
        raise ValueError("broken")


def test_on_a_terminal_the_step_is_shown_live(tmp_path: Path) -> None:
    """Number, name, elapsed time and the log's last line; afterwards one line stays."""
    log = tmp_path / "build.log"
    log.write_text("step 3/9: apt-get install\n")
    stream = Terminal()
    progress = Progress(4, stream=stream)
    with progress.step("Build images", log=log):
        assert progress._live is not None
        progress._live.refresh()
    shown = stream.getvalue()
    assert "[1/4] Build images … " in shown
    assert "step 3/9: apt-get install" in shown
    assert "[1/4] Build images: " in shown.replace("\x1b[32m", "")
    assert progress._live is None


def test_steps_side_by_side_are_counted_and_shown_together() -> None:
    """Images are imported while the API server starts, from another thread."""
    stream = Terminal()
    progress = Progress(2, stream=stream)
    inside = threading.Barrier(2, timeout=10)
    seen: list[int] = []

    def work(name: str) -> None:
        with progress.step(name):
            inside.wait()
            seen.append(len(progress._active))
            inside.wait()

    other = threading.Thread(target=work, args=("Import images",))
    other.start()
    work("Start the API server")
    other.join()
    assert seen == [2, 2]
    assert set(progress.phases) == {"Import images", "Start the API server"}
    assert progress._live is None


def test_more_steps_than_announced_do_not_look_like_a_mistake() -> None:
    """Never [3/2]."""
    stream = io.StringIO()
    progress = Progress(1, stream=stream)
    for name in ("a", "b"):
        with progress.step(name):
            pass
    assert "[2/2] b" in stream.getvalue()


def test_square_brackets_in_a_name_are_text() -> None:
    """Rich's markup must not swallow what a step is called."""
    stream = io.StringIO()
    progress = Progress(1, stream=stream)
    with progress.step("Build [red]x[/red]"):
        progress.note("a note [bold]with brackets")
    assert "Build [red]x[/red]" in stream.getvalue()
    assert "a note [bold]with brackets" in stream.getvalue()


def test_what_comes_from_the_cache_is_called_cached() -> None:
    """And nothing else is."""
    stream = io.StringIO()
    progress = Progress(2, stream=stream, clock=ticking)
    with progress.step("Kubernetes", cacheable=True):
        pass
    with (
        pytest.raises(ValueError, match="broken"),
        progress.step("Cilium", cacheable=True),
    ):
        raise ValueError("broken")
    assert stream.getvalue().splitlines() == [
        "[1/2] Kubernetes: cached",
        "[2/2] Cilium: failed after 1.5 s",
    ]


def test_a_build_is_told_with_the_time_that_it_takes(tmp_path: Path) -> None:
    """The first time that is a guess; later ones know how long it took here."""
    memory, stream, clock = tmp_path / "cache" / "durations.json", io.StringIO(), Clock()
    for _ in range(2):
        progress = Progress(1, stream=stream, clock=clock, memory=memory)
        with (
            progress.step("Kubernetes", cacheable=True) as step,
            step.building("Kubernetes", usual=600),
        ):
            clock.now += 480
    assert stream.getvalue().splitlines() == [
        "[1/1] Building Kubernetes (first run, about 10 min) …",
        "[1/1] Kubernetes: done after 480.0 s",
        "[1/1] Building Kubernetes (about 8 min) …",
        "[1/1] Kubernetes: done after 480.0 s",
    ]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"Kubernetes": "long"}'])
def test_a_memory_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    """It is no more than a help."""
    memory, stream = tmp_path / "durations.json", io.StringIO()
    memory.write_text(text)
    progress = Progress(1, stream=stream, memory=memory)
    with progress.step("Kubernetes") as step, step.building("Kubernetes", usual=60):
        pass
    assert "(first run, about 60 s)" in stream.getvalue()


def test_a_failed_build_is_not_remembered(tmp_path: Path) -> None:
    """It may have failed at once."""
    memory = tmp_path / "durations.json"
    progress = Progress(1, stream=io.StringIO(), memory=memory)
    with (
        pytest.raises(ValueError, match="broken"),
        progress.step("Kubernetes") as step,
        step.building("Kubernetes", usual=60),
    ):
        raise ValueError("broken")
    assert not memory.exists()


def test_without_a_terminal_a_long_step_is_told_now_and_then(tmp_path: Path) -> None:
    """With how far its builds are, or what its log said last."""
    stream, clock, log = io.StringIO(), Clock(), tmp_path / "log"
    log.write_text("creating the node\n")
    progress = Progress(2, stream=stream, clock=clock, every=0.01)

    def await_line(text: str) -> None:
        eventually(lambda: text in stream.getvalue(), bool, timeout=60, what=text)

    with progress.step("Kubernetes", cacheable=True) as step:
        clock.now = 45
        await_line("[1/2] Kubernetes: 45 s so far\n")
        with step.building("Kubernetes", usual=600, measure=lambda: "512 packages compiled"):
            clock.now = 345
            await_line("[1/2] Building Kubernetes: 5 min of about 10 min, 512 packages compiled\n")
    with progress.step("Start the cluster", log=log):
        await_line("[2/2] Start the cluster: 0 s so far  creating the node\n")
    ended = stream.getvalue()
    with progress.step("Nothing"):
        pass
    assert stream.getvalue().removeprefix(ended).count("\n") == 2


def test_beside_tests_a_terminal_gets_plain_lines_too() -> None:
    """A live display would be drawn over what pytest writes."""
    stream = Terminal()
    progress = Progress(2, stream=stream, every=0.01)
    with progress.step("Build images") as step, step.building("Prometheus", usual=260):
        progress.continue_beside_tests()
        before = stream.getvalue()
        eventually(
            lambda: stream.getvalue().removeprefix(before),
            lambda text: "[1/2] Building Prometheus: " in text,
            timeout=5,
        )
    after = stream.getvalue().removeprefix(before)
    assert "\x1b" not in after
    assert after.splitlines()[-1].startswith("[1/2] Build images: done after ")


def test_lines_beside_tests_are_no_output_of_a_test(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is written during a test is captured, and Allure attaches it to the scenario."""
    monkeypatch.setattr(sys, "stderr", sys.__stderr__)
    told = tmp_path / "told"
    with told.open("w") as file:
        before = os.dup(2)
        try:
            os.dup2(file.fileno(), 2)  # as standard error is between two tests
            progress = Progress(1)
            progress.continue_beside_tests()
        finally:
            os.dup2(before, 2)  # as during a test
            os.close(before)
    progress.note("Prometheus is built.")
    assert told.read_text() == "Prometheus is built.\n"
    assert capfd.readouterr().err == ""
