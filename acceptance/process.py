"""Runs other programs so that none outlives this process, and reports how a program failed."""

from __future__ import annotations

import os
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from acceptance.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from types import FrameType

TAIL_LINES = 15
"""An error message quotes this many of the last lines of output."""

PROMPT_SECONDS = 60.0
"""The timeout of a program that answers at once; a busy disk may delay its start."""

GRACE_SECONDS = 2.0
"""The seconds between SIGTERM and SIGKILL: a run must end within 5 s after Ctrl-C."""

_CHUNK_BYTES = 65536
_DRAIN_SECONDS = 0.5  # for pipes to close after the end of our program
_LINUX = sys.platform == "linux"
_SETPRIV = shutil.which("setpriv") if _LINUX else None


_RUNNING: set[subprocess.Popen[bytes]] = set()
_STOPPING = threading.Event()


class ProgramFailed(EnvironmentFailure):
    """A program ended with a code that is not accepted."""

    said: str = ""
    """The last lines of its output alone; the message also quotes the command."""


class ProgramTimeout(EnvironmentFailure):
    """A program did not end in time; whoever runs one of the system says that the system hangs."""


@dataclass(frozen=True)
class Completed:
    """The output of a program that ended with an accepted code, and its seconds."""

    stdout: str
    stderr: str
    seconds: float
    code: int = 0


def dying_with_parent(argv: Sequence[str]) -> list[str]:
    """Wrap `argv` so that Linux kills it when its parent dies; elsewhere return it unchanged.

    The kernel watches the thread that starts it, so this thread must live at least as long.

    setpriv of util-linux sets this up after the fork. Python code between fork and exec could wait
    forever for a lock that another thread held, and would copy this process's memory tables.
    """
    return list(argv) if _SETPRIV is None else [_SETPRIV, "--pdeathsig=KILL", "--", *argv]


def contained(argv: Sequence[str]) -> list[str]:
    """Wrap `argv` so that its child processes and mounts end with it, however it ends.

    A parent-death signal reaches a child, but not the child's children. In a process namespace of
    their own, they all die with the first process. Needs root and util-linux; elsewhere `argv` is
    returned unchanged.
    """
    unshare = shutil.which("unshare")
    if not _LINUX or os.geteuid() != 0 or unshare is None:
        return list(argv)
    return [unshare, "--pid", "--mount", "--mount-proc", "--fork", "--kill-child", "--", *argv]


def tail(text: str, lines: int = TAIL_LINES) -> str:
    """Return the last `lines` lines of `text` that are not blank."""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


@contextmanager
def workers(count: int) -> Iterator[ThreadPoolExecutor]:
    """Yield a pool of `count` threads that run programs, and wait for them at the end.

    After an exception, their programs are killed instead, so that Ctrl-C need not wait for a build.
    """
    with ThreadPoolExecutor(count) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            _STOPPING.set()
            try:
                for child in tuple(_RUNNING):
                    _signal_group(child, signal.SIGKILL)
                pool.shutdown()
            finally:
                _STOPPING.clear()
            raise


def run(
    argv: Sequence[str | Path],
    *,
    timeout: float,
    env: Mapping[str, str | None] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
    stdin: str | bytes | None = None,
    remedy: str | None = None,
    accepted: Container[int] = (0,),
) -> Completed:
    """Run `argv` to its end and return its output.

    `timeout` is in seconds. `env` is added to this process's environment; None removes a variable.
    `accepted` are the exit codes that count as success. `log` is a file to which stdout and stderr
    are appended at once. `stdin` is the program's input; without it, the input is empty. `remedy`
    is a sentence for the error message, in place of the command to try by hand.

    The program leads a process group of its own. The group is killed when the program ends, at the
    timeout, and when this process is interrupted. When this process is killed, the kernel kills the
    program.

    Raises `EnvironmentFailure` if the program is not found, `ProgramFailed` if it ends with a code
    that is not accepted, and `ProgramTimeout` if it does not end in time.
    """
    command = [os.fspath(part) for part in argv]
    advice = remedy or f"Try by hand: {shlex.join(command)}"
    started = time.monotonic()
    with ExitStack() as stack:
        sink = stack.enter_context(log.open("ab", buffering=0)) if log else None
        source: IO[bytes] | int = subprocess.DEVNULL
        if stdin is not None:
            # A file, not a pipe: a program that never reads it cannot block us.
            source = stack.enter_context(tempfile.TemporaryFile())
            source.write(stdin.encode() if isinstance(stdin, str) else stdin)
            source.seek(0)
        child: subprocess.Popen[bytes] | None = None
        try:
            # An interrupt must not come between the start and `child`: nothing would kill it.
            with _interrupts_held():
                child = _start(command, source, env, cwd)
                stack.enter_context(child)  # closes its pipes
                _RUNNING.add(child)
                stack.callback(_RUNNING.discard, child)
            if _STOPPING.is_set() and threading.current_thread() is not threading.main_thread():
                _signal_group(child, signal.SIGKILL)  # started while the others were being killed
            out, err, in_time = _collect(child, started + timeout, sink)
        except BaseException:
            if child is not None:
                _end_group(child)
            raise
    seconds = time.monotonic() - started
    name = Path(command[0]).name
    if not in_time:
        said = _quoted(err or out)
        message = f"{name} did not finish within {timeout:g} s and was stopped. {advice}{said}"
        raise ProgramTimeout(message)
    if child.returncode not in accepted:
        failed = ProgramFailed(
            f"{name} failed {_how(child.returncode)}. {advice}{_quoted(err or out)}"
        )
        failed.said = tail(err or out)
        raise failed
    return Completed(out, err, seconds, child.returncode)


