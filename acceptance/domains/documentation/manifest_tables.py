"""Makes the tables about workloads, their probes, and what is kept how long, from the manifests."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Table: TypeAlias = tuple[tuple[str, ...], ...]

WORKLOADS, PROBES, RETENTION = "workloads", "probes", "retention"
_BASE, _COMPONENTS = "manifests/base", "manifests/components"
_KINDS = {"Deployment", "StatefulSet", "DaemonSet"}
_USUAL = {"periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3}
"""What Kubernetes takes for what a probe does not say."""
_PROBES = {"startupProbe": "startup", "readinessProbe": "readiness", "livenessProbe": "liveness"}


def manifest_tables(root: Path) -> dict[str, Table]:
    """Return the tables by their names, as far as the repository `root` has what is in them.

    Raises `yaml.YAMLError` or `ValueError` for a file that cannot be read.
    """
    objects = list(_objects(root / _BASE))
    services = {
        each["metadata"]["name"]: each["spec"] for each in objects if each.get("kind") == "Service"
    }
    workloads = [each for each in objects if each.get("kind") in _KINDS]
    found: dict[str, Table] = {}
    if workloads:
        found[WORKLOADS] = (
            (
                *("workload", "container", "kind", "replicas", "image", "ports", "Service"),
                "memory, request and limit",
            ),
            *(row for each in workloads for row in _workload_rows(each, services)),
        )
        found[PROBES] = (
            ("workload", "container", "probe", "what", "every", "waits", "failures"),
            *(row for each in workloads for row in _probe_rows(each)),
        )
    kept = tuple(_kept(root / _COMPONENTS))
    if kept:
        found[RETENTION] = (("program", "keeps at most"), *kept)
    return found


def _objects(folder: Path) -> Iterator[Mapping[str, Any]]:
    for path in sorted(folder.glob("*.yaml")):
        for each in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if isinstance(each, dict):
                yield each


def _workload_rows(
    found: Mapping[str, Any], services: Mapping[str, Any]
) -> Iterator[tuple[str, ...]]:
    name = found["metadata"]["name"]
    ports = (services.get(name) or {}).get("ports") or ()
    service = f"`{name}`, port {', '.join(str(each['port']) for each in ports)}" if ports else ""
    for number, container in enumerate(found["spec"]["template"]["spec"]["containers"]):
        own = ", ".join(str(each["containerPort"]) for each in container.get("ports") or ())
        memory = [
            str((container.get("resources") or {}).get(part, {}).get("memory", "none"))
            for part in ("requests", "limits")
        ]
        yield (
            f"`{name}`",
            f"`{container['name']}`",
            found["kind"],
            str(found["spec"].get("replicas", 1)),
            f"`{container['image']}`",
            own,
            service if number == 0 else "",
            ", ".join(each.replace("Mi", " MiB").replace("Gi", " GiB") for each in memory),
        )


def _probe_rows(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for container in found["spec"]["template"]["spec"]["containers"]:
        for key, kind in _PROBES.items():
            probe = {**_USUAL, **(container.get(key) or {})}
            if container.get(key):
                yield (
                    f"`{found['metadata']['name']}`",
                    f"`{container['name']}`",
                    kind,
                    _action(probe),
                    f"{probe['periodSeconds']} s",
                    f"{probe['timeoutSeconds']} s",
                    str(probe["failureThreshold"]),
                )


def _action(probe: Mapping[str, Any]) -> str:
    if "httpGet" in probe:
        return f"`GET {probe['httpGet']['path']}`"
    if "exec" in probe:
        return f"`{' '.join(probe['exec']['command'])}`"
    return "a TCP connection" if "tcpSocket" in probe else "gRPC"


def _kept(components: Path) -> Iterator[tuple[str, str]]:
    """Yield what the log stores and Prometheus keep, as their own files say it."""
    lifecycle = components / "elasticsearch" / "lifecycle.json"
    if lifecycle.is_file():
        phases = json.loads(lifecycle.read_text(encoding="utf-8"))["policy"]["phases"]
        yield ("`elasticsearch`", _in_words(phases["delete"]["min_age"]))
    for file, program, pattern in (
        ("opensearch/retention.yaml", "opensearch", r'name: KEEP_DAYS\s+value: "?(\d+)"?'),
        ("prometheus/prometheus.yaml", "prometheus", r"--storage\.tsdb\.retention\.time=(\w+)"),
        ("prometheus/prometheus.yaml", "prometheus", r"--storage\.tsdb\.retention\.size=(\w+)"),
    ):
        path = components / file
        found = re.search(pattern, path.read_text(encoding="utf-8")) if path.is_file() else None
        if found:
            amount = f"{found[1]}d" if found[1].isdigit() else found[1]
            yield (f"`{program}`", _in_words(amount))


def _in_words(amount: str) -> str:
    """Return `14d` as 14 days, and `500MB` as 500 MB."""
    found = re.fullmatch(r"(\d+)(\w+)", amount)
    if found is None:
        return amount
    return f"{found[1]} {'days' if found[2] == 'd' else found[2]}"
