"""`operations rotate`: gives the system new secrets while it serves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeAlias

from acceptance.errors import BrokenInput
from acceptance.settings import load_settings
from operations.cluster_options import add_cluster_options, chosen_context, chosen_kubeconfig
from operations.rotation import rotate

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 (it has no public name)

_OVERLAP_SECONDS = 600.0
_ABOUT = "Give the system new secrets while it serves, in phases that can be interrupted."
_EXAMPLES = """\
examples:
  operations rotate --context production
  operations rotate --context production --namespace shop --overlap 3600

Replaces the database's password and the signing key in phases, without turning a visitor away.
After an interruption, the same command resumes where it stopped. It prints a line of JSON for each
step: who, what, when; never a value.

exit codes: 0 the old values are no longer accepted, 65 the system does not support rotation,
69 a step failed or another rotation is under way: run the same command again"""


def add_to(commands: Commands) -> None:
    """Add the command `rotate` to a command line."""
    parser = commands.add_parser(
        "rotate",
        help=_ABOUT,
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_cluster_options(parser)
    parser.add_argument(
        "--overlap",
        type=float,
        default=_OVERLAP_SECONDS,
        metavar="SECONDS",
        help="how long the backend accepts what the old key signed, counted from when nothing more "
        f"is signed with it (default: {_OVERLAP_SECONDS:g})",
    )
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> int:
    settings = load_settings(Path.cwd())
    context = chosen_context(chosen, settings)
    if not chosen.overlap >= 0:
        raise BrokenInput(f"--overlap is {chosen.overlap:g}: a number of seconds from 0.")
    kubeconfig = chosen_kubeconfig(chosen, settings)
    rotate(
        settings,
        kubeconfig,
        context,
        chosen.namespace or settings.namespace,
        overlap=chosen.overlap,
        write=lambda line: print(line, flush=True),
    )
    return 0