def _start(
    command: list[str],
    stdin: IO[bytes] | int,
    env: Mapping[str, str | None] | None,
    cwd: Path | None,
) -> subprocess.Popen[bytes]:
    if cwd is not None and not cwd.is_dir():
        message = f"{command[0]} cannot run in {cwd}: there is no such folder."
        raise EnvironmentFailure(message)
    environment = {k: v for k, v in {**os.environ, **(env or {})}.items() if v is not None}
    _require(command[0], environment.get("PATH"), cwd)
    return subprocess.Popen(
        dying_with_parent(command),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=cwd,
        start_new_session=True,
    )


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Delay interrupts until the end of the body.

    If the kernel blocked them, they would be blocked for a program that starts meanwhile, too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers them only to the main thread
        return
    came: list[tuple[int, FrameType | None]] = []
    held = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM)
        if callable(handler := signal.getsignal(number))
    }
    for number in held:
        signal.signal(number, lambda number, frame: came.append((number, frame)))
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        for signum, frame in came:
            held[signal.Signals(signum)](signum, frame)


def _require(program: str, path: str | None, cwd: Path | None) -> None:
    """Raise `EnvironmentFailure` if `program` cannot be found or executed."""
    place = (cwd or Path()) / program if os.sep in program else None
    if shutil.which(place or program, path=path) is not None:
        return
    if place is not None and place.exists():
        message = f"{program} may not be executed by this user. Try: ls -l {program}"
    else:
        message = (
            f"{program} is not installed or not in PATH. "
            "Try: make doctor, which lists missing programs and how to install them."
        )
    raise EnvironmentFailure(message)


def _collect(
    child: subprocess.Popen[bytes], deadline: float, sink: IO[bytes] | None
) -> tuple[str, str, bool]:
    """Read both streams until the program ends; the last value is False after a timeout."""
    assert child.stdout is not None
    assert child.stderr is not None
    written = {child.stdout.fileno(): bytearray(), child.stderr.fileno(): bytearray()}
    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        for stream in written:
            selector.register(stream, selectors.EVENT_READ)
        ended = _exit_descriptor(child, stack)
        if ended is not None:
            selector.register(ended, selectors.EVENT_READ)
        last = deadline
        while selector.get_map():
            ready = selector.select(max(0.0, last - time.monotonic()))
            if not ready:
                break
            for key, _ in ready:
                if key.fd != ended:
                    _receive(key.fd, written[key.fd], sink, selector)
                    continue
                # Kill what it has started. Then the pipes end too, unless a process has left the
                # group and kept them open: its output is not waited for.
                _signal_group(child, signal.SIGKILL)
                selector.unregister(key.fd)
                child.wait()
                last = min(deadline, time.monotonic() + _DRAIN_SECONDS)
    try:
        child.wait(max(0.0, deadline - time.monotonic()))
        in_time = True
    except subprocess.TimeoutExpired:
        in_time = False
        _end_group(child)
    out, err = (text.decode("utf-8", "replace") for text in written.values())
    return out, err, in_time


def _receive(
    stream: int, written: bytearray, sink: IO[bytes] | None, selector: selectors.BaseSelector
) -> None:
    chunk = os.read(stream, _CHUNK_BYTES)
    if not chunk:
        selector.unregister(stream)
    written += chunk
    if sink is not None:
        sink.write(chunk)


def _exit_descriptor(child: subprocess.Popen[bytes], stack: ExitStack) -> int | None:
    """Return a descriptor that becomes readable when the program ends; None except on Linux."""
    if not _LINUX:
        return None
    descriptor = os.pidfd_open(child.pid)
    stack.callback(os.close, descriptor)
    return descriptor


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """Stop the program and its children: first with SIGTERM, then with SIGKILL."""
    _signal_group(child, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(GRACE_SECONDS)
    _signal_group(child, signal.SIGKILL)
    child.wait()


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _how(code: int) -> str:
    if code < 0:
        with suppress(ValueError):
            return f"(killed by {signal.Signals(-code).name})"
    return f"(exit code {code})"


def _quoted(text: str) -> str:
    last = tail(text)
    return f"\n{last}" if last else ""


def lines_until(child: subprocess.Popen[bytes], deadline: float) -> Iterator[bytes]:
    """Yield the lines that a program writes, until it ends or the deadline has passed.

    `deadline` is on the monotonic clock. The program's output must be an unbuffered pipe.
    """
    assert child.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            line = child.stdout.readline()
            if not line:
                return
            yield line
