"""Runs a GitHub workflow on this machine with act, without a container and without a network.

The jobs run as written, in a copy of the repository. Actions that GitHub would fetch cannot be
fetched here. Each is replaced by one that prints that it was not run, and that keeps the SARIF file
that it was given.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.build.cache import cache_root
from acceptance.domains.delivery.drivers.proposals import REPOSITORY
from acceptance.drivers.repository_copies import INSTALLED
from acceptance.errors import EnvironmentFailure
from acceptance.process import run, tail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from acceptance.domains.delivery.drivers.proposals import Proposal
    from acceptance.domains.delivery.drivers.workflows import WorkflowFacts

_LABELS = ("ubuntu-24.04", "ubuntu-22.04", "ubuntu-latest")
"""Labels of the runners whose jobs run on this machine."""
_CHECKOUT = "actions/checkout@"
"""act implements this action itself: it copies the folder."""
_OF_THE_NETWORK = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""Variables without which a build finds no packages, where there is a proxy."""
_RUNS = count(2)
"""The numbers of the runs: GitHub never gives one twice, and act always the same."""
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
"""What programs write to move a cursor: act gives them a terminal, and GitHub none."""
_FAILED = range(2)
_OUTPUT = "set-output"
_NOT_TRIGGERED = "Could not find any stages to run"

# The installed folders are shared with the original, so a job writes to an overlay on top of them.
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
    "description": "Replaces an action that is fetched from GitHub.",
    "inputs": {"sarif_file": {"description": "kept", "default": ""}},
}


@dataclass(frozen=True)
class WorkflowRun:
    """The result of a workflow run."""

    event: str
    jobs: tuple[tuple[str, str], ...]
    """Names and results (success, failure); empty if the event triggers no job."""
    steps: tuple[tuple[str, str], ...]
    """Names and results, in order."""
    not_run: tuple[str, ...]
    """Actions that were replaced, because GitHub would fetch them."""
    output: str
    """What the steps wrote."""
    sarif: tuple[str, ...]
    """The content of each SARIF file that was given to an action."""
    seconds: float
    outputs: tuple[tuple[str, str], ...] = ()
    """Names and values of what the steps gave to others, in order."""

    @property
    def passed(self) -> bool:
        """Whether jobs ran and none failed."""
        return bool(self.jobs) and all(result == "success" for _, result in self.jobs)


def run_workflow(
    copy: Path,
    facts: WorkflowFacts,
    proposal: Proposal,
    *,
    timeout: float,
    programs: Path | None = None,
    variables: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    network: bool = False,
) -> WorkflowRun:
    """Run the workflow in the working tree `copy`, as GitHub would for `proposal`.

    `timeout` is in seconds. The job finds what is in the folder `programs` before all others.
    `variables` and `secrets` are those of the repository's settings. With `network` it may use this
    machine's, as the build of an image needs it for packages.

    Raises `EnvironmentFailure` when act is missing, cannot be isolated from the network, or exceeds
    its timeout.
    """
    with tempfile.TemporaryDirectory(prefix="acceptance-act-") as temporary:
        folder = Path(temporary).resolve()
        folder.chmod(0o711)  # a job starts programs as other users, as its PostgreSQL
        for name in ("actions", "config/act", "home", "private", "sarif", "tmp"):
            (folder / name).mkdir(parents=True)
        (folder / "config" / "act" / "actrc").touch()  # without it act asks which images to use
        event_file = folder / "event.json"
        event_file.write_text(json.dumps(proposal.payload()), encoding="utf-8")
        secret_file = folder / "secrets"
        secret_file.touch(mode=0o600)
        lines_of = (f"{name}={json.dumps(value)}\n" for name, value in (secrets or {}).items())
        secret_file.write_text("".join(lines_of), encoding="utf-8")
        not_run = tuple(each for each in facts.uses if _is_fetched(each))
        stand_ins = [_stand_in(folder, number, each) for number, each in enumerate(not_run)]
        command = [
            *_isolated(folder / "private", _shared(copy), network=network),
            *(str(act_program()), proposal.event, f"--actor={proposal.actor}"),
            *("--json", f"--workflows={facts.path}"),
            *(
                f"--eventpath={event_file}",
                f"--secret-file={secret_file}",
                "--use-gitignore=false",
                "--no-cache-server",
            ),
            *(f"--action-cache-path={folder / 'actions'}", "--concurrent-jobs=1"),
            *(f"--platform={label}=-self-hosted" for label in _LABELS),
            *(f"--local-repository={each}" for each in stand_ins),
            *(f"--var={name}={value}" for name, value in (variables or {}).items()),
            f"--env=GITHUB_REPOSITORY={REPOSITORY}",
            *(f"--env={name}={next(_RUNS)}" for name in ("GITHUB_RUN_ID", "GITHUB_RUN_NUMBER")),
        ]
        env = _environment(folder, programs)
        if network:
            env |= {name: os.environ.get(name) for name in _OF_THE_NETWORK}
        done = run(command, cwd=copy, timeout=timeout, env=env, accepted=_FAILED)
        lines = _lines(done.stdout)
        jobs = tuple((each["job"], each["jobResult"]) for each in lines if "jobResult" in each)
        # A job that its own condition leaves out has no result, and is no failure of act.
        if not jobs and done.code and _NOT_TRIGGERED not in done.stderr:
            said = tail(done.stderr or done.stdout, 3)
            raise EnvironmentFailure(f"act could not run {facts.path} here: {said}")
        sarif = sorted((folder / "sarif").iterdir())
        return WorkflowRun(
            proposal.event,
            jobs,
            _steps(lines),
            not_run,
            _ESCAPES.sub("", "".join(each["msg"] for each in lines if each.get("raw_output"))),
            tuple(each.read_text(encoding="utf-8") for each in sarif),
            round(done.seconds, 1),
            tuple((each["name"], each["arg"]) for each in lines if each.get("command") == _OUTPUT),
        )


