"""Drives an ephemeral k3s cluster in containers, by the k3d command line.

Flags, config keys and labels are those of k3d 5 (its command reference and its JSON schema of
k3d.io/v1alpha5). The cluster's registry is a mirror of every registry in the manifests, so pods use
the image names of the manifests unchanged.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.clusters.add_ons import (
    ACCOUNTS,
    CERT_MANAGER_FROM_REGISTRY,
    DNS_POLICY,
    TRAEFIK_FROM_REGISTRY,
    Platform,
)
from acceptance.clusters.base import ClusterFacts, MissingRequirement, flavour_of
from acceptance.clusters.k3d.cleanup import remove, stale_clusters, this_process
from acceptance.clusters.k3d.config import (
    LOOPBACK,
    HostPorts,
    free_ports,
    load_config,
    registry_of,
    render_config,
    write_hardening,
)
from acceptance.clusters.k3d.tools import TAKEN, explain, require_engine, require_version
from acceptance.clusters.k3d.watchdog import Watchdog
from acceptance.clusters.nodes import ApiNodes, Nodes, await_nodes
from acceptance.errors import EnvironmentFailure
from acceptance.process import run, tail
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acceptance.clusters.base import Deliverable
    from acceptance.machine import MachineFacts
    from acceptance.progress import Progress
    from acceptance.settings import Settings

_ADD_ONS = (DNS_POLICY, TRAEFIK_FROM_REGISTRY, CERT_MANAGER_FROM_REGISTRY, ACCOUNTS)
_USUAL_PULL_SECONDS = 60.0
_ATTEMPTS = 2  # another program can take a port before docker binds it
# The last line of `docker push`, with any image store of the engine.
_DIGEST = re.compile(r": digest: (sha256:[0-9a-f]{64}) size: \d+")


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
        run_id: str | None = None,  # noqa: ARG002 (everything in this cluster belongs to the run)
        connect: Callable[..., Nodes] = ApiNodes,
        platform: Callable[..., Platform] = Platform,
    ) -> None:
        """Prepare the driver; `keep` leaves the cluster running after `stop`."""
        self._root = settings.root
        self._platform = platform
        self.cluster = this_process().cluster_name(keep=keep)
        # Programs of this project in the stacks are "localhost/" too.
        own = {registry_of(image.name)[0] for image in settings.images}
        self._hosts = sorted(own | {"localhost"})
        self._timeouts = settings.timeouts
        self.namespace = settings.namespace
        self._keep = keep
        self._connect = connect
        self._folder: Path | None = None
        self._ports: HostPorts | None = None
        self._watchdog: Watchdog | None = None

    @staticmethod
    def missing(machine: MachineFacts, settings: Settings) -> tuple[MissingRequirement, ...]:  # noqa: ARG004
        """Return what `machine` lacks: a Docker that answers, and k3d."""
        missing = []
        if "k3d" not in machine.found:
            missing.append(
                MissingRequirement("k3d", "install k3d 5.5 or newer, as its documentation says")
            )
        if "docker" not in machine.found:
            missing.append(
                MissingRequirement("docker", "install Docker Engine, as its documentation says")
            )
        elif machine.engine != "docker":
            problem = machine.engine_problem or "docker does not answer"
            remedy = "start it, and see with docker info that it answers"
            missing.append(MissingRequirement(f"a Docker that answers ({problem})", remedy))
        return tuple(missing)

    def start(self, progress: Progress) -> ClusterFacts:
        """Create the cluster and return when every node is Ready.

        Raises `EnvironmentFailure`, after removing an incomplete cluster.
        """
        require_engine(self._timeouts.command)
        require_version(self._timeouts.command)
        self._sweep(progress)
        self._folder = Path(tempfile.mkdtemp(prefix="acceptance-k3d-"))
        try:
            self._pull(progress)
            if not self._keep:
                self._watchdog = Watchdog(self.cluster, self._timeouts.cluster_stop)
            log = self._folder / "k3d.log"
            with progress.step(f"Start the k3d cluster {self.cluster}", log=log):
                facts = self._create(log)
            with progress.step("Install the ingress and certificates"):
                return self._with_ingress(facts)
        except BaseException:
            with suppress(EnvironmentFailure):  # only the first failure is reported
                self._remove()
            raise

    def deliver(self, images: Sequence[Deliverable]) -> tuple[str, ...]:
        """Push `images` to the cluster's registry, where pods can also request each by its digest.

        Raises `EnvironmentFailure` if one cannot be pushed, or the cluster was not started.
        """
        if self._ports is None:
            raise EnvironmentFailure("The k3d cluster is not started. Try: start it first.")
        port = self._ports.registry
        return tuple(f"{each.reference}@{self._push(each, port)}" for each in images)

    def stop(self) -> None:
        """Remove the cluster and its registry; with `keep`, leave both.

        Raises `EnvironmentFailure` if something of it is left.
        """
        if not self._keep:
            self._remove()

    def _sweep(self, progress: Progress) -> None:
        for name in stale_clusters(self._timeouts.command):
            progress.note(f"Removing the k3d cluster {name}, which a killed run left behind")
            try:
                remove(name, self._timeouts.cluster_stop)
            except EnvironmentFailure as error:
                progress.note(error.message)  # this does not concern the current run

    def _pull(self, progress: Progress) -> None:
        """Fetch the image of k3s first: a slow network must not look like a slow cluster."""
        image = str(load_config()["image"])
        assert self._folder is not None
        log = self._folder / "pull.log"
        with progress.step(f"The image {image}", log=log, cacheable=True) as step:
            with suppress(EnvironmentFailure):
                run(["docker", "image", "inspect", image], timeout=self._timeouts.command)
                return
            try:
                with step.building(image, usual=_USUAL_PULL_SECONDS, verb="Downloading"):
                    run(["docker", "pull", image], timeout=self._timeouts.download, log=log)
            except EnvironmentFailure as error:
                raise explain(error, f"The image {image} cannot be downloaded") from error

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
                # k3d's own limit ends first, and then k3d needs time to roll back.
                done = run(argv, timeout=limit + self._timeouts.cluster_stop, log=log)
                if taken := TAKEN.search(done.stderr):
                    # The command may succeed although its load balancer did not start.
                    raise EnvironmentFailure(f"{taken[0]}\n{tail(done.stderr)}")  # noqa: TRY301
            except EnvironmentFailure as error:
                if attempt < _ATTEMPTS and TAKEN.search(error.message):
                    remove(self.cluster, self._timeouts.cluster_stop)
                    continue
                what = f"k3d could not create the cluster {self.cluster}"
                raise explain(error, what) from error
            self._ports = ports
            return self._facts(ports)
        raise AssertionError("the last attempt returns or raises")

    def _facts(self, ports: HostPorts) -> ClusterFacts:
        assert self._folder is not None
        kubeconfig = self._folder / "kubeconfig"
        got = run(["k3d", "kubeconfig", "get", self.cluster], timeout=self._timeouts.command)
        kubeconfig.touch(mode=0o600)  # it contains a private key
        kubeconfig.write_text(got.stdout, encoding="utf-8")
        context = f"k3d-{self.cluster}"
        with ExitStack() as stack:
            try:
                nodes = self._connect(kubeconfig, context, timeout=self._timeouts.api)
            except Exception as error:  # the client raises many kinds of errors for a kubeconfig
                message = f"The kubeconfig of k3d cannot be used: {error}. Try: k3d version"
                raise EnvironmentFailure(message) from error
            stack.callback(nodes.close)
            remedy = f"docker logs k3d-{self.cluster}-server-0"
            # k3d only waits for a line in the server's log, which comes before the node is Ready.
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
        # k3s gives the Service the addresses of its nodes; ports of this machine forward there.
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
        """Return the image's digest in the registry, which may differ from the engine's."""
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
            raise explain(error, what) from error
        if (found := _DIGEST.search(said)) is None:
            message = f"docker push did not print the digest of {target}: {tail(said, 1)!r}."
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
            watchdog, self._watchdog = self._watchdog, None
            if watchdog is not None:
                watchdog.dismiss()
