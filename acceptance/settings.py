"""Reads `[tool.acceptance]` of pyproject.toml: what a team configures, and all deadlines.

A team that brings a system of its own names its overlay, host, workloads and images there;
docs/how-to/bring-your-own-system.md walks through it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from acceptance.cluster_drivers import CLUSTER_DRIVERS
from acceptance.toml_file import Seconds, Text, one_of, read_toml

CLUSTERS = ("auto", *CLUSTER_DRIVERS)
"""The values of `cluster`; `auto` takes the first driver that this machine can run."""

DATAPATHS = ("cilium", "bridge")
"""The values of `datapath`: with enforced network policies, and a quicker start without them."""


@dataclass(frozen=True)
class Timeouts:
    """Every deadline, in seconds. A field may be overridden in `[tool.acceptance.timeouts]`."""

    command: Seconds = 60.0
    """A command line that only asks or changes something: kubectl, ctr, nft."""
    download: Seconds = 900.0
    """A package or toolchain, over a slow line."""
    image_build: Seconds = 900.0
    """One image with no cached layers: a package manager and a compiler run inside it."""
    binary_build: Seconds = 1800.0
    """All binaries of the embedded cluster from their Go modules, with empty caches on 2 cores."""
    image_delivery: Seconds = 120.0
    """All images into the cluster."""
    cluster_start: Seconds = 120.0
    """From the first process until every node is Ready."""
    cluster_stop: Seconds = 60.0
    """Until nothing of an ephemeral cluster is left."""
    api: Seconds = 10.0
    """One request to the Kubernetes API."""
    rollout: Seconds = 180.0
    """A workload from applied to fully available, with its images on the node."""
    unrecoverable: Seconds = 15.0
    """A pod in a state that waiting seldom ends (an image that is missing) until it is given up;
    more than a kubelet's first back-off of 10 s, so that one crash is forgiven."""
    recovery: Seconds = 120.0
    """A workload back at full strength after a pod was lost."""
    schedule: Seconds = 60.0
    """A new pod from created to running."""
    volume: Seconds = 60.0
    """A claim until it is Bound."""
    ingress: Seconds = 60.0
    """An Ingress until its address is published and its routes answer."""
    certificate: Seconds = 60.0
    """A certificate from wanted to served by the ingress."""
    readiness_change: Seconds = 60.0
    """A pod until its readiness follows what happened to a dependency."""
    request: Seconds = 10.0
    """One HTTP request of a visitor."""
    slow_request: Seconds = 15.0
    """A request that never ends, until the server must have cut it."""
    page: Seconds = 30.0
    """One page or one interaction in the browser."""
    query: Seconds = 10.0
    """One database connection or statement."""
    execute: Seconds = 30.0
    """One command inside a container."""
    suite: Seconds = 300.0
    """All tests of one of the system's own suites, with the others beside it."""
    scan: Seconds = 300.0
    """One scanner over everything that it scans."""
    workflow: Seconds = 600.0
    """One run of a workflow of the build server on this machine, with its scanners."""
    removal: Seconds = 60.0
    """A namespace until everything in it is gone."""
    load: Seconds = 60.0
    """The load generator, beyond the seconds for which it is to send."""
    procedure: Seconds = 120.0
    """One section of a written procedure, from its first command to the end of its last."""
    policy: Seconds = 15.0
    """A network policy, made or taken away, until connections follow it."""
    rotation: Seconds = 600.0
    """A rotation of the secrets, from its first step to its last."""
    observation: Seconds = 30.0
    """A new pod, or a line that one wrote, until the monitoring knows of it."""
    report: Seconds = 120.0
    """The Allure report from its raw results."""


@dataclass(frozen=True)
class Workloads:
    """The names of the three workloads, which are also the names of their Services."""

    backend: Text = "backend"
    frontend: Text = "frontend"
    database: Text = "database"


@dataclass(frozen=True)
class ImageSource:
    """An image that the suite builds: `name` as the manifests say it, without a tag."""

    name: str
    context: Path
    dockerfile: Path