def act_program() -> Path:
    """Return act's path: the one that set-up installed, else the one in PATH.

    Raises `EnvironmentFailure` when there is neither.
    """
    locked = Path(sysconfig.get_path("scripts")) / "act"
    found = str(locked) if locked.exists() else shutil.which("act")
    if found is None:
        raise EnvironmentFailure("act is not installed. Try: make setup")
    return Path(found)


def _is_fetched(action: str) -> bool:
    return not action.startswith((_CHECKOUT, "./", "docker://"))


def _stand_in(folder: Path, number: int, action: str) -> str:
    """Make the action that replaces another; return the option that tells act of it."""
    name, _, reference = action.partition("@")
    owner, repository, *path = name.split("/")
    place = folder / f"stand-in-{number}"
    place.joinpath(*path).mkdir(parents=True)
    script = (
        f"echo 'Not run here, because it is fetched from GitHub: {action}'\n"
        f'[ -z "$FINDINGS" ] || cp "$FINDINGS" "{folder}/sarif/{number}"\n'
    )
    step = {"shell": "sh", "run": script, "env": {"FINDINGS": "${{ inputs.sarif_file }}"}}
    text = yaml.safe_dump({**_STAND_IN, "runs": {"using": "composite", "steps": [step]}})
    place.joinpath(*path, "action.yml").write_text(text, encoding="utf-8")
    return f"{owner}/{repository}@{reference}={place}"


def _shared(copy: Path) -> list[str]:
    links = [copy / name for name in INSTALLED] + [*copy.glob("tools/*/node_modules")]
    return list(dict.fromkeys(str(each.resolve()) for each in links if each.exists()))


def _isolated(upper: Path, private: Sequence[str], *, network: bool) -> list[str]:
    """Return the command that runs another with overlays on `private` folders.

    Without `network` it has none.

    Its processes and mounts end with it, however it ends.
    """
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    own = ["--pid", "--mount", "--mount-proc", "--fork", "--kill-child"]
    own += [] if network else ["--net"]
    inside = ["sh", "-euc", _PRIVATE, "sh", str(upper), *private, "--"]
    return ["unshare", *user, *own, "--", *inside]


def _environment(folder: Path, programs: Path | None) -> dict[str, str | None]:
    """Give the job no variable of this user but PATH and the cache."""
    first = [str(programs)] if programs else []
    found = (*first, str(Path(sys.executable).parent), os.environ["PATH"])
    return {
        **dict.fromkeys(os.environ),
        "PATH": os.pathsep.join(found),
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
        "TTY_COMPATIBLE": "0",  # as on GitHub, nobody watches
        "TMPDIR": str(folder / "tmp"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(cache_root().parent),
    }


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def _steps(lines: Iterable[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Return the steps of the workflow, without the steps inside an action."""
    return tuple(
        (each["step"], each["stepResult"])
        for each in lines
        if each.get("stage") == "Main" and "stepResult" in each and len(each["stepID"]) == 1
    )
