"""Uses an existing cluster by the name of its context, in a new namespace for the run."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.clusters.base import ClusterFacts, MissingRequirement, flavour_of
from acceptance.clusters.nodes import ApiNodes, Nodes, await_nodes, open_client
from acceptance.clusters.ownership import create_namespace, delete_owned
from acceptance.errors import BrokenInput, EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acceptance.clusters.base import Deliverable
    from acceptance.machine import MachineFacts
    from acceptance.progress import Progress
    from acceptance.settings import Settings

_LONGEST_NAME = 63  # a namespace's name must be a label of RFC 1123
_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
_RUN_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")


class ExistingCluster:
    """Uses a shared cluster, and deletes only objects that this run created and labelled."""

    name = "existing"
    steps = 1
    engine = "buildah"

    def __init__(
        self,
        settings: Settings,
        *,
        keep: bool = False,
        run_id: str | None = None,
        connect: Callable[..., Nodes] = ApiNodes,
        resolve: Callable[[str], str] = socket.gethostbyname,
    ) -> None:
        """Prepare the driver; `keep` leaves the run's objects in the cluster after `stop`."""
        self.run_id = run_id or secrets.token_hex(4)
        if not _RUN_ID.fullmatch(self.run_id):
            message = f"The run id {self.run_id!r} cannot be a label. Try: letters and digits."
            raise BrokenInput(message)
        self._settings = settings
        self._keep = keep
        self._connect = connect
        self._resolve = resolve
        self._facts: ClusterFacts | None = None
        self._folder: Path | None = None

    @staticmethod
    def missing(machine: MachineFacts, settings: Settings) -> tuple[MissingRequirement, ...]:  # noqa: ARG004
        """Return what `settings` lack; every machine can use an existing cluster."""
        missing = []
        if settings.context is None:
            missing.append(
                MissingRequirement(
                    "the name of the context, which is never guessed",
                    'set context = "…" in [tool.acceptance] of pyproject.toml '
                    "(names: kubectl config get-contexts)",
                    of_settings=True,
                )
            )
        candidates = [settings.kubeconfig] if settings.kubeconfig else kubeconfigs()
        if not any(path.is_file() for path in candidates):
            missing.append(
                MissingRequirement(
                    f"a kubeconfig ({' or '.join(map(str, candidates))})",
                    'set kubeconfig = "…" in [tool.acceptance], or the variable KUBECONFIG',
                    of_settings=True,
                )
            )
        return tuple(missing)

    @property
    def namespace(self) -> str:
        """The namespace of the run: the configured name with the run's id."""
        room = _LONGEST_NAME - len(self.run_id) - 1
        return f"{self._settings.namespace[:room].rstrip('-')}-{self.run_id}"

    def start(self, progress: Progress) -> ClusterFacts:
        """Return when the context answers, every node is Ready and the namespace exists.

        Raises `BrokenInput` if the context is not configured or does not exist,
        `EnvironmentFailure` if the cluster cannot be used.
        """
        context, config = named_context(self._settings.kubeconfig, self._settings.context)
        timeouts = self._settings.timeouts
        self._folder = Path(tempfile.mkdtemp(prefix="acceptance-existing-"))
        try:
            with progress.step(f"Connect to the cluster of the context {context}"):
                address = self._address()
                kubeconfig = self._folder / "kubeconfig"
                kubeconfig.touch(mode=0o600)  # it contains credentials
                kubeconfig.write_text(yaml.safe_dump(config), encoding="utf-8")
                nodes = self._connect(kubeconfig, context, timeout=timeouts.api)
                try:
                    remedy = f"kubectl --context {context} get nodes"
                    await_nodes(nodes, timeout=timeouts.cluster_start, remedy=remedy)
                    version = nodes.version()
                finally:
                    nodes.close()
                with open_client(kubeconfig, context) as api:
                    create_namespace(api, self.namespace, self.run_id, timeout=timeouts.api)
        except BaseException:
            self._forget()
            raise
        self._facts = ClusterFacts(
            driver=self.name,
            flavour=flavour_of(version),
            version=version,
            kubeconfig=kubeconfig,
            context=context,
            address=address,
            http_port=80,
            https_port=443,
        )
        return self._facts

    def deliver(self, images: Sequence[Deliverable]) -> tuple[str, ...]:
        """Refuse any image: the cluster pulls the overlay's images from a registry.

        Raises `BrokenInput` if there is an image to deliver.
        """
        if images:
            message = (
                f"{images[0].reference} cannot be delivered to an existing cluster, which pulls "
                "its images itself. Try: push it to a registry, name that in the overlay, and "
                "leave [tool.acceptance.images] empty."
            )
            raise BrokenInput(message)
        return ()

    def stop(self) -> None:
        """Delete the objects with this run's label, and no others; with `keep`, delete nothing.

        Raises `EnvironmentFailure` if such an object may still exist.
        """
        facts, self._facts = self._facts, None
        if facts is None or self._keep:
            return
        timeouts = self._settings.timeouts
        try:
            with open_client(facts.kubeconfig, facts.context) as api:
                delete_owned(
                    api, self.run_id, request_timeout=timeouts.api, timeout=timeouts.cluster_stop
                )
        finally:
            self._forget()

    def _forget(self) -> None:
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _address(self) -> str:
        host = self._settings.host
        if self._settings.address is not None:
            return self._settings.address
        try:
            return self._resolve(host)
        except OSError as error:
            message = (
                f"{host} has no address here, so its ingress cannot be reached by name. "
                "Try: address = … in [tool.acceptance], or add the host to DNS."
            )
            raise EnvironmentFailure(message) from error


