"""Installs DNS, storage, ingress and certificates into a cluster, from manifests/platform."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.build.custom_resources import definitions
from acceptance.build.kubectl import kubectl
from acceptance.errors import EnvironmentFailure
from acceptance.process import workers

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.settings import Timeouts


@dataclass(frozen=True)
class AddOn:
    """A folder of manifests, and the Deployment that has to become available."""

    folder: str
    namespace: str = ""
    deployment: str = ""
    """The Deployment to wait for; empty if there is none."""


ACCOUNTS = AddOn("accounts")
NODE_CERTIFICATES = AddOn("node-certificates")
COREDNS = AddOn("coredns", "kube-system", "coredns")
STORAGE = AddOn("local-path-provisioner", "local-path-storage", "local-path-provisioner")
DNS_POLICY = AddOn("dns-policy", "kube-system", "coredns")
"""For a cluster with its own DNS."""
TRAEFIK = AddOn("traefik", "ingress", "traefik")
TRAEFIK_FROM_REGISTRY = AddOn("traefik-k3d", "ingress", "traefik")
CERT_MANAGER = AddOn("cert-manager", "cert-manager", "cert-manager")
CERT_MANAGER_FROM_REGISTRY = AddOn("cert-manager-k3d", "cert-manager", "cert-manager")


class Platform:
    """Installs add-ons on one cluster, and waits for them."""

    def __init__(self, root: Path, kubeconfig: Path, context: str, timeouts: Timeouts) -> None:
        """Use the manifests of the project at `root`."""
        self._root = root
        self._manifests = root / "manifests" / "platform"
        self._kubeconfig = kubeconfig
        self._context = context
        self._timeouts = timeouts

    def apply(self, *add_ons: AddOn) -> None:
        """Apply the manifests; raises `EnvironmentFailure`."""
        with workers(len(add_ons)) as pool:  # they do not depend on each other
            list(pool.map(self._apply, add_ons))

    def define(self) -> None:
        """Apply cert-manager's custom resource definitions, and wait until they are established.

        Raises `EnvironmentFailure`.
        """
        folder = definitions(self._root, timeout=self._timeouts.download)
        self.kubectl("apply", "--server-side", f"--filename={folder}")
        limit = self._timeouts.api
        self.kubectl(
            *("wait", "--for=condition=Established", f"--filename={folder}"),
            f"--timeout={limit:g}s",
        )

    def await_available(self, *add_ons: AddOn) -> None:
        """Return when all are available.

        Raises `EnvironmentFailure`, with the last log lines of one that is unavailable.
        """
        awaited = [add_on for add_on in add_ons if add_on.deployment]
        with workers(max(1, len(awaited))) as pool:
            list(pool.map(self._await, awaited))

    def published_address(self) -> str:
        """Return the address of the ingress; empty if the cluster has not assigned one yet."""
        path = "{.status.loadBalancer.ingress[0].ip}"
        return self.kubectl(
            "--namespace=ingress", "get", "service", "traefik", f"--output=jsonpath={path}"
        ).strip()

    def kubectl(self, *arguments: str, timeout: float | None = None) -> str:
        """Return the output of kubectl; `timeout` is in seconds."""
        limit = timeout or self._timeouts.command
        return kubectl(self._kubeconfig, self._context, arguments, timeout=limit)

    def _apply(self, add_on: AddOn) -> None:
        folder = self._manifests / add_on.folder
        self.kubectl("apply", "--server-side", f"--kustomize={folder}")

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
