"""`operations deploy` and `operations roll-back`: give a part another version while it serves."""

from __future__ import annotations

import argparse
import copy
import os
import secrets
import socket
import ssl
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from acceptance import exit_codes
from acceptance.drivers.http import Http
from acceptance.drivers.kubernetes.client import Kubernetes, Refused
from acceptance.drivers.kubernetes.identity import own_name
from acceptance.drivers.kubernetes.reading import main_container
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.settings import load_settings
from operations.cluster_options import add_cluster_options, chosen_context, chosen_kubeconfig
from operations.deployment.blue_green import BlueGreen
from operations.deployment.preview import Preview, ingress_of
from operations.deployment.smoke import Visitor
from operations.deployment.versions import DeployedPart
from operations.deployment.watching import NotDeployed
from operations.lock import LockKind, OperationLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.drivers.kubernetes.facts import Object

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 (it has no public name)

_PARTS = ("backend", "frontend")
_WATCHED_SECONDS, _KEPT_SECONDS = 15.0, 60.0
_LOCAL = "localhost/"
"""Images with such a name were put into the node, and have no digest there."""
_ABOUT_DEPLOY = "Give a part of the system a new version while it serves, blue-green."
_ABOUT_BACK = "Give a part the version that it had before."
_EXAMPLES = """\
examples:
  operations deploy backend --context production --image ghcr.io/team/checkout/backend@sha256:…
  operations roll-back backend --context production
  operations roll-back backend --context production --to 7

The new version starts beside the old one. It gets the visitors, all at once, after it has passed
its smoke test. Then it is watched, and the old version stays for a while: roll-back, in another
terminal, is instant meanwhile. The same command again finishes or undoes what was killed.

exit codes: 0 the new version serves, 1 it is at fault and the old one serves, 65 an input cannot be
used, 69 the cluster does not answer or another deployment is under way"""


def add_to(commands: Commands) -> None:
    """Add the command `deploy` to a command line."""
    parser = _parser(commands, "deploy", _ABOUT_DEPLOY)
    parser.add_argument(
        "--image", required=True, metavar="NAME@SHA256:…", help="by its digest: a tag can be moved"
    )
    parser.set_defaults(run=_deploy)


def add_roll_back_to(commands: Commands) -> None:
    """Add the command `roll-back` to a command line."""
    parser = _parser(commands, "roll-back", _ABOUT_BACK)
    parser.add_argument(
        "--to", type=int, metavar="REVISION", help="of `kubectl rollout history`; default: the last"
    )
    parser.set_defaults(run=_roll_back)


def _parser(commands: Commands, name: str, about: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=about,
        description=about,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("part", choices=_PARTS, metavar="PART", help=" or ".join(_PARTS))
    add_cluster_options(parser)
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="of the ingress (default: the host of the Ingress, port 443)",
    )
    parser.add_argument(
        "--authority", type=Path, metavar="FILE", help="that has issued the ingress's certificate"
    )
    parser.add_argument(
        "--watch",
        type=float,
        default=_WATCHED_SECONDS,
        metavar="SECONDS",
        help=f"the new version after the switch (default: {_WATCHED_SECONDS:g})",
    )
    parser.add_argument(
        "--keep",
        type=float,
        default=_KEPT_SECONDS,
        metavar="SECONDS",
        help=f"the old version after that (default: {_KEPT_SECONDS:g})",
    )
    return parser


def _deploy(chosen: argparse.Namespace) -> int:
    if "@sha256:" not in chosen.image and not chosen.image.startswith(_LOCAL):
        raise BrokenInput(f"--image is {chosen.image}, and has no digest. Try: NAME@sha256:…")

    def change(template: Object) -> Object:
        return with_image(template, chosen.part, chosen.image)

    def work(blue_green: BlueGreen) -> None:
        blue_green.deploy(change, watched=chosen.watch, kept=chosen.keep)

    return _run(chosen, work)


def _roll_back(chosen: argparse.Namespace) -> int:
    def work(blue_green: BlueGreen) -> None:
        blue_green.roll_back(chosen.to, watched=chosen.watch, kept=chosen.keep)

    return _run(chosen, work, at_once=True)


def with_image(template: Object, part: str, image: str) -> Object:
    """Return a pod template in which every container with the part's own image has `image`.

    The container that migrates the database has the image of the one that serves.
    """
    changed: Object = copy.deepcopy(template)
    own = main_container({"metadata": {}, **changed}, part) or {}
    before = own.get("image")
    for kind in ("initContainers", "containers"):
        for each in changed["spec"].get(kind) or ():
            if each["image"] == before:
                each["image"] = image
    return changed


def _run(
    chosen: argparse.Namespace, work: Callable[[BlueGreen], None], *, at_once: bool = False
) -> int:
    settings = load_settings(Path.cwd())
    context = chosen_context(chosen, settings)
    for name in ("watch", "keep"):
        if not getattr(chosen, name) >= 0:
            raise BrokenInput(f"--{name} is {getattr(chosen, name):g}: a number of seconds from 0.")
    kubeconfig = chosen_kubeconfig(chosen, settings)
    limits = settings.timeouts
    kubernetes = Kubernetes(kubeconfig, context, timeout=limits.api)
    part = DeployedPart(kubernetes, chosen.namespace or settings.namespace, chosen.part)
    try:
        _, host = ingress_of(kubernetes, part)
        with closing(kubernetes), closing(_http(chosen, host, limits.request)) as http:
            preview = Preview(kubernetes, part, http, timeout=limits.ingress)
            visitor = Visitor(http, part.name, host)
            who = f"{own_name(kubernetes)}, process {os.getpid()} on {socket.gethostname()}"
            kind = LockKind(f"{part.name}-deployment", "deployment", lease=False)
            holder = f"{who} ({secrets.token_hex(4)})"
            lock = OperationLock(kubernetes, part.namespace, holder, kind)
            blue_green = BlueGreen(
                part, preview, visitor, timeouts=limits, say=_say, check=lock.check
            )
            went_back = at_once and blue_green.go_back_at_once()
            try:
                with lock:
                    if went_back:
                        blue_green.recover(0.0)
                    else:
                        work(blue_green)
            except EnvironmentFailure:
                # Whoever deploys holds the lock, and undoes the rest.
                if not went_back:
                    raise
    except NotDeployed as error:
        print(f"not deployed: {error}", file=sys.stderr)
        return exit_codes.UNMET
    except Refused as error:
        raise EnvironmentFailure(f"The API server refused: {error}.") from error
    return exit_codes.PASSED


def _http(chosen: argparse.Namespace, host: str, timeout: float) -> Http:
    address, _, port = (chosen.address or f"{host}:443").rpartition(":")
    if not address or not port.isdigit():
        raise BrokenInput(f"--address is {chosen.address}, and has to be HOST:PORT.")
    if chosen.authority is not None and not chosen.authority.is_file():
        raise BrokenInput(f"There is no certificate {chosen.authority}. Try: --authority")
    trust = ssl.create_default_context(cafile=chosen.authority)
    return Http(address.strip("[]"), int(port), host, timeout=timeout, trust=trust)


def _say(line: str) -> None:
    print(line, flush=True)
