"""A pod that nobody planned, and the doors of all real pods that it knocks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.network.connection_attempts import KUBELET, NAME
from acceptance.domains.network.connections import Outcome, Request
from acceptance.domains.network.drivers import Door, Post, lookup
from acceptance.domains.network.policy_enforcement import prove_engine
from acceptance.domains.network.probe_placement import NEW, NODE
from acceptance.domains.network.testbed import DENIAL_SECONDS, Stage, give_time
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SLICES = "/apis/discovery.k8s.io/v1/endpointslices"
_SERVICE = "kubernetes.io/service-name"
_DEFAULT = "default"


@dataclass(frozen=True)
class Newcomer:
    """A new pod without a single label of the system's."""

    stage: Stage
    requests: tuple[Request, ...]


class UnlabelledPodOperator(ClusterActor):
    """Starts a pod that no policy mentions."""

    def let_newcomer_through(self) -> Newcomer:
        """Start a new pod, and see it reach every real pod while it is let through.

        Raises `Unverifiable` where it does not, or policies are not enforced here.
        """
        stage = self._open()
        stage.make_namespaces()
        stage.place({NEW: Post(NEW, self.system.namespace, {})}, (), self._image())
        prove_engine(stage, self.system, timeout=self._timeouts.policy)
        requests = tuple(self._doors(stage))
        for namespace in self._namespaces():
            stage.permit_from(NEW, namespace)
        last: tuple[Outcome, ...] = ()

        def look() -> bool:
            nonlocal last
            last = _knock(stage, requests, self._timeouts.request)
            return all(each.reached for each in last)

        give_time(look, self._timeouts.policy)
        self._keep("What the new pod reached while it was let through", _told(last))
        require(last, "The cluster has no Service at whose doors a new pod could knock.")
        if failed := [str(each) for each in last if not each.reached]:
            message = f"Nothing forbade it, and yet a new pod did not get through: {listed(failed)}"
            raise Unverifiable(f"{message}. So a refusal would prove nothing here.")
        return Newcomer(stage, requests)

    def stop_letting_through(self, newcomer: Newcomer) -> tuple[Outcome, ...]:
        """Take away what lets the new pod through, and return what it still reaches."""
        newcomer.stage.forbid()
        last: tuple[Outcome, ...] = ()

        def look() -> bool:
            nonlocal last
            last = _knock(newcomer.stage, newcomer.requests, DENIAL_SECONDS)
            return not any(each.reached for each in last)

        give_time(look, self._timeouts.policy)
        self._keep("What the new pod reached when nobody let it through", _told(last))
        return last

    def judge_lonely(self, outcomes: Sequence[Outcome]) -> None:
        """It reaches nothing."""
        require_each(
            outcomes,
            lambda each: (
                f"a pod that nobody planned gets through: {each}" if each.reached else None
            ),
            nothing="The new pod tried nothing.",
        )

    def _open(self) -> Stage:
        stage = Stage(self.system, self._cluster, self._timeouts)
        self._undo.callback(stage.close)
        return stage

    def _image(self) -> str:
        """Return the image of the probes: the backend's, which has Python."""
        pods = self._pods(self.system.workloads.backend)
        require(pods, "The backend has no pod whose image a probe could use.")
        return next(each.image for each in pods[0].containers if not each.init)

    def _namespaces(self) -> tuple[str, ...]:
        """Return the namespaces whose pods are knocked at; those of others are left in peace."""
        own = self.system.namespace
        if self.system.driver == "existing":
            return (own,)
        served = {each["metadata"]["namespace"] for each in self._cluster.items(_SLICES)}
        return tuple(sorted({own, *served} - {_DEFAULT}))

    def _doors(self, stage: Stage) -> Iterator[Request]:
        """Yield a request for each address and port that a Service of the cluster has."""
        wanted = {_DEFAULT, *self._namespaces()}
        for each in self._cluster.items(_SLICES):
            namespace = each["metadata"]["namespace"]
            if namespace not in wanted or each["addressType"] != "IPv4":
                continue
            name = f"a pod of {namespace}/{each['metadata']['labels'].get(_SERVICE, '?')}"
            for endpoint in each.get("endpoints") or ():
                for port in each.get("ports") or ():
                    yield _request(name, endpoint["addresses"][0], port["protocol"], port["port"])
        for each in self._cluster.items("/api/v1/services"):
            namespace, spec = each["metadata"]["namespace"], each["spec"]
            if namespace not in wanted or spec.get("clusterIP", "None") == "None":
                continue
            name = f"{namespace}/{each['metadata']['name']}"
            for port in spec["ports"]:
                yield _request(name, spec["clusterIP"], port["protocol"], port["port"])
        yield _request(NODE, stage.node_address(), KUBELET.protocol, KUBELET.port)


def _request(name: str, host: str, protocol: str, port: int) -> Request:
    # Over UDP only name servers are known to answer somebody whom they do not know.
    payload = lookup(NAME) if protocol == "UDP" else ""
    return Request(NEW, name, host, Door(protocol.lower(), port), own=True, payload=payload)


def _knock(stage: Stage, requests: Sequence[Request], timeout: float) -> tuple[Outcome, ...]:
    said = stage.send(requests, ["new"] * len(requests), timeout)
    return tuple(Outcome(request, said[request], None) for request in requests)


def _told(outcomes: Sequence[Outcome]) -> str:
    return pretty(
        {f"{e.request.destination}: {e.request.host} {e.request.door}": e.said for e in outcomes}
    )
