"""What a team configures in `[tool.acceptance]` of pyproject.toml, and every deadline of the suite.

A team that brings a system of its own names its overlay, host, workloads and images there;
docs/how-to/bring-your-own-system.md walks through it.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from acceptance.cluster_drivers import CLUSTER_DRIVERS
from acceptance.errors import BrokenInput

CLUSTERS = ("auto", *CLUSTER_DRIVERS)
"""The values of `cluster`; `auto` takes the first driver that this machine can run."""

DATAPATHS = ("cilium", "bridge")
"""The values of `datapath`: with enforced network policies, and a quicker start without them."""


@dataclass(frozen=True)
class Timeouts:
    """Every deadline, in seconds. A field may be overridden in `[tool.acceptance.timeouts]`."""

    command: float = 60.0
    """A command line that only asks or changes something: kubectl, ctr, nft."""
    download: float = 900.0
    """A package or toolchain, over a slow line."""
    image_build: float = 900.0
    """One image with no cached layers: a package manager and a compiler run inside it."""
    binary_build: float = 1800.0
    """All binaries of the embedded cluster from their Go modules, with empty caches on 2 cores."""
    image_delivery: float = 120.0
    """All images into the cluster."""
    cluster_start: float = 120.0
    """From the first process until every node is Ready."""
    cluster_stop: float = 60.0
    """Until nothing of an ephemeral cluster is left."""
    api: float = 10.0
    """One request to the Kubernetes API."""
    rollout: float = 180.0
    """A workload from applied to fully available, with its images on the node."""
    unrecoverable: float = 15.0
    """A pod in a state that waiting seldom ends (an image that is missing) until it is given up;
    more than a kubelet's first back-off of 10 s, so that one crash is forgiven."""
    recovery: float = 120.0
    """A workload back at full strength after a pod was lost."""
    schedule: float = 60.0
    """A new pod from created to running."""
    volume: float = 60.0
    """A claim until it is Bound."""
    ingress: float = 60.0
    """An Ingress until its address is published and its routes answer."""
    certificate: float = 60.0
    """A certificate from wanted to served by the ingress."""
    readiness_change: float = 60.0
    """A pod until its readiness follows what happened to a dependency."""
    request: float = 10.0
    """One HTTP request of a visitor."""
    slow_request: float = 15.0
    """A request that never ends, until the server must have cut it."""
    page: float = 30.0
    """One page or one interaction in the browser."""
    query: float = 10.0
    """One database connection or statement."""
    execute: float = 30.0
    """One command inside a container."""
    suite: float = 300.0
    """All tests of one of the system's own suites, with the others beside it."""
    scan: float = 300.0
    """One scanner over everything that it scans."""
    workflow: float = 600.0
    """One run of a workflow of the build server on this machine, with its scanners."""
    removal: float = 60.0
    """A namespace until everything in it is gone."""
    load: float = 60.0
    """The load generator, beyond the seconds for which it is to send."""
    procedure: float = 120.0
    """One section of a written procedure, from its first command to the end of its last."""
    policy: float = 15.0
    """A network policy, made or taken away, until connections follow it."""
    rotation: float = 600.0
    """A rotation of the secrets, from its first step to its last."""
    observation: float = 30.0
    """A new pod, or a line that one wrote, until the monitoring knows of it."""
    report: float = 120.0
    """The Allure report from its raw results."""


@dataclass(frozen=True)
class Workloads:
    """The names of the three workloads, which are also the names of their Services."""

    backend: str = "backend"
    frontend: str = "frontend"
    database: str = "database"


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


