from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from acceptance.domains.secrets.drivers.background import BackgroundProgram
from acceptance.domains.secrets.drivers.rotation_state import PHASES
from acceptance.domains.secrets.rotation import PAGE, RotationOperator
from acceptance.domains.secrets.rotation_run import RotationAttempt, RotationRun
from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
from acceptance.runbooks.reader import load_runbook
from acceptance.waiting import eventually
from tests.fakes.kubernetes_objects import SETTINGS, FakeObjects, backend, config_map, secret
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

# Each run reaches one phase and waits there to be killed; the eighth one finishes.
PROGRAM = """
import fcntl, json, sys, time
from pathlib import Path

assert sys.argv[1] == "rotate" and "--context" in sys.argv and "--namespace" in sys.argv
reached = ["begun", "begun", "offered", "switched", "switched", "settled", "retired", "finished"]
with open("lock", "w") as lock:
    for _ in range(20):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            time.sleep(0.02)
    else:
        sys.exit(print("A rotation is under way already, by me.") or 69)
    runs = Path("runs")
    number = len(runs.read_text()) if runs.exists() else 0
    runs.write_text("." * (number + 1))
    before = reached[max(0, number - 1)]

    def record(event, phase):
        print(json.dumps({"event": event, "rotation": "1a2b", "phase": phase}), flush=True)

    record("resumed" if number else "begun", before)
    if reached[number] == "finished":
        record("finished", "retired")
    else:
        if reached[number] != before:
            record(reached[number], reached[number])
        time.sleep(60)
"""


def lines_of(*steps: tuple[str, str], rotation: str = "1a2b") -> str:
    """Return the output of an attempt: (event, phase) of each step."""
    return "\n".join(
        json.dumps({"event": event, "rotation": rotation, "phase": phase}) for event, phase in steps
    )


def attempt(code: int, *steps: tuple[str, str], rotation: str = "1a2b") -> RotationAttempt:
    """Return an attempt that ended with this code."""
    return RotationAttempt("somewhere", code, lines_of(*steps, rotation=rotation))


ANNOTATION = "acceptance.checkout/rotation"
KILLED = attempt(-9, ("begun", "begun"), ("offered", "offered"))
LAST = attempt(0, ("resumed", "offered"), ("retired", "retired"), ("finished", "retired"))
REFUSED = RotationAttempt("", 69, "A rotation is under way already, by me.")


