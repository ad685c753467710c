"""Defines the interface of all cluster drivers, so that scenarios need not know their driver."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from acceptance.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.machine import MachineFacts
    from acceptance.progress import Progress
    from acceptance.settings import Settings

K3S = "k3s"
KUBERNETES = "kubernetes"


def flavour_of(version: str) -> str:
    """Return `k3s` or `kubernetes` for a version from the API server's /version.

    k3s marks its builds as v1.34.4+k3s1 (semantic versioning: build metadata).
    """
    return K3S if "+k3s" in version else KUBERNETES


@dataclass(frozen=True)
class ClusterFacts:
    """The flavour, version and addresses of a running cluster."""

    driver: str
    """k3d, embedded or existing."""
    flavour: str
    """k3s or kubernetes."""
    version: str
    """The version of the API server with its v: v1.34.4+k3s1."""
    kubeconfig: Path
    context: str
    """The context for every call: the current context of the kubeconfig may be a different one."""
    address: str
    """The address of the ingress: an IP address, or a name without a port."""
    http_port: int
    https_port: int
    published: str = ""
    """The address in the status of an Ingress, if it differs from `address`: a port of this machine
    may forward to the cluster's own address."""
    inside: tuple[str, ...] = ()
    """The prefix that makes a command run inside the node; empty if that is impossible."""
    journal: tuple[str, ...] = ()
    """A command that prints the logs of the node's components, including their flags, if they are
    one program. Empty if each is a separate process, or if that is impossible."""
    public_address: str = ""
    """An address of this machine that is not private, and that pods can reach; empty if there is
    none."""

    def to_json(self) -> str:
        """Return the facts as one JSON object, for another process of the same run."""
        return json.dumps(asdict(self) | {"kubeconfig": str(self.kubeconfig)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ClusterFacts:
        """Return the facts that `to_json` wrote.

        Raises `EnvironmentFailure` for any other text, such as an incomplete file.
        """
        try:
            values: dict[str, Any] = json.loads(text)
            values["kubeconfig"] = Path(values["kubeconfig"])
            commands = {name: tuple(values.get(name, ())) for name in ("inside", "journal")}
            return cls(**values | commands)
        except (ValueError, TypeError, KeyError) as error:
            message = (
                f"The facts of the cluster from another process cannot be read: {error}. "
                "Try: run again, with a new cluster."
            )
            raise EnvironmentFailure(message) from error


@dataclass(frozen=True)
class MissingRequirement:
    """A missing requirement, and its remedy."""

    what: str
    remedy: str
    of_settings: bool = False
    """Whether it is missing in the settings, and not on this machine."""


class Deliverable(Protocol):
    """A built image, such as `acceptance.build.images.Image`."""

    @property
    def reference(self) -> str:
        """The full name that pods use, with its tag: localhost/checkout-backend:3f2a…."""

    @property
    def archive(self) -> Path | None:
        """The image as an OCI archive; None if the local container engine has it by name."""


class Cluster(Protocol):
    """A cluster, from its start to its removal."""

    def __init__(
        self, settings: Settings, *, keep: bool = False, run_id: str | None = None
    ) -> None:
        """Prepare the driver; `start` makes the cluster.

        With `keep`, the cluster stays after `stop`. `run_id` labels the run's objects in a shared
        cluster (default: a new id).
        """

    @staticmethod
    def missing(machine: MachineFacts, settings: Settings) -> tuple[MissingRequirement, ...]:
        """Return everything that `machine` or `settings` lack for this cluster."""

    @property
    def name(self) -> str:
        """k3d, embedded or existing."""

    @property
    def engine(self) -> str:
        """The program that builds its images: docker, or buildah, which needs no daemon."""

    @property
    def steps(self) -> int:
        """The number of progress steps in `start`."""

    @property
    def namespace(self) -> str:
        """The namespace of the system: the configured one, or a new one for the run."""

    def start(self, progress: Progress) -> ClusterFacts:
        """Return when every node is Ready.

        Raises `EnvironmentFailure` if it cannot be started, after removing an incomplete cluster.
        """

    def deliver(self, images: Sequence[Deliverable]) -> Sequence[str]:
        """Make `images` available to pods; return the reference by which pods request each.

        This is its `reference` with the digest of the delivered image, so that a pod cannot run a
        different one: localhost/checkout-backend:3f2a…@sha256:….

        Raises `EnvironmentFailure` if one cannot be delivered.
        """

    def stop(self) -> None:
        """Remove what the suite created, in any state; a second call does nothing."""