def named_context(path: Path | None, name: str | None) -> tuple[str, dict[str, Any]]:
    """Return the context's name, and a kubeconfig that contains this context only.

    `path` is the kubeconfig; None means the first file of KUBECONFIG, then ~/.kube/config. The
    current context is never used: it is only the one that was used last.

    Raises `BrokenInput` if the file or the context does not exist, or no context is configured.
    """
    path = path or kubeconfigs()[0]
    config = _read(path)
    contexts = _by_name(config, "contexts")
    there = ", ".join(sorted(contexts)) or "none"
    if name is None:
        message = (
            "The cluster existing needs the name of a context. "
            f"Try: context = … in [tool.acceptance]; {path} has: {there}."
        )
        raise BrokenInput(message)
    if name not in contexts:
        raise BrokenInput(f"{path} has no context {name}. It has: {there}.")
    context = contexts[name].get("context") or {}
    cluster = _by_name(config, "clusters").get(str(context.get("cluster")))
    user = _by_name(config, "users").get(str(context.get("user")))
    if cluster is None or user is None:
        missing = "cluster" if cluster is None else "user"
        raise BrokenInput(f"The context {name} of {path} names a {missing} that is not in it.")
    for holder in (cluster.get("cluster") or {}, user.get("user") or {}):
        for key in _FILES:
            if key in holder:  # relative to the file that names them
                holder[key] = str((path.parent / holder[key]).resolve())
    return name, {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [cluster],
        "users": [user],
        "contexts": [contexts[name]],
        "current-context": name,
    }


def kubeconfigs() -> list[Path]:
    """Return kubectl's kubeconfig files: those of KUBECONFIG, otherwise ~/.kube/config."""
    listed = os.environ.get("KUBECONFIG", "").split(os.pathsep)
    return [Path(each) for each in listed if each] or [Path.home() / ".kube" / "config"]


def _read(path: Path) -> dict[str, Any]:
    problem = "it is not a kubeconfig"
    with suppress(yaml.YAMLError, UnicodeDecodeError):
        try:
            config = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BrokenInput(
                f"The kubeconfig {path} cannot be read: {error.strerror}. "
                "Try: kubeconfig = … in [tool.acceptance]."
            ) from error
        if isinstance(config, dict):
            return config
    message = f"{path} cannot be used: {problem}. Try: kubectl config view --kubeconfig {path}"
    raise BrokenInput(message)


def _by_name(config: dict[str, Any], key: str) -> dict[str, dict[str, Any]]:
    return {str(each.get("name")): each for each in config.get(key) or () if isinstance(each, dict)}
