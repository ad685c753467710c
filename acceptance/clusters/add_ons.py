"""What a cluster needs besides Kubernetes, from manifests/platform: DNS, storage, ingress."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.kubectl import kubectl
from acceptance.process import workers

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.settings import Timeouts


@dataclass(frozen=True)
class AddOn:
    """A folder of manifests, and the Deployment that has to become available."""

    folder: str
    namespace: str
    deployment: str


COREDNS = AddOn("coredns", "kube-system", "coredns")
STORAGE = AddOn("local-path-provisioner", "local-path-storage", "local-path-provisioner")
TRAEFIK = AddOn("traefik", "ingress", "traefik")
TRAEFIK_FROM_REGISTRY = AddOn("traefik-k3d", "ingress", "traefik")


class Platform:
    """One cluster, on which add-ons are installed."""

    def __init__(self, root: Path, kubeconfig: Path, context: str, timeouts: Timeouts) -> None:
        """Take the manifests of the project at `root`."""
        self._manifests = root / "manifests" / "platform"
        self._kubeconfig = kubeconfig
        self._context = context
        self._timeouts = timeouts

    def apply(self, *add_ons: AddOn) -> None:
        """Apply the manifests; raises `EnvironmentFailure`."""
        for add_on in add_ons:
            folder = self._manifests / add_on.folder
            self.kubectl("apply", "--server-side", f"--kustomize={folder}")

    def await_available(self, *add_ons: AddOn) -> None:
        """Return when all are available.

        Raises `EnvironmentFailure`, with the last log lines of one that is not.
        """
        with workers(len(add_ons)) as pool:
            list(pool.map(self._await, add_ons))

    def published_address(self) -> str:
        """Return the address that the cluster has given to its ingress; empty if none yet."""
        path = "{.status.loadBalancer.ingress[0].ip}"
        return self.kubectl(
            "--namespace=ingress", "get", "service", "traefik", f"--output=jsonpath={path}"
        ).strip()

    def kubectl(self, *arguments: str, timeout: float | None = None) -> str:
        """Return what kubectl wrote; `timeout` is in seconds."""
        limit = timeout or self._timeouts.command
        return kubectl(self._kubeconfig, self._context, arguments, timeout=limit)

    def _await(self, add_on: AddOn) -> None:
        where, what = f"--namespace={add_on.namespace}", f"deployment/{add_on.deployment}"
        limit = self._timeouts.rollout
        try:
            self.kubectl(
                *(where, "rollout", "status", what, f"--timeout={limit:g}s"),
                timeout=limit + self._timeouts.command,
            )
        except EnvironmentFailure as error:
            said = ""
            with suppress(EnvironmentFailure):
                said = self.kubectl(where, "logs", what, "--tail=10")
            raise EnvironmentFailure(f"{error.message}\n{said}".rstrip()) from error
