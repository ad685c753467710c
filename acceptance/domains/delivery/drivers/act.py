"""Runs a GitHub workflow on this machine with act: no container, no network, nothing left behind.

The jobs run as they are written, in a copy of the repository. What is fetched from GitHub, the
actions of others, is not there without a network: each is replaced by one that does nothing but
say so, and keep the file of findings that it was to show.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.build.cache import cache_root
from acceptance.drivers.repository_copies import INSTALLED
from acceptance.errors import EnvironmentFailure
from acceptance.process import run, tail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acceptance.domains.delivery.drivers.workflows import WorkflowFacts

_LABELS = ("ubuntu-24.04", "ubuntu-22.04", "ubuntu-latest")
"""Of the runners in whose place this machine runs the jobs."""
_CHECKOUT = "actions/checkout@"
"""act does this one itself: it copies the folder."""
_FAILED = range(2)
_NOT_TRIGGERED = "Could not find any stages to run"

# What is installed is shared with the original: what a job writes there is seen by nobody else.
_PRIVATE = """\
upper=$1; shift
mount -t tmpfs tmpfs "$upper"
while [ "$1" != -- ]; do
  layer=$(mktemp -d -p "$upper")
  mkdir "$layer/upper" "$layer/work"
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$layer/upper,workdir=$layer/work" "$1"
  shift
done
shift
exec "$@"
"""

_STAND_IN = {
    "name": "Not run here",
    "description": "Stands where an action is that is fetched from GitHub.",
    "inputs": {"sarif_file": {"description": "kept", "default": ""}},
}


@dataclass(frozen=True)
class WorkflowRun:
    """What became of a workflow."""

    event: str
    jobs: tuple[tuple[str, str], ...]
    """Jobs with their results, success or failure; none if the event triggers none."""
    steps: tuple[tuple[str, str], ...]
    """Steps with their results, in their order."""
    absent: tuple[str, ...]
    """Actions of others that were not run, because they are fetched from GitHub."""
    said: str
    """What the steps wrote."""
    shown: tuple[str, ...]
    """The files that were to be shown as findings."""
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether jobs ran and none failed."""
        return bool(self.jobs) and all(result == "success" for _, result in self.jobs)


def run_workflow(copy: Path, facts: WorkflowFacts, event: str, *, timeout: float) -> WorkflowRun:
    """Run the workflow in the working tree `copy`, as `event` (push, pull_request) would.

    `timeout` is in seconds.

    Raises `EnvironmentFailure` when act is missing, cannot be cut off from the network, or is late.
    """
    with tempfile.TemporaryDirectory(prefix="acceptance-act-") as temporary:
        folder = Path(temporary).resolve()
        for name in ("actions", "config/act", "home", "private", "shown", "tmp"):
            (folder / name).mkdir(parents=True)
        (folder / "config" / "act" / "actrc").touch()  # or act asks which images to use
        event_file = folder / "event.json"
        event_file.write_text(json.dumps(_payload(event)), encoding="utf-8")
        absent = tuple(each for each in facts.uses if _is_foreign(each))
        stand_ins = [_stand_in(folder, number, each) for number, each in enumerate(absent)]
        command = [
            *_cut_off(folder / "private", _shared(copy)),
            *(str(act_program()), event, "--json", f"--workflows={facts.path}"),
            *(f"--eventpath={event_file}", "--use-gitignore=false", "--no-cache-server"),
            *(f"--action-cache-path={folder / 'actions'}", "--concurrent-jobs=1"),
            *(f"--platform={label}=-self-hosted" for label in _LABELS),
            *(f"--local-repository={each}" for each in stand_ins),
        ]
        done = run(command, cwd=copy, timeout=timeout, env=_environment(folder), accepted=_FAILED)
        lines = _lines(done.stdout)
        jobs = tuple((each["job"], each["jobResult"]) for each in lines if "jobResult" in each)
        if not jobs and _NOT_TRIGGERED not in done.stderr:
            said = tail(done.stderr or done.stdout, 3)
            raise EnvironmentFailure(f"act could not run {facts.path} here: {said}")
        shown = sorted((folder / "shown").iterdir())
        return WorkflowRun(
            event,
            jobs,
            _steps(lines),
            absent,
            "".join(each["msg"] for each in lines if each.get("raw_output")).replace("\r", ""),
            tuple(each.read_text(encoding="utf-8") for each in shown),
            round(done.seconds, 1),
        )


def act_program() -> Path:
    """Return act's path: the locked one, else the one in PATH.

    Raises `EnvironmentFailure` when there is neither.
    """
    locked = Path(sysconfig.get_path("scripts")) / "act"
    found = str(locked) if locked.exists() else shutil.which("act")
    if found is None:
        raise EnvironmentFailure("There is no act. Try: make setup")
    return Path(found)


def _is_foreign(action: str) -> bool:
    return not action.startswith((_CHECKOUT, "./", "docker://"))


def _stand_in(folder: Path, number: int, action: str) -> str:
    """Make the action that stands for another, and return how act is told of it."""
    name, _, reference = action.partition("@")
    owner, repository, *path = name.split("/")
    place = folder / f"stand-in-{number}"
    place.joinpath(*path).mkdir(parents=True)
    script = (
        f"echo 'Not run here, because it is fetched from GitHub: {action}'\n"
        f'[ -z "$FINDINGS" ] || cp "$FINDINGS" "{folder}/shown/{number}"\n'
    )
    step = {"shell": "sh", "run": script, "env": {"FINDINGS": "${{ inputs.sarif_file }}"}}
    text = yaml.safe_dump({**_STAND_IN, "runs": {"using": "composite", "steps": [step]}})
    place.joinpath(*path, "action.yml").write_text(text, encoding="utf-8")
    return f"{owner}/{repository}@{reference}={place}"


def _payload(event: str) -> dict[str, Any]:
    """Return what GitHub would tell of the event, as far as a workflow can need it here."""
    if event != "pull_request":
        return {"ref": "refs/heads/change"}
    ends = {"head": {"ref": "change"}, "base": {"ref": "main"}}
    return {"action": "opened", "number": 1, "pull_request": {"number": 1, **ends}}


def _shared(copy: Path) -> list[str]:
    links = [copy / name for name in INSTALLED]
    return list(dict.fromkeys(str(each.resolve()) for each in links if each.exists()))


def _cut_off(upper: Path, private: Sequence[str]) -> list[str]:
    """Return the command that runs another without network, with copies of the folders `private`.

    Its processes and mounts end with it, however it ends.
    """
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    own = ["--net", "--pid", "--mount", "--mount-proc", "--fork", "--kill-child"]
    inside = ["sh", "-euc", _PRIVATE, "sh", str(upper), *private, "--"]
    return ["unshare", *user, *own, "--", *inside]


def _environment(folder: Path) -> dict[str, str | None]:
    """Nothing of whoever runs this is a job's, but what was installed and built."""
    return {
        **dict.fromkeys(os.environ),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
        "TMPDIR": str(folder / "tmp"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(cache_root().parent),
    }


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def _steps(lines: Iterable[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Return the steps of the workflow; those inside of an action are its own matter."""
    return tuple(
        (each["step"], each["stepResult"])
        for each in lines
        if each.get("stage") == "Main" and "stepResult" in each and len(each["stepID"]) == 1
    )
