"""A cluster in memory with one Deployment, its controller, its Service, and an ingress."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from acceptance.drivers.http import Reply
from tests.fakes.kubernetes_objects import merged

Object = dict[str, Any]
REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"
HOST = "checkout.local"


def template(image: str) -> Object:
    """The pod template of a backend with this image."""
    return {
        "metadata": {"labels": {"app": "backend"}},
        "spec": {
            "initContainers": [{"name": "migrate", "image": image}],
            "containers": [{"name": "backend", "image": image}, {"name": "proxy", "image": "p"}],
        },
    }


class Killed(BaseException):
    """Whoever deploys is killed."""


class RolloutCluster:
    """Answers as the API server and the ingress do; changes are carried out at once."""

    def __init__(self, image: str = "old") -> None:
        """Begin with a backend of two pods that have this image."""
        self.server_errors: set[str] = set()
        """The images that answer with errors."""
        self.not_ready: set[str] = set()
        """The images whose pods never are, for this reason:"""
        self.reason = "CrashLoopBackOff"
        self.kills_after = 10**6
        """How many changes more are carried out before whoever makes them is killed."""
        self.seen: list[str] = []
        """The image of whoever answered, for each request by the usual host."""
        self.on_request: Callable[[], None] = lambda: None
        self.changes: list[str] = []
        strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
        self.deployment: Object = {
            "metadata": {"uid": "u", "generation": 1, "annotations": {REVISION: "0"}},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "backend"}},
                "template": template(image),
                "strategy": strategy,
            },
            "status": {"observedGeneration": 1},
        }
        self.sets: list[Object] = []
        rule = {
            "host": HOST,
            "http": {"paths": [{"path": "/api", "backend": {"service": {"name": "backend"}}}]},
        }
        self.objects: dict[str, Object] = {
            "services/backend": {
                "metadata": {"resourceVersion": "1", "annotations": {}},
                "spec": {"selector": {"app": "backend"}, "ports": [{"port": 80}]},
            },
            "ingresses/checkout": {"metadata": {}, "spec": {"rules": [rule], "tls": []}},
        }
        self.last: Reply | None = None
        self._control()

    @property
    def selector(self) -> Object:
        """What the Service selects."""
        found: Object = self.objects["services/backend"]["spec"]["selector"]
        return found

    @property
    def images(self) -> list[str]:
        """The images of the pods that there are."""
        return [_image(each["spec"]["template"]) for each in self.sets if each["pods"]]

    @property
    def quiet(self) -> bool:
        """Whether nothing is left of a deployment."""
        spec = self.deployment["spec"]
        return (
            set(self.objects) == {"services/backend", "ingresses/checkout"}
            and self.selector == {"app": "backend"}
            and not self.note
            and len(self.images) == 1
            and not spec.get("minReadySeconds")
            and not spec.get("paused")
            and spec["strategy"]["rollingUpdate"]["maxSurge"] == 1
            and spec.get("progressDeadlineSeconds") in {None, 600}
        )

    @property
    def note(self) -> str:
        """What is noted of a deployment that is under way."""
        notes = self.objects["services/backend"]["metadata"]["annotations"]
        return str(notes.get("checkout.release/deployment", ""))

    def read(self, path: str) -> Object | None:
        """Return an object."""
        if path.endswith("/deployments/backend"):
            return self.deployment
        return self.objects.get("/".join(path.split("/")[-2:]))

    def items(self, path: str, labelSelector: str = "") -> list[Object]:  # noqa: N803 - the API's name
        """Return ReplicaSets, pods or Ingresses."""
        if path.endswith("/replicasets"):
            return self.sets
        if path.endswith("/pods"):
            hash_ = labelSelector.partition("=")[2]
            return [pod for each in self.sets if each["hash"] == hash_ for pod in each["pods"]]
        return [each for name, each in self.objects.items() if name.startswith("ingresses/")]

    def patch(self, path: str, change: Mapping[str, Any]) -> Object | None:
        """Apply a merge patch."""
        self._note(f"patch {path.rpartition('/')[2]} {json.dumps(change)}")
        if path.endswith("/deployments/backend"):
            self.deployment = merged(self.deployment, change)
            self._control()
            return self.deployment
        name = "/".join(path.split("/")[-2:])
        version = self.objects[name]["metadata"]["resourceVersion"]
        if change["metadata"]["resourceVersion"] != version:
            return None
        newer = {"metadata": {"resourceVersion": str(int(version) + 1)}}
        self.objects[name] = merged(merged(self.objects[name], change), newer)
        self.visit()
        return self.objects[name]

    def send(self, method: str, path: str, body: Sequence[Mapping[str, Any]], **_: object) -> Reply:
        """Apply a JSON patch to the Deployment."""
        assert (method, path.rpartition("/")[2]) == ("PATCH", "backend")
        self._note("replace " + " ".join(each["path"] for each in body))
        for each in body:
            assert each["op"] == "add"
            *parents, last = [e.replace("~1", "/") for e in each["path"].strip("/").split("/")]
            where = self.deployment
            for name in parents:
                where = where[name]
            where[last] = copy.deepcopy(each["value"])
        self._control()
        self.visit()
        return Reply(200, (), json.dumps(self.deployment), 0.0)

    def create(self, path: str, body: Object) -> Object:
        """Create an object."""
        self._note(f"create {path.rpartition('/')[2]}")
        self.objects[f"{path.rpartition('/')[2]}/{body['metadata']['name']}"] = body
        return body

    def delete(self, path: str) -> bool:
        """Delete an object."""
        name = "/".join(path.split("/")[-2:])
        if name not in self.objects:
            return False
        self._note(f"delete {name}")
        del self.objects[name]
        return True

    def visit(self) -> None:
        """Be a visitor who comes now."""
        self.seen.append(self._image_at(HOST)[0])

    def request(self, method: str, path: str, *, host: str) -> Reply:
        """Answer a visitor as the pods do to which the ingress leads."""
        image, pod = self._image_at(host)
        if host == HOST:
            self.seen.append(image)
            self.on_request()
        what = f"{method} {path}"
        if not image:
            return Reply(404 if host != HOST else 503, (), "", 0.0, request=what)
        named = (("x-served-by", pod),)
        if image in self.server_errors:
            return Reply(500, named, "", 0.0, request=what)
        status = 201 if (method, path) == ("POST", "/api/checkouts") else 200
        text = json.dumps({"id": "1", "customer": self._customer})
        return Reply(status, named, text, 0.0, request=what)

    _customer = ""

    def answer(self, method: str, path: str, body: object = None, host: str = HOST) -> Reply:
        """Answer a request, whose checkout is remembered."""
        if isinstance(body, dict):
            self._customer = str(body["customer"])
        self.last = self.request(method, path, host=host)
        return self.last

    def _image_at(self, host: str) -> tuple[str, str]:
        """Return the image of the pod to which a host leads, and its name; empty for none."""
        for each in self.items("/ingresses"):
            for rule in each["spec"]["rules"]:
                if rule["host"] == host:
                    service = rule["http"]["paths"][0]["backend"]["service"]["name"]
                    chosen = self.objects[f"services/{service}"]["spec"]["selector"].get(HASH)
                    pods = [
                        (_image(owner["spec"]["template"]), pod["metadata"]["name"])
                        for owner in self.sets
                        if chosen in (None, owner["hash"])
                        for pod in owner["pods"]
                        if _serves(pod)
                    ]
                    return pods[-1] if pods else ("", "")
        return "", ""

    def _note(self, change: str) -> None:
        if self.kills_after <= 0:
            raise Killed(change)
        self.kills_after -= 1
        self.changes.append(change)

    def _control(self) -> None:
        """Do what the Deployment controller does."""
        spec = self.deployment["spec"]
        if not spec.get("paused"):
            self._roll_out()
        for each in self.sets:
            ready = sum(map(_serves, each["pods"]))
            each["status"] = {"replicas": len(each["pods"]), "readyReplicas": ready}

    def _roll_out(self) -> None:
        wanted, spec = self.deployment["spec"]["template"], self.deployment["spec"]
        hash_ = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:8]
        newest = max((_revision(each) for each in self.sets), default=0)
        own = next((each for each in self.sets if each["hash"] == hash_), None)
        if own is None:
            labelled = merged(wanted, {"metadata": {"labels": {HASH: hash_}}})
            own = {
                "hash": hash_,
                "metadata": {"ownerReferences": [{"uid": "u"}], "annotations": {REVISION: "0"}},
                "spec": {"template": labelled},
                "pods": [],
            }
            self.sets.append(own)
        if _revision(own) != newest or not newest:
            own["metadata"]["annotations"][REVISION] = str(newest + 1)
        self.deployment["metadata"]["annotations"][REVISION] = str(_revision(own))
        others = [each for each in self.sets if each is not own and each["pods"]]
        if len(others) > 1:
            # No room for a third version: what is not available goes first, whoever has visitors.
            others[-1]["pods"] = []
        if not own["pods"]:
            own["pods"] = [self._pod(own, number) for number in range(spec["replicas"])]
        if not spec.get("minReadySeconds") and all(map(_serves, own["pods"])):
            for each in others:
                each["pods"] = []

    def _pod(self, owner: Object, number: int) -> Object:
        image = _image(owner["spec"]["template"])
        ready = image not in self.not_ready
        waiting = {"waiting": {"reason": self.reason, "message": "not found"}}
        return {
            "metadata": {"name": f"backend-{owner['hash']}-{number}", "uid": f"{number}"},
            "spec": owner["spec"]["template"]["spec"],
            "status": {
                "phase": "Running" if ready else "Pending",
                "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
                "containerStatuses": []
                if ready
                else [{"name": "backend", "ready": False, "restartCount": 0, "state": waiting}],
            },
        }


class FakeHttp:
    """Sends a visitor's requests to the cluster in memory."""

    def __init__(self, cluster: RolloutCluster) -> None:
        """Ask this one."""
        self._cluster = cluster

    @property
    def last(self) -> Reply | None:
        """The most recent answer."""
        return self._cluster.last

    def send(self, method: str, path: str, *, body: object = None, host: str = HOST) -> Reply:
        """Send a request."""
        return self._cluster.answer(method, path, body, host)


def _serves(pod: Object) -> bool:
    return bool(pod["status"]["conditions"][0]["status"] == "True")


def _revision(found: Object) -> int:
    return int(found["metadata"]["annotations"][REVISION])


def _image(found: Object) -> str:
    image: str = found["spec"]["containers"][0]["image"]
    return image
