"""`acceptance rotate`: gives the system new secrets while it serves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.cli.command import Command
from acceptance.errors import BrokenInput
from acceptance.settings import load_settings
from operations.rotation import rotate

if TYPE_CHECKING:
    import argparse

_OVERLAP = 600.0
_EXAMPLES = """\
  acceptance rotate --context production
  acceptance rotate --context production --namespace shop --overlap 3600

The database's password and the signing key are replaced in phases, so that no visitor is turned
away. Interrupted at any point, the same command goes on where it was. Each step is a line of JSON:
who, what, when; never a value.

exit codes: 0 the old values are dead, 65 the system is not made for it, 69 a step could not be
done or another rotation is under way: the same command again"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kubeconfig",
        type=Path,
        metavar="FILE",
        help="default: the setting, then KUBECONFIG, then ~/.kube/config",
    )
    parser.add_argument(
        "--context", metavar="NAME", help="of the kubeconfig (default: the setting; never guessed)"
    )
    parser.add_argument("--namespace", metavar="NAME", help="of the system (default: the setting)")
    parser.add_argument(
        "--overlap",
        type=float,
        default=_OVERLAP,
        metavar="SECONDS",
        help="how long what the old key signed still counts, after nothing more is signed with it "
        f"(default: {_OVERLAP:g})",
    )


def _run(chosen: argparse.Namespace) -> int:
    settings = load_settings(Path.cwd())
    context = chosen.context or settings.context
    if not context:
        raise BrokenInput("Which cluster? A context is never guessed. Try: --context")
    if not chosen.overlap >= 0:
        raise BrokenInput(f"--overlap is {chosen.overlap:g}: a number of seconds from 0.")
    from_environment = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    kubeconfig = chosen.kubeconfig or settings.kubeconfig or Path(from_environment or _DEFAULT)
    rotate(
        settings,
        kubeconfig.expanduser(),
        context,
        chosen.namespace or settings.namespace,
        overlap=chosen.overlap,
        say=lambda line: print(line, flush=True),
    )
    return 0


_DEFAULT = "~/.kube/config"

COMMAND = Command(
    "rotate",
    _run,
    about="Give the system new secrets while it serves, in phases that can be interrupted.",
    examples=_EXAMPLES,
    arguments=_arguments,
)
