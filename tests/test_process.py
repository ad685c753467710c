from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from acceptance import process
from acceptance.errors import EnvironmentFailure
from acceptance.process import contained, lines_until, run, tail, workers
from acceptance.project import ROOT
from acceptance.waiting import eventually

LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is Linux's")


def is_running(pid: int) -> bool:
    """Say whether a process runs; a zombie, dead and not yet reaped, does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def ends_soon(pid: int, seconds: float = 5.0) -> bool:
    """Wait until a process is gone; if it stays, kill it and say so."""
    deadline = time.monotonic() + seconds
    while is_running(pid):
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            return False
        time.sleep(0.01)
    return True


def pid_in(path: Path, seconds: float = 10.0) -> int:
    """Wait for a process id that a shell writes to a file."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if path.exists() and path.read_text().strip():
            return int(path.read_text())
        time.sleep(0.01)
    raise AssertionError(f"no process id in {path}")


def test_both_streams_and_the_time_come_back() -> None:
    """Callers parse stdout, so what goes to stderr must not get in between."""
    done = run(["sh", "-c", "echo fact; echo noise >&2"], timeout=10)
    assert (done.stdout, done.stderr) == ("fact\n", "noise\n")
    assert 0 < done.seconds < 10


def test_environment_folder_and_input_reach_the_program(tmp_path: Path) -> None:
    """Variables are added to this process's own, which stay."""
    done = run(
        ["sh", "-c", 'echo "$WORD ${PATH:+path}"; pwd; cat'],
        timeout=10,
        env={"WORD": "hello"},
        cwd=tmp_path,
        stdin="from us",
    )
    assert done.stdout == f"hello path\n{tmp_path}\nfrom us"


def test_a_variable_can_be_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """What steers this process may not steer a program that has to be itself."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-x")
    script = 'echo "${PYTEST_ADDOPTS-gone}"'
    assert run(["sh", "-c", script], timeout=10, env={"PYTEST_ADDOPTS": None}).stdout == "gone\n"


def test_an_exit_code_can_be_an_answer() -> None:
    """Only those that the caller names; all others stay failures."""
    done = run(["sh", "-c", "echo found; exit 1"], timeout=10, accepted=(0, 1))
    assert (done.code, done.stdout) == (1, "found\n")
    with pytest.raises(EnvironmentFailure, match=r"exit code 2"):
        run(["sh", "-c", "exit 2"], timeout=10, accepted=(0, 1))


def test_a_program_without_input_reads_an_end_of_file() -> None:
    """A program that asks a question must not hang the run."""
    assert run(["cat"], timeout=10).stdout == ""


def test_much_output_on_both_streams_does_not_block() -> None:
    """More than a pipe holds, on both at once."""
    script = "head -c 300000 /dev/zero | tr '\\0' a; head -c 300000 /dev/zero | tr '\\0' b >&2"
    done = run(["sh", "-c", script], timeout=20)
    assert (len(done.stdout), len(done.stderr)) == (300000, 300000)


def test_the_log_holds_both_streams_in_order(tmp_path: Path) -> None:
    """The log is appended to, for the progress display and for whoever looks into a failure."""
    log = tmp_path / "build.log"
    log.write_text("before\n")
    run(["sh", "-c", "echo one; sleep 0.05; echo two >&2"], timeout=10, log=log)
    assert log.read_text() == "before\none\ntwo\n"


def test_a_failure_says_what_how_and_what_to_try() -> None:
    """The message has the program, its exit code, its last words, and a command to try."""
    with pytest.raises(EnvironmentFailure) as caught:
        run(["sh", "-c", "echo no such registry >&2; exit 3"], timeout=10)
    assert caught.value.message.startswith("sh failed (exit code 3). Try by hand: sh -c ")
    assert caught.value.message.endswith("\nno such registry")


def test_a_failure_without_stderr_shows_the_end_of_stdout() -> None:
    """Some programs complain on the wrong stream."""
    with pytest.raises(EnvironmentFailure, match=r"(?s)Try: more\.\ncomplaint$"):
        run(["sh", "-c", "echo complaint; exit 1"], timeout=10, remedy="Try: more.")


def test_a_program_killed_by_a_signal_says_which() -> None:
    """SIGKILL usually means that memory ran out, so its name helps."""
    with pytest.raises(EnvironmentFailure, match="killed by SIGKILL"):
        run(["sh", "-c", "kill -9 $$"], timeout=10)


def test_a_missing_program_points_to_the_doctor() -> None:
    """The remedy for what is not installed is one command."""
    with pytest.raises(
        EnvironmentFailure, match=r"not installed or not in PATH\. Try: make doctor"
    ):
        run(["no-such-program-anywhere"], timeout=10)


def test_a_missing_folder_is_not_taken_for_a_missing_program(tmp_path: Path) -> None:
    """Both are the same error of the operating system, and need different remedies."""
    with pytest.raises(EnvironmentFailure, match="there is no such folder"):
        run(["true"], timeout=10, cwd=tmp_path / "gone")


def test_a_late_program_is_stopped_with_what_it_started(tmp_path: Path) -> None:
    """A deadline ends the whole process group, and soon."""
    started = time.monotonic()
    with pytest.raises(EnvironmentFailure, match=r"did not finish within 0\.3 s and was stopped"):
        run(["sh", "-c", f"sleep 60 & echo $! > {tmp_path}/pid; wait"], timeout=0.3)
    assert time.monotonic() - started < 0.3 + process.GRACE_SECONDS + 1
    assert ends_soon(pid_in(tmp_path / "pid"))


def test_a_program_that_ignores_the_request_to_end_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After the grace period nothing is asked any more."""
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.1)
    script = f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 1; done"
    with pytest.raises(EnvironmentFailure, match="was stopped"):
        run(["sh", "-c", script], timeout=0.5)
    assert ends_soon(pid_in(tmp_path / "pid"))


