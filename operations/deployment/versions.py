"""The versions of one part in the cluster, and which of them gets the visitors.

A version is a ReplicaSet of the part's Deployment. The Service selects one of them by the hash that
the Deployment controller gives its pods as a label; without that, it selects the pods of all.
"""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.connection import JSON_PATCH, object_of
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object, PodFacts

HASH = "pod-template-hash"
"""The label by which the pods of each ReplicaSet of a Deployment are told apart."""
NOTE, BEFORE = "checkout.release/deployment", "checkout.release/before"
"""Annotations of the Service: what is under way, and the hash of the version before."""
_REVISION = "deployment.kubernetes.io/revision"
_DEFAULTS: Final[Mapping[str, Any]] = {
    "minReadySeconds": 0,
    "progressDeadlineSeconds": 600,
    "strategy": {"type": "RollingUpdate"},
}
"""The settings that a deployment changes, as the API server has them by itself."""
_HELD: Final[Mapping[str, Any]] = {
    # Decades: a new pod never counts as available, so no pod of the old version ends for it.
    "minReadySeconds": 2_000_000_000,
    # The greatest number, which means none. It has to be more than the one above.
    "progressDeadlineSeconds": 2_147_483_647,
    "strategy": {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 0},
    },
}

BEGUN, SWITCHED, FINISHING, UNDOING = "begun", "switched", "finishing", "undoing"
"""How far a deployment has come."""


@dataclass(frozen=True)
class Note:
    """What a deployment that is under way has to remember."""

    stage: str
    origin: str
    """The hash of the version that had the visitors before."""
    settings: dict[str, Any]
    """Those of the Deployment that have other values meanwhile."""


@dataclass(frozen=True)
class Version:
    """One ReplicaSet of a part."""

    hash: str
    revision: int
    template: Object
    pods: int
    """How many pods it has, ready or not."""
    ready: int

    @property
    def images(self) -> str:
        """The images of its containers, each once."""
        found = [each["image"] for each in self.template["spec"]["containers"]]
        return ", ".join(dict.fromkeys(found))

    def __str__(self) -> str:
        """Name it."""
        return f"{self.images} ({self.hash})"


@dataclass(frozen=True)
class Choice:
    """Whom the Service gives the visitors to, and what is under way, at one moment."""

    chosen: str
    """The hash of the version that alone gets the visitors; empty if all pods do."""
    note: Note | None
    before: str
    """The hash of the version before the one that serves; empty if that is unknown."""
    version: str
    """The resourceVersion of the Service: a change of another moment is refused."""


@dataclass(frozen=True)
class Versions:
    """What there is of a part at one moment."""

    known: tuple[Version, ...]
    """The newest first."""
    replicas: int
    paused: bool
    settings: dict[str, Any]
    choice: Choice

    @property
    def newest(self) -> Version:
        """The version that the Deployment has now."""
        return self.known[0]

    @property
    def running(self) -> tuple[Version, ...]:
        """The versions that have pods."""
        return tuple(each for each in self.known if each.pods)

    def find(self, hash_: str) -> Version | None:
        """Return the version with this hash; None if there is none."""
        return next((each for each in self.known if each.hash == hash_), None)


