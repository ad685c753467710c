"""`acceptance gate`: says whether a release may go out, by the report of a run."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.cli.command import Command
from acceptance.errors import BrokenInput
from acceptance.readiness.gate import (
    SPRINT,
    decide_gate,
    evidence_problems,
    expiry_problems,
    revision_problems,
)
from acceptance.readiness.revision import commit_of
from acceptance.readiness.tracker import parse
from acceptance.settings import load_settings

if TYPE_CHECKING:
    import argparse

_EXAMPLES = """\
  acceptance gate
  acceptance gate reports/readiness.json --gate release
  acceptance gate --gate TASK-001

exit codes: 0 ready, 1 unmet, 10 unverified, 69 the environment could not be started, 65 the
report is unusable: empty, partial, interrupted, of another commit or tracker, or with evidence
that was changed"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "report",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="a readiness.json, with its evidence beside it (default: that of the last run)",
    )
    parser.add_argument(
        "--gate",
        default=SPRINT,
        metavar="GATE",
        help="sprint (the default: what is not in the icebox), release (everything), or a task",
    )


def _run(chosen: argparse.Namespace) -> int:
    settings = load_settings(Path.cwd())
    path: Path = chosen.report or settings.reports / "readiness.json"
    document = _read(path)
    commit = commit_of(settings.root)
    arguments: dict[str, Any] = {
        "gate": chosen.gate,
        "tracker": parse(settings.tracker),
        "commit": commit,
    }
    judged = decide_gate(document, **arguments, problems=revision_problems(commit))
    if judged.code != BrokenInput.exit_code:  # its form is known to be right now
        today = dt.datetime.now(dt.UTC).date()
        problems = [*evidence_problems(document, path.parent), *expiry_problems(document, today)]
        judged = decide_gate(document, **arguments, problems=problems)
    print("\n".join(judged.sentences))
    return judged.code


def _read(path: Path) -> Any:  # noqa: ANN401 (any JSON value)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}. Try: make acceptance, which writes it"
        raise BrokenInput(message) from error
    except (ValueError, RecursionError) as error:
        message = f"{path} is not JSON: {error}. Try: make acceptance, which writes a new one"
        raise BrokenInput(message) from error


COMMAND = Command(
    "gate",
    _run,
    about="Say whether a release may go out, by the report of a run.",
    examples=_EXAMPLES,
    arguments=_arguments,
)
