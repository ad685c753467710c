"""Waits until a cluster is up: its API server answers, and every node is Ready."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import urllib3
from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException

from acceptance.errors import EnvironmentFailure
from acceptance.waiting import SYSTEM_CLOCK, Clock, Watch, eventually

if TYPE_CHECKING:
    from pathlib import Path

_WATCH_SECONDS = 30
_REPAIR_SECONDS = 0.5
_FORBIDDEN = 403
_UNAUTHORIZED = 401


@dataclass(frozen=True)
class NodeReadiness:
    """A node and its Ready condition."""

    name: str
    ready: bool
    reason: str
    """The reason in the condition, or why there is no condition."""


@dataclass(frozen=True)
class NodesState:
    """The nodes at one moment, or why they could not be listed."""

    nodes: tuple[NodeReadiness, ...] = ()
    problem: str = ""
    denied: bool = False
    """Whether the API server refused the request, so that waiting is useless."""

    def __str__(self) -> str:
        """Return the state in words, for an error message."""
        if self.problem:
            return self.problem
        waiting = [f"{node.name} is not Ready ({node.reason})" for node in self.nodes]
        return "; ".join(waiting) if waiting else "the API server has no node yet"


class Nodes(Watch, Protocol):
    """Questions to an API server about its nodes; opened for one cluster, closed after use."""

    def look(self) -> NodesState:
        """Return the nodes as they are now."""

    def version(self) -> str:
        """Return the server's version with its v, as in v1.34.4+k3s1."""

    def close(self) -> None:
        """Close the connection."""


def open_client(kubeconfig: Path, context: str) -> client.ApiClient:
    """Return a client for `context` of `kubeconfig`; the caller closes it."""
    # Loaded here, because retries have to be set before the first connection: the client's
    # default, three silent retries, would hide errors.
    settings = client.Configuration()
    config.load_kube_config(str(kubeconfig), context, settings)
    settings.retries = False
    return client.ApiClient(settings)


class ApiNodes:
    """Watches the nodes of an API server, and wakes its caller on every change of a node."""

    def __init__(self, kubeconfig: Path, context: str, *, timeout: float) -> None:
        """Connect to `context` of `kubeconfig`; a request takes at most `timeout` seconds."""
        self._client = open_client(kubeconfig, context)
        self._core = client.CoreV1Api(self._client)
        self._timeout = timeout
        self._changed = threading.Event()
        self._closed = threading.Event()
        threading.Thread(target=self._follow, name="node-watch", daemon=True).start()

    def look(self) -> NodesState:
        """Return the nodes as they are now."""
        try:
            found = self._core.list_node(_request_timeout=self._timeout)
        except ApiException as error:
            denied = error.status in {_FORBIDDEN, _UNAUTHORIZED}
            said = f"the API server answered {error.status} {error.reason}"
            return NodesState(problem=said, denied=denied)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return NodesState(problem=f"the API server does not answer: {error}")
        return NodesState(tuple(_facts(node) for node in found.items))

    def version(self) -> str:
        """Return the server's version."""
        try:
            asked = client.VersionApi(self._client).get_code(_request_timeout=self._timeout)
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            message = f"The API server does not return its version: {error}. Try: kubectl version"
            raise EnvironmentFailure(message) from error
        return str(asked.git_version)

    def wait(self, timeout: float) -> bool:
        """Block until a node changes, or for `timeout` seconds; return whether one changed."""
        changed = self._changed.wait(timeout)
        self._changed.clear()
        return changed

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()
        self._client.close()

    def _follow(self) -> None:
        while not self._closed.is_set():
            try:
                source: Any = watch.Watch()
                for _ in source.stream(self._core.list_node, timeout_seconds=_WATCH_SECONDS):
                    self._changed.set()
                    if self._closed.is_set():
                        return
            except (ApiException, urllib3.exceptions.HTTPError, OSError, ValueError):
                self._closed.wait(_REPAIR_SECONDS)
            self._changed.set()


def await_nodes(nodes: Nodes, *, timeout: float, remedy: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """Return when there is a node and all nodes are Ready, within `timeout` seconds.

    Raises `EnvironmentFailure` with the last state and `remedy`.
    """
    eventually(
        nodes.look,
        _all_ready,
        timeout=timeout,
        wake=nodes,
        unrecoverable=lambda seen: seen.problem if seen.denied else None,
        clock=clock,
        what="every node of the cluster Ready",
        remedy=remedy,
        error=EnvironmentFailure,
    )


def _all_ready(seen: NodesState) -> bool:
    return bool(seen.nodes) and all(node.ready for node in seen.nodes)


def _facts(node: client.V1Node) -> NodeReadiness:
    assert node.metadata is not None
    name = node.metadata.name or "a node without a name"
    for condition in (node.status.conditions if node.status else None) or ():
        if condition.type == "Ready":
            ready = condition.status == "True"
            return NodeReadiness(name, ready, condition.reason or "no reason given")
    return NodeReadiness(name, ready=False, reason="no Ready condition yet")