def load_settings(root: Path) -> Settings:
    """Read `[tool.acceptance]` of `root`/pyproject.toml; relative paths are relative to `root`.

    Raises `BrokenInput` for a file that cannot be read, and for an unknown or impossible value.
    """
    root = root.resolve()
    table = _Table("tool.acceptance", _acceptance_table(root / "pyproject.toml"), root)
    cluster = table.one_of("cluster", CLUSTERS)
    overlays = table.table("overlays", known=CLUSTERS[1:])
    workloads = table.table("workloads", known=_names(Workloads))
    timeouts = table.table("timeouts", known=_names(Timeouts))
    settings = Settings(
        root=root,
        cluster=cluster,
        overlay=table.path("overlay", "manifests/overlays/embedded"),
        overlays=tuple((name, overlays.path(name)) for name in overlays.values),
        host=table.text("host", "checkout.local"),
        namespace=table.text("namespace", "checkout"),
        staging=table.path("staging", "manifests/overlays/staging"),
        workloads=Workloads(**{name: workloads.text(name) for name in workloads.values}),
        images=_images(table.table("images")),
        tracker=table.path("tracker", "tracker.md"),
        reports=table.path("reports", "reports"),
        kubeconfig=table.path("kubeconfig") if "kubeconfig" in table.values else None,
        context=table.text("context") if "context" in table.values else None,
        address=table.text("address") if "address" in table.values else None,
        timeouts=Timeouts(**{name: timeouts.seconds(name) for name in timeouts.values}),
        attestations=table.path("attestations", "attestations"),
        datapath=table.one_of("datapath", DATAPATHS),
    )
    table.refuse_unknown(_names(Settings) - {"root"})
    return settings


def _acceptance_table(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        message = f"There is no {path}. Run this in the folder of the project."
        raise BrokenInput(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path} is not valid TOML: {error}."
        raise BrokenInput(message) from error
    table = document.get("tool", {}).get("acceptance", {})
    if not isinstance(table, dict):
        message = f"{path}: [tool.acceptance] has to be a table."
        raise BrokenInput(message)
    return table


def _images(table: _Table) -> tuple[ImageSource, ...]:
    """Read `name = "folder"` with a Dockerfile in it, or `name = {context = …, dockerfile = …}`."""
    images = []
    for name, value in table.values.items():
        if isinstance(value, dict):
            source = table.table(name, known={"context", "dockerfile"})
            context = source.path("context")
            dockerfile = (
                source.path("dockerfile") if "dockerfile" in value else context / "Dockerfile"
            )
        else:
            context = table.path(name)
            dockerfile = context / "Dockerfile"
        images.append(ImageSource(name, context, dockerfile))
    return tuple(images)


def _names(of: type[Settings | Timeouts | Workloads]) -> set[str]:
    return {each.name for each in fields(of)}


@dataclass(frozen=True)
class _Table:
    """A TOML table that names itself in every complaint."""

    name: str
    values: dict[str, Any]
    root: Path

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(key, "a text that is not empty")
        return value

    def one_of(self, key: str, values: tuple[str, ...]) -> str:
        """Return one of `values`; the first one is the default."""
        value = self.text(key, values[0])
        if value not in values:
            raise BrokenInput(f'[{self.name}] {key} = "{value}" is none of {", ".join(values)}.')
        return value

    def path(self, key: str, default: str | None = None) -> Path:
        return (self.root / Path(self.text(key, default)).expanduser()).resolve()

    def seconds(self, key: str) -> float:
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise self._wrong(key, "a number of seconds above 0")
        return float(value)

    def table(self, key: str, known: set[str] | tuple[str, ...] = ()) -> _Table:
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, "a table")
        inner = _Table(f"{self.name}.{key}", value, self.root)
        if known:
            inner.refuse_unknown(set(known))
        return inner

    def refuse_unknown(self, known: set[str]) -> None:
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, sorted(known), 1)
                hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}."
                message = f"[{self.name}] has the unknown key {key}: {hint}"
                raise BrokenInput(message)

    def _wrong(self, key: str, wanted: str) -> BrokenInput:
        return BrokenInput(f"[{self.name}] {key} has to be {wanted}, not {self.values.get(key)!r}.")
