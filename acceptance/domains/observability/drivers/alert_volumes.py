"""A volume of a few megabytes on the node, and a pod that writes it full."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.drivers.kubernetes.client import Inaccessible
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pods import hardened_pod
from acceptance.process import run

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.system import System

_MEGABYTES = 16
_PRECIOUS = "precious.dat"
"""A file that nobody may delete to make room."""
# It writes a little more than the volume holds, and never more: the disk below it stays as it is.
_FILL = f"""
import os, time
with open("/data/{_PRECIOUS}", "w") as file: file.write("1")
with open("/data/forgotten.dump", "wb", buffering=0) as file:
    try:
        for _ in range({_MEGABYTES} * 256 + 1): file.write(bytes(4096))
        print("the volume is larger than it should be", flush=True)
    except OSError:
        print("full", flush=True)
for _ in range(600):
    print(*sorted(os.listdir("/data")), flush=True)
    time.sleep(1)
"""


class SmallVolume:
    """A file system of its own on the node, as a local PersistentVolume."""

    def __init__(
        self, system: System, cluster: Kubernetes, namespace: str, *, timeout: float
    ) -> None:
        """Prepare a volume for a pod in `namespace`; nothing is made yet."""
        self._system = system
        self._cluster = cluster
        self._namespace = namespace
        self._timeout = timeout
        self.claim = f"acceptance-small-{uuid.uuid4().hex[:6]}"
        self._place = f"/var/lib/{self.claim}"
        self._pod = api_path("pods", namespace, self.claim)

    def create(self) -> None:
        """Make the volume and a claim of it.

        Raises `Refused` where no command can be run on the node, or the cluster refuses.
        """
        if not self._system.inside:
            raise Inaccessible("no command can be run on the node")
        script = f"mkdir -p {self._place} && mount -t tmpfs -o size={_MEGABYTES}m,mode=1777 tmpfs"
        self._on_node(f"{script} {self._place}")
        node = self._cluster.items(api_path("nodes"))[0]["metadata"]["name"]
        size = {"storage": f"{_MEGABYTES}Mi"}
        labels = {RUN_LABEL: self._system.run}
        metadata = {"name": self.claim, "labels": labels}
        common = {"storageClassName": "", "accessModes": ["ReadWriteOnce"]}
        here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
        self._cluster.create(
            api_path("persistentvolumes"),
            {
                "metadata": metadata,
                "spec": {
                    **common,
                    "capacity": size,
                    "persistentVolumeReclaimPolicy": "Retain",
                    "local": {"path": self._place},
                    "nodeAffinity": {
                        "required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}
                    },
                },
            },
        )
        self._cluster.create(
            api_path("persistentvolumeclaims", self._namespace),
            {
                "metadata": metadata,
                "spec": {**common, "volumeName": self.claim, "resources": {"requests": size}},
            },
        )

    @property
    def bound(self) -> bool:
        """Whether the claim has its volume: the scheduler may forget a pod that comes before."""
        path = api_path("persistentvolumeclaims", self._namespace, self.claim)
        found = self._cluster.read(path) or {}
        return bool((found.get("status") or {}).get("phase") == "Bound")

    def fill(self, image: str) -> None:
        """Have a pod with an image that has Python write it full; raises `Refused`."""
        claim = {"claimName": self.claim}
        body = hardened_pod(
            self.claim,
            image,
            ["python", "-c", _FILL],
            labels={RUN_LABEL: self._system.run},
            spec={"volumes": [{"name": "data", "persistentVolumeClaim": claim}]},
            volumeMounts=[{"name": "data", "mountPath": "/data"}],
        )
        self._cluster.create(api_path("pods", self._namespace), body)

    @property
    def full(self) -> bool:
        """Whether the pod has written the volume full."""
        said = self._cluster.log(self._namespace, self.claim, "probe") or ""
        return "full" in said

    def fault(self) -> str:
        """Say what is wrong with the files, after somebody has made room; empty for nothing."""
        said = (self._cluster.log(self._namespace, self.claim, "probe") or "").splitlines()
        files = said[-1].split() if said else []
        return "" if files == [_PRECIOUS] else f"the volume has {', '.join(files) or 'no file'}"

    def remove(self) -> None:
        """Remove the pod, the volume and its file system."""
        self._cluster.delete(self._pod, grace=0)
        self._cluster.delete(api_path("persistentvolumeclaims", self._namespace, self.claim))
        self._cluster.delete(api_path("persistentvolumes", name=self.claim))
        self._on_node(f"umount -l {self._place}; rmdir {self._place}")

    def _on_node(self, script: str) -> None:
        run([*self._system.inside, "sh", "-c", script], timeout=self._timeout)