def make_sources(folder: Path, program: str) -> Path:
    """Write sources with the runbook, and with a program in place of the command."""
    page = folder / PAGE
    page.parent.mkdir(parents=True)
    page.write_text((ROOT / PAGE).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    package = folder / "operations"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(program, encoding="utf-8")
    return folder


def make_cluster() -> FakeObjects:
    """Return a system in which a rotation is half-way."""
    cluster = FakeObjects(
        {
            "backend": backend(),
            "config": config_map(**SETTINGS),
            "secrets": secret(DATABASE_PASSWORD="a password", SIGNING_KEY="a signing key"),
        }
    )
    cluster.pods = [
        {"metadata": {"annotations": {ANNOTATION: f"1a2b {phase}"}}}
        for phase in ("switched", "begun")
    ]
    return cluster


def make_operator(sources: Path, cluster: FakeObjects, root: Path = ROOT) -> RotationOperator:
    """Return the operator of a system that was deployed from `sources`, in the project `root`."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "https://192.0.2.1"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "none", "context": {"cluster": "c", "user": "u"}}],
    }
    kubeconfig = sources / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config), encoding="utf-8")
    system = replace(SYSTEM, kubeconfig=str(kubeconfig), repository=str(sources))
    context = context_of(system, cluster)
    return RotationOperator(replace(context, settings=replace(context.settings, root=root)))


def test_a_rotation_is_killed_in_every_phase_and_resumes(tmp_path: Path) -> None:
    """By the command of the runbook, as the sources have it."""
    with make_operator(make_sources(tmp_path, PROGRAM), make_cluster()) as operator:
        run = operator.rotate_interrupted()
        assert [each.code for each in run.attempts] == [-9] * 7 + [0]
        operator.assert_resumed(run)
        operator.assert_second_refused(run)
    assert {line.phase for line in run.lines} == set(PHASES)


def test_a_rotation_that_is_left_unfinished_is_finished(tmp_path: Path) -> None:
    """By the command of the project: the one in the sources may be broken on purpose."""
    copy = make_sources(tmp_path / "copy", "import time; time.sleep(60)")
    note = "import sys, pathlib; pathlib.Path('ran').write_text(' '.join(sys.argv[1:]))"
    project = make_sources(tmp_path / "project", note)
    cluster = make_cluster()
    cluster.objects["secrets"]["metadata"]["annotations"] = {ANNOTATION: "{}"}
    with make_operator(copy, cluster, project) as operator:
        operator._start("first")
    ran = (project / "ran").read_text(encoding="utf-8")
    assert ran == "rotate --context none --namespace checkout --overlap 0"


@pytest.mark.parametrize(
    ("attempts", "said"),
    [
        ((LAST,), "No attempt was killed"),
        ((replace(KILLED, code=0), LAST), "ended before it was killed at somewhere"),
        ((KILLED, replace(LAST, code=69)), "The last attempt failed"),
        ((KILLED, attempt(0, ("begun", "begun"), rotation="3c")), "There were 2 rotations"),
        ((KILLED, attempt(0, ("begun", "offered"))), "The attempts began with begun, begun"),
        ((KILLED, attempt(0, ("resumed", "begun"))), "began with an earlier phase"),
        ((KILLED, attempt(0, ("resumed", "elsewhere"))), "unknown phases: elsewhere"),
    ],
)
def test_a_rotation_that_does_not_resume_is_found(
    attempts: tuple[RotationAttempt, ...], said: str
) -> None:
    """Each way in which an interruption can be forgotten has its own sentence."""
    operator = RotationOperator(context_of(SYSTEM))
    operator.assert_resumed(RotationRun((KILLED, LAST)))
    with pytest.raises(AssertionError, match=said):
        operator.assert_resumed(RotationRun(attempts))


@pytest.mark.parametrize(
    "second",
    [
        None,
        replace(REFUSED, code=0),
        replace(REFUSED, output="another reason"),
        replace(REFUSED, output=f"{REFUSED.output}\n{lines_of(('resumed', 'begun'))}"),
    ],
    ids=["none", "succeeded", "for another reason", "did something"],
)
def test_a_second_rotation_that_is_not_refused_is_found(second: RotationAttempt | None) -> None:
    """It has to do nothing, and to say why."""
    operator = RotationOperator(context_of(SYSTEM))
    operator.assert_second_refused(RotationRun((LAST,), REFUSED))
    with pytest.raises(AssertionError, match="econd rotation was"):
        operator.assert_second_refused(RotationRun((LAST,), second))


def test_a_killed_program_leaves_nothing_behind(tmp_path: Path) -> None:
    """What it started is killed with it."""
    log = tmp_path / "output.txt"
    commands = "sleep 60 & echo $!; wait"
    program = BackgroundProgram(["bash", "-c", commands], cwd=tmp_path, env={}, log=log)
    while not program.output.strip():
        assert program.code is None
    child = Path("/proc", program.output.strip(), "stat")
    program.kill()
    assert program.code == -9
    # The kernel ends a killed process a moment after the signal.
    eventually(
        lambda: _state(child),
        lambda state: state in {"Z", "gone"},
        timeout=10,
        what="the program's child ended",
    )


@pytest.mark.parametrize("mark", ["rotate", "audit"])
def test_the_commands_of_the_runbook_are_shell_and_print_no_value(mark: str) -> None:
    """Bash can parse them, and none reads the data of a Secret."""
    script = load_runbook(ROOT, PAGE).commands(mark)
    assert "$NAMESPACE" in script and ".data" not in script
    done = subprocess.run(["bash", "-n"], input=script, text=True, check=False)
    assert done.returncode == 0


def test_a_system_that_does_not_support_rotation_is_unverified() -> None:
    """The sentence says what is missing."""
    cluster: Any = FakeObjects({"backend": backend("SIGNING_KEY_ACCEPTED")})
    operator = RotationOperator(context_of(SYSTEM, cluster))
    with pytest.raises(Unverifiable, match="takes no SIGNING_KEY_ACCEPTED, DATABASE_NAME"):
        operator.try_old_secrets()


def _state(process: Path) -> str:
    """Return the state of a process, by its stat file."""
    try:
        return process.read_text(encoding="utf-8").split()[2]
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
