"""Asks the API server which groups, versions and resources it serves, in one request for each root.

Source: Kubernetes documentation, "The Kubernetes API", aggregated discovery.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.connection import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.drivers.kubernetes.connection import ApiConnection
    from acceptance.drivers.kubernetes.facts import Object

_AGGREGATED_LIST = "g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
_AGGREGATED = {
    "Accept": ",".join(f"application/json;{_AGGREGATED_LIST.format(v)}" for v in ("v2", "v2beta1"))
}


@dataclass(frozen=True)
class ServedApi:
    """One version of an API group, with its resources as the API sends them."""

    root: str
    """`/api` or `/apis`."""
    group: str
    """Empty for the core group."""
    version: str
    stale: bool
    """Whether the program that serves it does not answer."""
    resources: tuple[Object, ...]

    def __str__(self) -> str:
        """Name it as in an object's `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def path(self) -> str:
        """The path of the API, such as /apis/apps/v1."""
        return f"{self.root}/{self}"


def served_apis(cluster: ApiConnection) -> Iterator[ServedApi]:
    """Yield every version of every API group, the preferred version of a group first.

    Raises `Refused` if the API server does not list them.
    """
    for root in ("/api", "/apis"):
        reply = cluster.send("GET", root, headers=_AGGREGATED)
        said = reply.json()
        if not reply.succeeded or said.get("kind") != "APIGroupDiscoveryList":
            raise Refused(f"the resources of {root} cannot be listed: {reply}")
        for group in said["items"]:
            for version in group["versions"]:
                yield ServedApi(
                    root,
                    group["metadata"].get("name", ""),
                    version["version"],
                    version.get("freshness") == "Stale",
                    tuple(version.get("resources") or ()),
                )
