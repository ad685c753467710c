"""An ephemeral k3s cluster in containers, made by the k3d command line.

Flags, config keys and labels are those of k3d 5 (its command reference and its JSON schema of
k3d.io/v1alpha5). Pods name their images as the manifests do: the cluster's registry is the mirror
of every registry that these names point at, so nothing in a manifest is rewritten.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.clusters import hardening
from acceptance.clusters.add_ons import (
    ACCOUNTS,
    CERT_MANAGER_FROM_REGISTRY,
    DNS_POLICY,
    TRAEFIK_FROM_REGISTRY,
    Platform,
)
from acceptance.clusters.base import ClusterFacts, flavour_of
from acceptance.clusters.k3d_cleanup import remove, stale_clusters, this_process
from acceptance.clusters.k3d_guardian import Guardian
from acceptance.clusters.nodes import ApiNodes, Nodes, await_nodes
from acceptance.errors import EnvironmentFailure
from acceptance.process import run, tail
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acceptance.clusters.base import Deliverable
    from acceptance.progress import Progress
    from acceptance.settings import Settings

CONFIG = Path(__file__).with_name("k3d.yaml")
OLDEST = (5, 5)
"""The first k3d that reads k3d.io/v1alpha5."""

MOUNTED = "/etc/checkout-acceptance"
"""The folder of the server in which its API server finds its policies; k3d.yaml names it too."""
LOOPBACK = "127.0.0.1"
_ADD_ONS = (DNS_POLICY, TRAEFIK_FROM_REGISTRY, CERT_MANAGER_FROM_REGISTRY, ACCOUNTS)
_REGISTRY_PORT = 5000  # inside: where k3d's registry container listens
_ATTEMPTS = 2  # another program can take a port between our choosing it and docker's binding it
_TAKEN = re.compile(r"port is already allocated|address already in use", re.IGNORECASE)
# The last line of `docker push`, whichever store of images the engine has.
_DIGEST = re.compile(r": digest: (sha256:[0-9a-f]{64}) size: \d+")
_FULL = re.compile(r"no space left on device", re.IGNORECASE)
_NO_RIGHT = re.compile(r"permission denied while trying to connect", re.IGNORECASE)
_NO_ENGINE = re.compile(r"cannot connect to the docker daemon|docker API at", re.IGNORECASE)


@dataclass(frozen=True)
class Ports:
    """The ports of the host, all on the loopback address, that lead into the cluster."""

    api: int
    http: int
    https: int
    registry: int


class K3dCluster:
    """One k3s cluster with a registry, from `start` to `stop`."""

    name = "k3d"
    engine = "docker"
    steps = 3

    def __init__(
        self,
        settings: Settings,
        *,
        keep: bool = False,
        connect: Callable[..., Nodes] = ApiNodes,
        platform: Callable[..., Platform] = Platform,
    ) -> None:
        """Prepare; nothing is made yet. `keep` leaves the cluster running after `stop`."""
        self._root = settings.root
        self._platform = platform
        self.cluster = this_process().cluster_name(keep=keep)
        self._hosts = sorted({registry_of(image.name)[0] for image in settings.images})
        self._timeouts = settings.timeouts
        self.namespace = settings.namespace
        self._keep = keep
        self._connect = connect
        self._folder: Path | None = None
        self._ports: Ports | None = None
        self._guardian: Guardian | None = None

    def start(self, progress: Progress) -> ClusterFacts:
        """Create the cluster and return when every node is Ready.

        Raises `EnvironmentFailure`; what was begun is removed before.
        """
        require_engine(self._timeouts.command)
        require_version(self._timeouts.command)
        self._sweep(progress)
        self._folder = Path(tempfile.mkdtemp(prefix="acceptance-k3d-"))
        try:
            self._pull(progress)
            if not self._keep:
                self._guardian = Guardian(self.cluster, self._timeouts.cluster_stop)
            log = self._folder / "k3d.log"
            with progress.step(f"Start the k3d cluster {self.cluster}", log=log):
                facts = self._create(log)
            with progress.step("Install the ingress and certificates"):
                return self._with_ingress(facts)
        except BaseException:
            with suppress(EnvironmentFailure):  # the first failure is the one to tell
                self._remove()
            raise

    def deliver(self, images: Sequence[Deliverable]) -> tuple[str, ...]:
        """Push `images` to the cluster's registry, which has each by its digest too.

        Raises `EnvironmentFailure` if one cannot be pushed, or the cluster was not started.
        """
        if self._ports is None:
            raise EnvironmentFailure("The k3d cluster is not started. Try: start it first.")
        port = self._ports.registry
        return tuple(f"{each.reference}@{self._push(each, port)}" for each in images)

    def stop(self) -> None:
        """Remove the cluster and its registry; with `keep`, leave both.

        Raises `EnvironmentFailure` if something of it stays behind.
        """
        if not self._keep:
            self._remove()

    def _sweep(self, progress: Progress) -> None:
        for name in stale_clusters(self._timeouts.command):
            progress.note(f"Removing the k3d cluster {name}, which a killed run left behind")
            try:
                remove(name, self._timeouts.cluster_stop)
            except EnvironmentFailure as error:
                progress.note(error.message)  # a nuisance, but not this run's

    def _pull(self, progress: Progress) -> None:
        """Fetch the image of k3s in a step of its own: slow lines are no slow clusters."""
        image = str(load_config()["image"])
        assert self._folder is not None
        log = self._folder / "pull.log"
        with progress.step(f"Download {image} (unless it is there)", log=log):
            with suppress(EnvironmentFailure):
                run(["docker", "image", "inspect", image], timeout=self._timeouts.command)
                return
            try:
                run(["docker", "pull", image], timeout=self._timeouts.download, log=log)
            except EnvironmentFailure as error:
                raise explained(error, f"The image {image} cannot be downloaded") from error

    def _create(self, log: Path) -> ClusterFacts:
        assert self._folder is not None
        for attempt in range(1, _ATTEMPTS + 1):
            ports = free_ports()
            path = self._folder / "k3d.yaml"
            mounts = write_hardening(self._folder)
            config = render_config(self.cluster, ports, self._hosts, mounts)
            path.write_text(config, encoding="utf-8")
            limit = int(self._timeouts.cluster_start)
            argv = ["k3d", "cluster", "create", self.cluster, "--config", str(path)]
            argv += ["--kubeconfig-update-default=false", "--kubeconfig-switch-context=false"]
            argv += ["--wait", "--timeout", f"{limit}s"]
            try:
                # k3d stops by its own limit first and rolls back, which takes its time.
                done = run(argv, timeout=limit + self._timeouts.cluster_stop, log=log)
                if taken := _TAKEN.search(done.stderr):
                    # Its load balancer may fail to start without failing the command.
                    raise EnvironmentFailure(f"{taken[0]}\n{tail(done.stderr)}")  # noqa: TRY301
            except EnvironmentFailure as error:
                if attempt < _ATTEMPTS and _TAKEN.search(error.message):
                    remove(self.cluster, self._timeouts.cluster_stop)
                    continue
                what = f"k3d could not create the cluster {self.cluster}"
                raise explained(error, what) from error
            self._ports = ports
            return self._facts(ports)
        raise AssertionError("the last attempt returns or raises")

    def _facts(self, ports: Ports) -> ClusterFacts:
        assert self._folder is not None
        kubeconfig = self._folder / "kubeconfig"
        got = run(["k3d", "kubeconfig", "get", self.cluster], timeout=self._timeouts.command)
        kubeconfig.touch(mode=0o600)  # it holds a private key
        kubeconfig.write_text(got.stdout, encoding="utf-8")
        context = f"k3d-{self.cluster}"
        with ExitStack() as stack:
            try:
                nodes = self._connect(kubeconfig, context, timeout=self._timeouts.api)
            except Exception as error:  # the client has many ways to dislike a kubeconfig
                message = f"k3d gave a kubeconfig that cannot be used: {error}. Try: k3d version"
                raise EnvironmentFailure(message) from error
            stack.callback(nodes.close)
            remedy = f"docker logs k3d-{self.cluster}-server-0"
            # k3d waits for a line in the server's log, which comes before its node is Ready.
            await_nodes(nodes, timeout=self._timeouts.cluster_start, remedy=remedy)
            version = nodes.version()
        return ClusterFacts(
            driver=self.name,
            flavour=flavour_of(version),
            version=version,
            kubeconfig=kubeconfig,
            context=context,
            address=LOOPBACK,
            http_port=ports.http,
            https_port=ports.https,
            inside=("docker", "exec", f"k3d-{self.cluster}-server-0"),
            journal=("docker", "logs", f"k3d-{self.cluster}-server-0"),
        )

    def _with_ingress(self, facts: ClusterFacts) -> ClusterFacts:
        platform = self._platform(self._root, facts.kubeconfig, facts.context, self._timeouts)
        platform.define()
        platform.apply(*_ADD_ONS)
        platform.await_available(*_ADD_ONS)
        # k3s gives the Service the addresses of its nodes, which the ports of this machine lead to.
        published = eventually(
            platform.published_address,
            bool,
            timeout=self._timeouts.ingress,
            what="an address for the ingress",
            remedy=f"docker logs k3d-{self.cluster}-server-0",
            error=EnvironmentFailure,
        )
        return replace(facts, published=published)

    def _push(self, image: Deliverable, port: int) -> str:
        """Return the digest that the registry knows it by; the engine's own may be another."""
        limit = self._timeouts.image_delivery
        target = f"localhost:{port}/{registry_of(image.reference)[1]}"
        try:
            if image.archive is not None:
                run(["docker", "load", "--input", str(image.archive)], timeout=limit)
            run(["docker", "tag", image.reference, target], timeout=limit)
            try:
                said = run(["docker", "push", target], timeout=limit).stdout
            finally:
                with suppress(EnvironmentFailure):  # only a second name of the same image
                    run(["docker", "rmi", target], timeout=self._timeouts.command)
        except EnvironmentFailure as error:
            what = f"The image {image.reference} cannot be delivered to the k3d registry"
            raise explained(error, what) from error
        if (found := _DIGEST.search(said)) is None:
            message = f"docker push does not tell the digest of {target}: {tail(said, 1)!r}."
            raise EnvironmentFailure(f"{message} Try: docker version")
        return found[1]

    def _remove(self) -> None:
        if self._folder is None:
            return
        folder, self._folder, self._ports = self._folder, None, None
        shutil.rmtree(folder, ignore_errors=True)
        try:
            remove(self.cluster, self._timeouts.cluster_stop)
        finally:
            guardian, self._guardian = self._guardian, None
            if guardian is not None:
                guardian.dismiss()