@dataclass(frozen=True)
class Settings:
    """What to prove, on what. All paths are absolute."""

    root: Path
    """The project folder: the one of pyproject.toml."""
    cluster: str
    """One of `CLUSTERS`."""
    overlay: Path
    """The kustomize overlay to deploy, where `overlays` has none for the cluster's driver."""
    overlays: tuple[tuple[str, Path], ...]
    """Overlays by driver name; ask `overlay_for`."""
    host: str
    """The name by which visitors reach the system."""
    namespace: str
    """Where the overlay deploys to, on an ephemeral cluster."""
    staging: Path
    """The kustomize overlay of the staging environment, on the same cluster."""
    workloads: Workloads
    images: tuple[ImageSource, ...]
    """Empty if the overlay names images that the cluster can pull by itself."""
    tracker: Path
    reports: Path
    kubeconfig: Path | None
    """For `existing` only; None means KUBECONFIG, then ~/.kube/config."""
    context: str | None
    """For `existing` only, which refuses to guess it."""
    address: str | None = None
    """For `existing` only: where its ingress answers; None means what `host` resolves to."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    attestations: Path = Path("attestations")
    """The folder with trust.toml and what people have signed; it need not exist."""
    datapath: str = DATAPATHS[0]
    """For `embedded` only: one of `DATAPATHS`."""

    def overlay_for(self, driver: str) -> Path:
        """Return the overlay to deploy on a cluster of `driver` (k3d, embedded, existing)."""
        return dict(self.overlays).get(driver, self.overlay)


def _image_table(value: object) -> object:
    """Let `name = "folder"` be the short form of `name = {context = "folder"}`."""
    return value if isinstance(value, dict) else {"context": value}


@dataclass(frozen=True)
class _ImageTable:
    context: Text
    dockerfile: Text | None = None
    """None means the Dockerfile in `context`."""


@dataclass(frozen=True)
class _AcceptanceTable:
    """The keys of `[tool.acceptance]`; `Settings` explains them."""

    cluster: Annotated[Text, one_of(CLUSTERS)] = CLUSTERS[0]
    datapath: Annotated[Text, one_of(DATAPATHS)] = DATAPATHS[0]
    overlay: Text = "manifests/overlays/embedded"
    overlays: dict[Annotated[str, one_of(CLUSTER_DRIVERS)], Text] = field(default_factory=dict)
    staging: Text = "manifests/overlays/staging"
    host: Text = "checkout.local"
    namespace: Text = "checkout"
    workloads: Workloads = Workloads()
    images: dict[str, Annotated[_ImageTable, BeforeValidator(_image_table)]] = field(
        default_factory=dict
    )
    tracker: Text = "tracker.md"
    reports: Text = "reports"
    attestations: Text = "attestations"
    kubeconfig: Text | None = None
    context: Text | None = None
    address: Text | None = None
    timeouts: Timeouts = Timeouts()


def load_settings(root: Path) -> Settings:
    """Read `[tool.acceptance]` of `root`/pyproject.toml; relative paths are relative to `root`.

    Raises `BrokenInput` for a file that cannot be read, and for an unknown or impossible value.
    """
    root = root.resolve()
    table = read_toml(
        root / "pyproject.toml",
        _AcceptanceTable,
        table=("tool", "acceptance"),
        optional=True,
        remedy="Run this in the folder of the project.",
    )

    def path(text: str) -> Path:
        return (root / Path(text).expanduser()).resolve()

    return Settings(
        root=root,
        cluster=table.cluster,
        overlay=path(table.overlay),
        overlays=tuple((name, path(text)) for name, text in table.overlays.items()),
        host=table.host,
        namespace=table.namespace,
        staging=path(table.staging),
        workloads=table.workloads,
        images=tuple(
            ImageSource(
                name,
                path(image.context),
                path(image.dockerfile or f"{image.context}/Dockerfile"),
            )
            for name, image in table.images.items()
        ),
        tracker=path(table.tracker),
        reports=path(table.reports),
        kubeconfig=path(table.kubeconfig) if table.kubeconfig else None,
        context=table.context,
        address=table.address,
        timeouts=table.timeouts,
        attestations=path(table.attestations),
        datapath=table.datapath,
    )
