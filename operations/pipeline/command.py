"""`operations pipeline`: the steps of the workflows of the backend and the frontend."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from acceptance import exit_codes
from acceptance.errors import BrokenInput
from operations.pipeline.changes import tell_changes
from operations.pipeline.check import check
from operations.pipeline.history import History
from operations.pipeline.image import build
from operations.pipeline.parts import PARTS
from operations.pipeline.push import push
from operations.pipeline.sign_in import VARIABLES
from operations.pipeline.supply_chain.contents import list_contents
from operations.pipeline.supply_chain.promote import promote
from operations.pipeline.supply_chain.scan import scan
from operations.pipeline.supply_chain.sign import sign
from operations.pipeline.test import test

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from operations.pipeline.parts import Part

    Step: TypeAlias = "Callable[[Part, History, argparse.Namespace], Sequence[str]]"

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 (it has no public name)

_ABOUT = "Check, test, build, sign and promote a part of the system: the steps of its workflow."
_EXAMPLES = """\
examples:
  operations pipeline changes backend
  operations pipeline check frontend
  operations pipeline test backend --reports reports/backend
  operations pipeline image backend --output reports/image
  operations pipeline contents backend --image reports/image
  operations pipeline scan backend --image reports/image
  operations pipeline push backend --image reports/image --registry ghcr.io/team/checkout/backend
  operations pipeline sign backend --image reports/image --registry ghcr.io/team/checkout/backend
  operations pipeline promote backend --registry ghcr.io/team/checkout/backend \
      --digest sha256:… --key cosign.pub --name production

In a workflow, the event says which commit to compare with, and outputs go to GITHUB_OUTPUT.
docs/reference/pipeline.md says what each failure means.

exit codes: 0 sound, 1 the change or the image is at fault, 65 an input cannot be used, 69 this
machine or the registry is at fault"""


def add_to(commands: Commands) -> None:
    """Add the command `pipeline` to a command line."""
    parser = commands.add_parser(
        "pipeline",
        help=_ABOUT,
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=_VERBS, metavar="VERB", help=", ".join(_VERBS))
    parser.add_argument("part", choices=PARTS, metavar="PART", help=" or ".join(PARTS))
    options = {
        "reports": "of `test`: where the JUnit reports go",
        "output": "of `image`: where the image goes",
        "image": "of `contents`, `scan`, `push`, `sign`: where `image` has put the image",
    }
    for name, purpose in options.items():
        parser.add_argument(f"--{name}", type=Path, metavar="FOLDER", help=purpose)
    parser.add_argument(
        "--registry",
        metavar="HOST[:PORT]/NAME",
        help="of `push`, `sign`, `promote`: with TLS, except on this machine; "
        f"{' and '.join(VARIABLES)} sign in",
    )
    parser.add_argument("--digest", metavar="SHA256:…", help="of `promote`: the image")
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="of `promote`: the public key of the signatures"
    )
    parser.add_argument("--name", help="of `promote`: what the image may be called from now on")
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> int:
    step, needed = _VERBS[chosen.verb]
    for name in needed:
        if not getattr(chosen, name):
            raise BrokenInput(f"operations pipeline {chosen.verb} needs an option. Try: --{name}")
    problems = step(PARTS[chosen.part], History(Path.cwd()), chosen)
    for each in problems:
        print(each, file=sys.stderr)
    return exit_codes.UNMET if problems else exit_codes.PASSED


def _changes(part: Part, history: History, _: argparse.Namespace) -> Sequence[str]:
    tell_changes(part, history, os.environ)
    return ()


def _check(part: Part, history: History, _: argparse.Namespace) -> Sequence[str]:
    return check(part, history.root)


def _test(part: Part, history: History, chosen: argparse.Namespace) -> Sequence[str]:
    return test(part, history, os.environ, reports=chosen.reports.resolve())


def _image(part: Part, history: History, chosen: argparse.Namespace) -> Sequence[str]:
    build(part, history, os.environ, chosen.output.resolve())
    return ()


def _push(part: Part, history: History, chosen: argparse.Namespace) -> Sequence[str]:
    image = chosen.image.resolve()
    push(part, history, os.environ, image=image, registry=chosen.registry)
    return ()


def _contents(part: Part, _: History, chosen: argparse.Namespace) -> Sequence[str]:
    list_contents(part, chosen.image.resolve())
    return ()


def _scan(part: Part, _: History, chosen: argparse.Namespace) -> Sequence[str]:
    return scan(part, chosen.image.resolve())


def _sign(part: Part, _: History, chosen: argparse.Namespace) -> Sequence[str]:
    sign(part, os.environ, image=chosen.image.resolve(), registry=chosen.registry)
    return ()


def _promote(part: Part, history: History, chosen: argparse.Namespace) -> Sequence[str]:
    return promote(
        part,
        history,
        os.environ,
        registry=chosen.registry,
        digest=chosen.digest,
        key=chosen.key,
        name=chosen.name,
    )


_VERBS: dict[str, tuple[Step, tuple[str, ...]]] = {
    "changes": (_changes, ()),
    "check": (_check, ()),
    "test": (_test, ("reports",)),
    "image": (_image, ("output",)),
    "contents": (_contents, ("image",)),
    "scan": (_scan, ("image",)),
    "push": (_push, ("image", "registry")),
    "sign": (_sign, ("image", "registry")),
    "promote": (_promote, ("registry", "digest", "key", "name")),
}
"""Each step returns a line for each fault; beside it are the options that it needs."""