def require_engine(timeout: float) -> None:
    """Raise `EnvironmentFailure` unless the Docker engine answers within `timeout` seconds."""
    try:
        run(["docker", "info", "--format", "{{.ServerVersion}}"], timeout=timeout)
    except EnvironmentFailure as error:
        raise explained(error, "The Docker engine does not answer") from error


def require_version(timeout: float) -> None:
    """Raise `EnvironmentFailure` for a k3d that cannot read the config file's version."""
    said = run(["k3d", "version"], timeout=timeout).stdout
    match = re.search(r"k3d version v?(\d+)\.(\d+)", said)
    wanted = ".".join(map(str, OLDEST))
    if match is None:
        message = f"k3d does not tell its version: {tail(said, 1)!r}. Try: install k3d {wanted}."
        raise EnvironmentFailure(message)
    if (int(match[1]), int(match[2])) < OLDEST:
        message = f"k3d {match[1]}.{match[2]} is too old. Try: install k3d {wanted} or newer."
        raise EnvironmentFailure(message)


def load_config() -> dict[str, Any]:
    """Return the committed config file."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    return config


def write_hardening(folder: Path) -> dict[str, Path]:
    """Write what the API server reads from files into `folder`; return them by file name.

    k3s has pods of its own in kube-system, which no profile of Pod Security lets in: its load
    balancer takes ports of the node, its storage mounts folders of it.
    """
    files = {
        "audit-policy.json": hardening.audit_policy(),
        "admission.json": hardening.admission_configuration("kube-system"),
    }
    for name, content in files.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return {name: folder / name for name in files}


def render_config(
    cluster: str, ports: Ports, hosts: Sequence[str], mounts: Mapping[str, Path]
) -> str:
    """Return the committed config with what this run adds; `hosts` are the registries mirrored.

    `mounts` are files that the server finds, by their names, in `MOUNTED`.
    """
    registry = f"k3d-{cluster}-registry"
    endpoint = {"endpoint": [f"http://{registry}:{_REGISTRY_PORT}"]}
    config = load_config() | {
        "metadata": {"name": cluster},
        "kubeAPI": {"hostIP": LOOPBACK, "hostPort": str(ports.api)},
        "ports": [
            {"port": f"{LOOPBACK}:{outside}:{inside}", "nodeFilters": ["loadbalancer"]}
            for outside, inside in ((ports.http, 80), (ports.https, 443))
        ],
        "volumes": [
            {"volume": f"{path}:{MOUNTED}/{name}:ro", "nodeFilters": ["server:*"]}
            for name, path in mounts.items()
        ],
        "registries": {
            "create": {"name": registry, "host": LOOPBACK, "hostPort": str(ports.registry)},
            "config": yaml.safe_dump({"mirrors": dict.fromkeys(hosts, endpoint)}),
        },
    }
    return yaml.safe_dump(config, sort_keys=False)


def registry_of(reference: str) -> tuple[str, str]:
    """Split an image's name in its registry's host and the rest, as container engines do.

    A name without a host gives `*`: whatever the engine's default is, as k3s writes a mirror of it.
    """
    first, slash, rest = reference.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return first, rest
    return "*", reference if slash else f"library/{reference}"


def free_ports() -> Ports:
    """Return four ports of the loopback address that nobody listens on at this moment."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(4)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return Ports(*(each.getsockname()[1] for each in sockets))


def explained(error: EnvironmentFailure, what: str) -> EnvironmentFailure:
    """Return the failure with its cause and remedy, where its output tells them."""
    said = error.message
    if _NO_RIGHT.search(said):
        reason = "this user may not use the Docker engine. Try: join the group docker, or be root."
    elif _NO_ENGINE.search(said):
        reason = "the Docker engine does not answer. Try: start it, and see that docker info works."
    elif _FULL.search(said):
        reason = "no space left on the disk of the Docker engine. Try: docker system df"
    elif _TAKEN.search(said):
        reason = "a port is in use by another program. Try: ss -ltnp, or simply run again."
    else:
        return EnvironmentFailure(f"{what}: {said}")
    return EnvironmentFailure(f"{what}: {reason}\n{tail(said)}")
