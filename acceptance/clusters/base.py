"""The interface of all cluster drivers: scenarios never ask which one they run on."""

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
    """Of the API server, with its v: v1.34.4+k3s1."""
    kubeconfig: Path
    context: str
    """To be named in every call: the current context of a kubeconfig may be any."""
    address: str
    """Where the ingress answers, an IP address or a name without a port."""
    http_port: int
    https_port: int
    published: str = ""
    """The address that an Ingress has to publish in its status, where it is not `address`: behind
    a port of this machine lies the cluster's own address."""
    inside: tuple[str, ...] = ()
    """The beginning of a command that runs what follows it inside the node; empty if nobody can."""
    journal: tuple[str, ...] = ()
    """A command that writes what the node's components said, where they are one program; it tells
    with which flags they were started. Empty if each is a process of its own, or nobody can."""

    def to_json(self) -> str:
        """Return the facts as one JSON object, for another process of the same run."""
        return json.dumps(asdict(self) | {"kubeconfig": str(self.kubeconfig)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ClusterFacts:
        """Return the facts that `to_json` wrote.

        Raises `EnvironmentFailure` for anything else, such as a file that is half written.
        """
        try:
            values: dict[str, Any] = json.loads(text)
            values["kubeconfig"] = Path(values["kubeconfig"])
            commands = {name: tuple(values.get(name, ())) for name in ("inside", "journal")}
            return cls(**values | commands)
        except (ValueError, TypeError, KeyError) as error:
            message = (
                f"What another process wrote about the cluster cannot be read: {error}. "
                "Try: run again, on a cluster of its own."
            )
            raise EnvironmentFailure(message) from error


@dataclass(frozen=True)
class MissingRequirement:
    """Something that is missing, and what to do about it."""

    what: str
    remedy: str
    of_settings: bool = False
    """Whether the settings lack it, and not this machine."""


class Deliverable(Protocol):
    """An image that was built; `acceptance.build.images.Image` is one."""

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
        """Prepare; nothing is made yet.

        `keep` leaves what the run made after `stop`. `run_id` marks what it makes in a cluster
        that others use too (default: made up).
        """

    @staticmethod
    def missing(machine: MachineFacts, settings: Settings) -> tuple[MissingRequirement, ...]:
        """Return everything that `machine` or `settings` lack for this cluster."""

    @property
    def name(self) -> str:
        """k3d, embedded or existing."""

    @property
    def engine(self) -> str:
        """What builds its images: docker, or buildah, which needs no daemon."""

    @property
    def steps(self) -> int:
        """How many steps of a progress `start` takes."""

    @property
    def namespace(self) -> str:
        """Where the system goes: as configured, or one of the run's own."""

    def start(self, progress: Progress) -> ClusterFacts:
        """Return when every node is Ready.

        Raises `EnvironmentFailure` if it cannot be started; what was begun is removed first.
        """

    def deliver(self, images: Sequence[Deliverable]) -> Sequence[str]:
        """Make `images` available to pods; return the reference by which pods request each.

        That is its `reference` with the digest of what was delivered, so that a pod runs the very
        image or none: localhost/checkout-backend:3f2a…@sha256:….

        Raises `EnvironmentFailure` if one cannot be delivered.
        """

    def stop(self) -> None:
        """Remove what the suite created, whatever state it is in; harmless when called twice."""