class DeployedPart:
    """Reads and changes one part; every method raises `Refused` when the API server refuses."""

    def __init__(self, kubernetes: Kubernetes, namespace: str, name: str) -> None:
        """Work on the Deployment and the Service `name`."""
        self._kubernetes = kubernetes
        self.namespace = namespace
        self.name = name
        self._deployment = api_path("deployments", namespace, name)
        self._service = api_path("services", namespace, name)

    def versions(self) -> Versions | None:
        """Return what there is; None while the Deployment controller has not seen the last change.

        Raises `BrokenInput` if there is no such Deployment or Service.
        """
        choice, deployment = self.choice(), self._read(self._deployment)
        metadata, spec = deployment["metadata"], deployment["spec"]
        annotations = metadata.get("annotations") or {}
        seen = (deployment.get("status") or {}).get("observedGeneration", 0)
        if seen < metadata.get("generation", 0):
            return None
        found = self._list("replicasets", spec["selector"]["matchLabels"])
        own = [_version(each) for each in found if _is_of(each, metadata["uid"])]
        known = tuple(sorted(own, key=lambda each: -each.revision))
        if not known or known[0].revision != int(annotations.get(_REVISION, 0)):
            return None
        settings = {key: spec.get(key, default) for key, default in _DEFAULTS.items()}
        paused = bool(spec.get("paused"))
        return Versions(known, spec.get("replicas", 1), paused, settings, choice)

    def choice(self) -> Choice:
        """Return whom the Service gives the visitors to; raises `BrokenInput` if there is none."""
        service = self.service()
        annotations = service["metadata"].get("annotations") or {}
        noted = annotations.get(NOTE)
        return Choice(
            (service["spec"].get("selector") or {}).get(HASH, ""),
            Note(**json.loads(noted)) if noted else None,
            annotations.get(BEFORE, ""),
            service["metadata"].get("resourceVersion", ""),
        )

    def choose(self, now: Choice, hash_: str, note: Note | None, before: str) -> Choice | None:
        """Give all visitors to one version, or to all pods without a hash; note it at once.

        It is one change of the Service as it is `now`; None if somebody has changed it since.
        """
        annotations = {
            NOTE: None if note is None else json.dumps(asdict(note)),
            BEFORE: before or None,
        }
        change = {
            "metadata": {"resourceVersion": now.version, "annotations": annotations},
            "spec": {"selector": {HASH: hash_ or None}},
        }
        found = self._kubernetes.patch(self._service, change)
        if found is None:
            return None
        version = found["metadata"].get("resourceVersion", "")
        return replace(now, chosen=hash_, note=note, before=before, version=version)

    def pods(self, hash_: str) -> tuple[PodFacts, ...]:
        """Return the pods of a version."""
        found = self._list("pods", {HASH: hash_})
        return tuple(reading.pod(each, self.name) for each in found)

    def service(self) -> Object:
        """Return the Service."""
        return self._read(self._service)

    def start(self, template: Object) -> None:
        """Start a version beside the one that serves: no pod of this one ends meanwhile."""
        self._replace({"template": template, **_HELD})

    def hold(self) -> None:
        """Let no change of the Deployment reach its pods, whoever makes it."""
        self._replace({"paused": True})

    def keep_only(self, version: Version, settings: Mapping[str, Any]) -> None:
        """Have the Deployment be `version` alone, with its own settings, but no deadline yet.

        Its pods have been ready for longer than any deadline that it may have.
        """
        deadline = {"progressDeadlineSeconds": _HELD["progressDeadlineSeconds"]}
        self._replace({"template": version.template, **settings, **deadline, "paused": False})

    def restore_deadline(self, settings: Mapping[str, Any]) -> None:
        """Give the Deployment its own deadline again."""
        self._replace({"progressDeadlineSeconds": settings["progressDeadlineSeconds"]})

    def _replace(self, fields: Mapping[str, Any]) -> None:
        """Replace whole fields of the Deployment, which a merge patch cannot."""
        operations = [
            {"op": "add", "path": f"/spec/{name}", "value": value} for name, value in fields.items()
        ]
        answer = self._kubernetes.send("PATCH", self._deployment, operations, headers=JSON_PATCH)
        object_of(answer)

    def _read(self, path: str) -> Object:
        found = self._kubernetes.read(path)
        if found is None:
            kind, _, name = path.rpartition("/")
            raise BrokenInput(
                f"There is no {name} among the {kind.rpartition('/')[2]} of {self.namespace}. "
                "Try: --namespace"
            )
        return found

    def _list(self, kind: str, labels: Mapping[str, str]) -> list[Object]:
        chosen = ",".join(f"{key}={value}" for key, value in labels.items())
        return self._kubernetes.items(api_path(kind, self.namespace), labelSelector=chosen)


def _version(found: Object) -> Version:
    metadata, status = found["metadata"], found.get("status") or {}
    template = copy.deepcopy(found["spec"]["template"])
    hash_ = template["metadata"]["labels"].pop(HASH)
    revision = int((metadata.get("annotations") or {}).get(_REVISION, 0))
    ready = status.get("readyReplicas", 0)
    return Version(hash_, revision, template, status.get("replicas", 0), ready)


def _is_of(found: Object, uid: str) -> bool:
    owners = found["metadata"].get("ownerReferences") or ()
    return any(each["uid"] == uid for each in owners)
