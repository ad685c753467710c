"""Reads `[tool.acceptance]` of pyproject.toml: what a team configures, and all deadlines.

A team with its own system sets the overlay, host, workloads and images there, as
docs/how-to/bring-your-own-system.md explains.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from acceptance.cluster_drivers import CLUSTER_DRIVERS
from acceptance.contract import Contract
from acceptance.toml_file import Seconds, Text, one_of, read_toml

CLUSTERS = ("auto", *CLUSTER_DRIVERS)
"""The values of `cluster`; `auto` takes the first driver that this machine can run."""

DATAPATHS = ("cilium", "bridge")
"""The values of `datapath`: with enforced network policies, or without them for a quicker start."""


@dataclass(frozen=True)
class Timeouts:
    """Every deadline, in seconds. A field may be overridden in `[tool.acceptance.timeouts]`."""

    command: Seconds = 60.0
    """One quick command: kubectl, ctr, nft."""
    download: Seconds = 900.0
    """The download of a package or toolchain, over a slow network."""
    image_build: Seconds = 900.0
    """The build of one image without cached layers, including its packages and compilers."""
    binary_build: Seconds = 1800.0
    """The build of all binaries of the embedded cluster, with empty caches on 2 cores."""
    image_delivery: Seconds = 120.0
    """The delivery of all images into the cluster."""
    cluster_start: Seconds = 120.0
    """The start of a cluster, until every node is Ready."""
    cluster_stop: Seconds = 60.0
    """The complete removal of an ephemeral cluster."""
    api: Seconds = 10.0
    """One request to the Kubernetes API."""
    rollout: Seconds = 180.0
    """A workload from its creation until it is fully available, with its images on the node."""
    unrecoverable: Seconds = 15.0
    """A pod in a state that seldom ends without help, such as a missing image, until the wait ends.
    It is longer than kubelet's first back-off of 10 s, so that one crash is allowed."""
    recovery: Seconds = 120.0
    """A workload from the loss of a pod until all replicas are available again."""
    schedule: Seconds = 60.0
    """A new pod from its creation until it runs."""
    volume: Seconds = 60.0
    """A volume claim until it is Bound."""
    ingress: Seconds = 60.0
    """An Ingress until its address is published and its routes answer."""
    certificate: Seconds = 60.0
    """A certificate from its request until the ingress serves it."""
    readiness_change: Seconds = 60.0
    """A pod until its readiness shows a change of a dependency."""
    request: Seconds = 10.0
    """One HTTP request of a visitor."""
    slow_request: Seconds = 15.0
    """A request that never ends, until the server must have closed it."""
    page: Seconds = 30.0
    """One page or one interaction in the browser."""
    query: Seconds = 10.0
    """One database connection or statement."""
    execute: Seconds = 30.0
    """One command inside a container."""
    suite: Seconds = 300.0
    """One of the system's own test suites, while the others run at the same time."""
    scan: Seconds = 300.0
    """One scanner, for all of its files and images."""
    workflow: Seconds = 600.0
    """One run of a CI workflow on this machine, with its scanners."""
    removal: Seconds = 60.0
    """A namespace until everything in it is gone."""
    load: Seconds = 60.0
    """The load generator, in addition to the seconds of its load."""
    procedure: Seconds = 120.0
    """One section of a runbook, with all its commands."""
    policy: Seconds = 15.0
    """A created or deleted network policy, until it takes effect."""
    rotation: Seconds = 600.0
    """A rotation of the secrets, with all its phases."""
    observation: Seconds = 30.0
    """A new pod, or a line of its log, until the monitoring shows it."""
    report: Seconds = 120.0
    """The generation of the Allure report."""


@dataclass(frozen=True)
class Workloads:
    """The names of the three workloads, which are also the names of their Services."""

    backend: Text = "backend"
    frontend: Text = "frontend"
    database: Text = "database"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all three."""
        return (self.backend, self.frontend, self.database)


@dataclass(frozen=True)
class ImageSource:
    """An image that the suite builds; `name` is the one in the manifests, without a tag."""

    name: str
    context: Path
    dockerfile: Path


@dataclass(frozen=True)
class Settings:
    """The settings of the suite. All paths are absolute."""

    root: Path
    """The project's folder, which contains pyproject.toml."""
    cluster: str
    """One of `CLUSTERS`."""
    overlay: Path
    """The kustomize overlay to deploy, if `overlays` has none for the cluster's driver."""
    overlays: tuple[tuple[str, Path], ...]
    """The overlays by driver name; use `overlay_for`."""
    host: str
    """The host name of the system, for visitors."""
    namespace: str
    """The namespace of the overlay, on an ephemeral cluster."""
    staging: Path
    """The kustomize overlay of the staging environment, on the same cluster."""
    workloads: Workloads
    images: tuple[ImageSource, ...]
    """The images to build; empty if the cluster can pull those of the overlay."""
    tracker: Path
    reports: Path
    kubeconfig: Path | None
    """For `existing` only; None means KUBECONFIG, then ~/.kube/config."""
    context: str | None
    """For `existing` only, where it is required."""
    address: str | None = None
    """For `existing` only: the address of the ingress; None means that of `host` in DNS."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    attestations: Path = Path("attestations")
    """The folder with trust.toml and the signed statements; it may be missing."""
    datapath: str = DATAPATHS[0]
    """For `embedded` only: one of `DATAPATHS`."""
    contract: Contract = field(default_factory=Contract)
    """What the system calls what the suite needs of it."""

    def overlay_for(self, driver: str) -> Path:
        """Return the overlay to deploy on a cluster of `driver` (k3d, embedded, existing)."""
        return dict(self.overlays).get(driver, self.overlay)


def _image_table(value: object) -> object:
    """Accept `name = "folder"` as the short form of `name = {context = "folder"}`."""
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
    contract: Contract = field(default_factory=Contract)


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
        contract=table.contract,
    )
