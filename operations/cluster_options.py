"""The options by which a command finds the cluster and the system in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    import argparse

    from acceptance.settings import Settings

_KUBECONFIG = "~/.kube/config"


def add_cluster_options(parser: argparse.ArgumentParser) -> None:
    """Add `--kubeconfig`, `--context` and `--namespace`."""
    parser.add_argument(
        "--kubeconfig",
        type=Path,
        metavar="FILE",
        help=f"default: the setting, then KUBECONFIG, then {_KUBECONFIG}",
    )
    parser.add_argument(
        "--context", metavar="NAME", help="of the kubeconfig (default: the setting; never guessed)"
    )
    parser.add_argument("--namespace", metavar="NAME", help="of the system (default: the setting)")


def chosen_context(chosen: argparse.Namespace, settings: Settings) -> str:
    """Return the context; raises `BrokenInput` if neither the command nor a setting names one."""
    context = chosen.context or settings.context
    if not context:
        raise BrokenInput("Which cluster? A context is never guessed. Try: --context")
    return str(context)


def chosen_kubeconfig(chosen: argparse.Namespace, settings: Settings) -> Path:
    """Return the kubeconfig."""
    from_environment = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    found = chosen.kubeconfig or settings.kubeconfig or Path(from_environment or _KUBECONFIG)
    return found.expanduser()
