"""A cluster of pods and of programs that give fixed answers, for tests that ask the latter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes import facts, reading
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def pod(workload: str) -> dict[str, Any]:
    """A pod that serves at 10.0.0.1, with one container, as the API sends it."""
    return {
        "metadata": {
            "name": f"{workload}-1",
            "namespace": "somewhere",
            "uid": workload,
            "labels": {"app.kubernetes.io/name": workload},
        },
        "spec": {"containers": [{"name": workload, "image": "a", "ports": []}]},
        "status": {
            "phase": "Running",
            "podIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": workload, "imageID": "1", "state": {"running": {}}}],
        },
    }


class MonitoredCluster:
    """Pods in every namespace, and answers by the beginning of their path."""

    def __init__(self, pods: Sequence[Any], answers: Mapping[str, object]) -> None:
        """Have pods and answers; an exception among them is raised."""
        self._pods = pods
        self._answers = answers

    def pods(self, namespace: str, workload: str) -> tuple[facts.PodFacts, ...]:
        """The pods of a workload."""
        assert namespace
        return tuple(
            reading.pod(each, workload)
            for each in self._pods
            if each["metadata"]["labels"]["app.kubernetes.io/name"] == workload
        )

    def items(self, path: str, **query: str) -> list[Any]:
        """The objects that have the label that is searched for."""
        answer = self._answers.get(path, [])
        if isinstance(answer, Exception):
            raise answer
        key, _, values = query["labelSelector"].removesuffix(")").partition(" in (")
        assert isinstance(answer, list)
        wanted = values.split(",")
        return [each for each in answer if each["metadata"]["labels"].get(key) in wanted]

    def read(self, path: str) -> Any:  # noqa: ANN401 (an object as the API sends it)
        """The Service with the name at the end of the path; None if there is none."""
        services = self._answers.get(api_path("services"), [])
        assert isinstance(services, list)
        name = path.rpartition("/")[2]
        return next((each for each in services if each["metadata"]["name"] == name), None)

    def send(self, method: str, path: str, *, query: Mapping[str, str]) -> Reply:
        """The answer, or what the API server says when no pod is behind a Service."""
        answer = next((self._answers[key] for key in self._answers if path.startswith(key)), None)
        if answer is None:
            return Reply(503, (), "no endpoints available", 0.0, request=f"{method} {path}")
        return Reply(200, (), json.dumps(answer), 0.0, request=f"{method} {path} {query}")