@LINUX_ONLY
def test_nothing_stays_behind_a_program_that_ended_well(tmp_path: Path) -> None:
    """A forgotten background child is ended, and does not keep the caller waiting either."""
    started = time.monotonic()
    run(["sh", "-c", f"sleep 60 & echo $! > {tmp_path}/pid"], timeout=30)
    assert time.monotonic() - started < 5
    assert ends_soon(pid_in(tmp_path / "pid"))


@LINUX_ONLY
def test_a_child_that_left_the_group_does_not_keep_the_caller_waiting() -> None:
    """A daemon that kept the pipe open is not waited for until the deadline."""
    started = time.monotonic()
    done = run(["sh", "-c", "setsid sleep 3 & echo $!; sleep 0.2"], timeout=30)
    assert time.monotonic() - started < 2.5
    with suppress(ProcessLookupError):
        os.kill(int(done.stdout), signal.SIGKILL)


def caller(tmp_path: Path, call: str) -> subprocess.Popen[bytes]:
    """Start a Python that makes `call`; the program it runs writes its id to tmp_path/pid."""
    script = f"""
        import signal
        from acceptance.process import contained, run
        # Tests in the background of a shell ignore SIGINT, and their children do, too.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            {call.format(pid=tmp_path / "pid")}
        except KeyboardInterrupt:
            raise SystemExit(130)
    """
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT)


@LINUX_ONLY
def test_a_killed_run_takes_its_program_with_it(tmp_path: Path) -> None:
    """`kill -9` leaves no time to clean up; the kernel does it."""
    parent = caller(tmp_path, "run(['sh', '-c', 'echo $$ > {pid}; exec sleep 60'], timeout=60)")
    program = pid_in(tmp_path / "pid")
    parent.kill()
    parent.wait()
    assert ends_soon(program)


@LINUX_ONLY
def test_an_interrupt_stops_the_program(tmp_path: Path) -> None:
    """Ctrl-C reaches the caller only; the caller ends the program and passes the interrupt on."""
    call = "run(['sh', '-c', 'sleep 60 & echo $! > {pid}; wait'], timeout=60)"
    parent = caller(tmp_path, call)
    program = pid_in(tmp_path / "pid")
    parent.send_signal(signal.SIGINT)
    assert parent.wait(5) == 130
    assert ends_soon(program)


def test_an_interrupt_while_it_starts_ends_it_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A program that runs before its caller knows of it is not forgotten."""
    begin = subprocess._fork_exec  # type: ignore[attr-defined]

    def interrupted(*arguments: Any) -> int:  # noqa: ANN401
        program: int = begin(*arguments)
        pid_in(tmp_path / "pid")
        signal.raise_signal(signal.SIGINT)
        return program

    monkeypatch.setattr(subprocess, "_fork_exec", interrupted)
    call = ["sh", "-c", f"sleep 60 & echo $! > {tmp_path}/pid; wait"]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(call, timeout=60)
    finally:
        assert signal.signal(signal.SIGINT, before) is signal.default_int_handler
    assert ends_soon(pid_in(tmp_path / "pid"))


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="process namespaces take root on Linux"
)
def test_a_contained_program_takes_its_grandchildren_with_it(tmp_path: Path) -> None:
    """Also when the run is killed: what is below the program ends with its namespace."""
    marker = f"{60 + os.getpid() / 1e7:.7f}"  # so that this sleep is found from outside
    parent = caller(
        tmp_path,
        f"run(contained(['sh', '-c', 'sleep {marker} & echo 1 > {{pid}}; wait']), timeout=60)",
    )
    pid_in(tmp_path / "pid")
    # The shell tells before its child has become the program.
    found = eventually(lambda: running_with(marker), bool, timeout=10)
    parent.kill()
    parent.wait()
    assert found
    assert all(ends_soon(pid) for pid in found)


def running_with(argument: str) -> list[int]:
    """Return the ids of the processes called `sleep` with this argument."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if path.read_bytes() == f"sleep\0{argument}\0".encode():
                found.append(int(path.parent.name))
    return found


def test_without_root_a_contained_program_runs_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The build may still work without a namespace of its own."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert contained(["true"]) == ["true"]


def test_the_tail_leaves_out_blank_lines() -> None:
    """Blank lines would push the cause out of a short message."""
    assert tail("a\n\nb\n\n\nc\n", 2) == "b\nc"


def test_an_exception_does_not_wait_for_the_programs_of_threads() -> None:
    """Ctrl-C during a build kills the build, and what its thread would have begun next."""
    ends: list[str] = []

    def build() -> None:
        for _ in range(2):
            try:
                run(["sleep", "30"], timeout=60)
            except EnvironmentFailure as error:
                ends.append(error.message)

    def be_interrupted() -> None:
        with workers(1) as pool:
            pool.submit(build)
            while not process._RUNNING:
                time.sleep(0.01)
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        be_interrupted()
    assert time.monotonic() - started < 15
    assert len(ends) == 2
    assert not process._RUNNING


def test_lines_are_given_until_the_program_ends_or_the_deadline_has_passed() -> None:
    """A program that stays open and says nothing more keeps nobody waiting."""
    program = "print('one', flush=True); print('two', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as child:
        lines = lines_until(child, time.monotonic() + 20)
        assert [next(lines), next(lines)] == [b"one\n", b"two\n"]
        assert list(lines_until(child, time.monotonic() + 0.2)) == []
        assert child.stdin is not None
        child.stdin.write(b"\n")
        assert list(lines_until(child, time.monotonic() + 20)) == []
