"""`operations pipeline`: the steps of the workflows of the backend and the frontend."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from acceptance import exit_codes
from operations.pipeline.changes import tell_changes
from operations.pipeline.check import check
from operations.pipeline.history import History
from operations.pipeline.image import build
from operations.pipeline.parts import PARTS
from operations.pipeline.push import push
from operations.pipeline.test import test

if TYPE_CHECKING:
    from collections.abc import Sequence

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 (it has no public name)

_ABOUT = "Check, test, build and push a part of the system: the steps of its workflow."
_EXAMPLES = """\
examples:
  operations pipeline changes backend
  operations pipeline check frontend
  operations pipeline test backend --reports reports/backend
  operations pipeline image backend --output reports/image
  operations pipeline push backend --image reports/image --registry ghcr.io/team/checkout/backend

In a workflow, the event says which commit to compare with, and outputs go to GITHUB_OUTPUT.
docs/reference/pipeline.md says what each failure means.

exit codes: 0 sound, 1 the change is at fault, 65 an input cannot be used, 69 this machine or the
registry is at fault"""


def add_to(commands: Commands) -> None:
    """Add the command `pipeline` to a command line."""
    parser = commands.add_parser(
        "pipeline",
        help=_ABOUT,
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    changes = verbs.add_parser("changes", help="say whether the commit changes the part")
    changes.set_defaults(run=_changes)
    checks = verbs.add_parser("check", help="check locks, compile and lint")
    checks.set_defaults(run=_check)
    tests = verbs.add_parser("test", help="run the suites, and see that no test is missing")
    tests.add_argument(
        "--reports", type=Path, required=True, metavar="FOLDER", help="for the JUnit reports"
    )
    tests.set_defaults(run=_test)
    image = verbs.add_parser("image", help="build the image from committed files")
    image.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="for the image")
    image.set_defaults(run=_image)
    pushes = verbs.add_parser(
        "push", help="push a built image; REGISTRY_USER and _PASSWORD sign in"
    )
    pushes.add_argument(
        "--image", type=Path, required=True, metavar="FOLDER", help="the --output of `image`"
    )
    pushes.add_argument(
        "--registry", required=True, metavar="HOST[:PORT]/NAME", help="TLS, except on this machine"
    )
    pushes.set_defaults(run=_push)
    for verb in (changes, checks, tests, image, pushes):
        verb.add_argument("part", choices=PARTS, help="of the system")


def _changes(chosen: argparse.Namespace) -> int:
    tell_changes(PARTS[chosen.part], History(Path.cwd()), os.environ)
    return exit_codes.PASSED


def _check(chosen: argparse.Namespace) -> int:
    return _verdict(check(PARTS[chosen.part], Path.cwd()))


def _test(chosen: argparse.Namespace) -> int:
    part, history = PARTS[chosen.part], History(Path.cwd())
    return _verdict(test(part, history, os.environ, reports=chosen.reports.resolve()))


def _image(chosen: argparse.Namespace) -> int:
    part, history = PARTS[chosen.part], History(Path.cwd())
    build(part, history, os.environ, chosen.output.resolve())
    return exit_codes.PASSED


def _push(chosen: argparse.Namespace) -> int:
    part, history = PARTS[chosen.part], History(Path.cwd())
    push(part, history, os.environ, image=chosen.image.resolve(), registry=chosen.registry)
    return exit_codes.PASSED


def _verdict(problems: Sequence[str]) -> int:
    """Print each problem as a line; return the exit code."""
    for each in problems:
        print(each, file=sys.stderr)
    return exit_codes.UNMET if problems else exit_codes.PASSED
