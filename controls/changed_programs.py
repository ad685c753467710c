"""Changes programs beside the system: their containers, or one file of their configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from controls.saboteur import Saboteur

MONITORING = "monitoring"
_CHANGED = "changed-configuration"
_REMEMBERING = "prometheus"
_NEW_VOLUME: dict[str, object] = {"name": "data", "persistentVolumeClaim": None, "emptyDir": {}}
"""What Prometheus has measured before a change would hide it: a series counts for 5 minutes."""
_AGENTS = "monitoring-agents"
_SHIPPER = "daemonset/rsyslog"
_SHIPPER_FILE = "rsyslog.conf"
_STORE = "statefulset/opensearch"
_STORE_IS_BACK = ("rollout", "status", _STORE, "--timeout=180s")


def change_program(
    saboteur: Saboteur,
    name: str,
    change: Mapping[str, object],
    *,
    namespace: str = MONITORING,
    volumes: Sequence[Mapping[str, object]] = (),
    keeps: bool = False,
    kind: str = "deployment",
) -> None:
    """Change the only container of a workload, and volumes of its pod; wait for its new pod.

    Prometheus begins with nothing that it has measured before, unless it `keeps` that.
    """
    target = f"{kind}/{name}"
    wait = ("rollout", "status", target, "--timeout=120s")
    saboteur.afterwards(*wait, namespace=namespace)
    new = [*volumes, *([_NEW_VOLUME] if name == _REMEMBERING and not keeps else [])]
    spec = {"containers": [{"name": name, **change}], **({"volumes": new} if new else {})}
    saboteur.patch(target, {"spec": {"template": {"spec": spec}}}, namespace=namespace)
    saboteur.kubectl(*wait, namespace=namespace)


def arguments_of(saboteur: Saboteur, target: str, namespace: str) -> list[str]:
    """Return the arguments of a workload's first container."""
    path = "--output=jsonpath={.spec.template.spec.containers[0].args}"
    return list(json.loads(saboteur.kubectl("get", target, path, namespace=namespace)))


def edit_configuration(
    saboteur: Saboteur, name: str, file: str, *changes: tuple[str, str], kind: str = "deployment"
) -> None:
    """Replace texts in one file of a workload's configuration, each of which it has once."""

    def edit(text: str) -> str:
        for old, new in changes:
            count = text.count(old)
            assert count == 1, f"{file} has {old!r} {count} times"
            text = text.replace(old, new)
        return text

    rewrite_configuration(saboteur, name, file, edit, kind=kind)


def rewrite_configuration(
    saboteur: Saboteur,
    name: str,
    file: str,
    change: Callable[[str], str],
    *,
    kind: str = "deployment",
) -> None:
    """Give a workload a `change` of one file of its configuration, and wait for its new pod."""
    target = f"{kind}/{name}"
    found = json.loads(saboteur.kubectl("get", target, "--output=json", namespace=MONITORING))
    for volume in found["spec"]["template"]["spec"]["volumes"]:
        source = (volume.get("configMap") or {}).get("name")
        if source is None or volume["configMap"].get("optional"):
            continue
        maps = saboteur.kubectl("get", f"configmap/{source}", "--output=json", namespace=MONITORING)
        files = json.loads(maps)["data"]
        if file in files:
            changed = change(files[file])
            assert changed != files[file], f"{file} is as it was"
            saboteur.create(
                {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": {"name": _CHANGED},
                    "data": {**files, file: changed},
                },
                namespace=MONITORING,
            )
            volumes = [{"name": volume["name"], "configMap": {"name": _CHANGED}}]
            change_program(saboteur, name, {}, volumes=volumes, kind=kind)
            return
    raise AssertionError(f"No configuration of {name} has a file {file}.")


def edit_shipper(saboteur: Saboteur, *changes: tuple[str, str], every: bool = False) -> None:
    """Replace texts in the configuration of the log shipper, each of which it has once.

    With `every`, wherever it has them.
    """
    found = json.loads(saboteur.kubectl("get", _SHIPPER, "--output=json", namespace=_AGENTS))
    volume = found["spec"]["template"]["spec"]["volumes"][0]
    source = f"configmap/{volume['configMap']['name']}"
    files = json.loads(saboteur.kubectl("get", source, "--output=json", namespace=_AGENTS))["data"]
    for old, new in changes:
        count = files[_SHIPPER_FILE].count(old)
        assert count == 1 or (count and every), f"{_SHIPPER_FILE} has {old!r} {count} times"
        files[_SHIPPER_FILE] = files[_SHIPPER_FILE].replace(old, new)
    metadata = {"name": _CHANGED}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": files}
    saboteur.create(body, namespace=_AGENTS)
    wait = ("rollout", "status", _SHIPPER, "--timeout=120s")
    saboteur.afterwards(*wait, namespace=_AGENTS)
    changed = {"name": volume["name"], "configMap": metadata}
    spec = {"spec": {"template": {"spec": {"volumes": [changed]}}}}
    saboteur.patch(_SHIPPER, spec, namespace=_AGENTS)
    saboteur.kubectl(*wait, namespace=_AGENTS)


def edit_log_store(saboteur: Saboteur, file: str, *changes: tuple[str, str]) -> None:
    """Replace texts in one file of the log store's configuration, and wait for its new pod."""
    found = json.loads(saboteur.kubectl("get", _STORE, "--output=json", namespace=MONITORING))
    volume = found["spec"]["template"]["spec"]["volumes"][0]
    for source in volume["projected"]["sources"]:
        name = (source.get("configMap") or {}).get("name")
        if name is None:
            continue
        maps = saboteur.kubectl("get", f"configmap/{name}", "--output=json", namespace=MONITORING)
        files = json.loads(maps)["data"]
        if file not in files:
            continue
        for old, new in changes:
            assert files[file].count(old) == 1, f"{file} has not {old!r} once"
            files[file] = files[file].replace(old, new)
        metadata = {"name": _CHANGED}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": files}
        saboteur.create(body, namespace=MONITORING)
        source["configMap"]["name"] = _CHANGED
        saboteur.afterwards(*_STORE_IS_BACK, namespace=MONITORING)
        spec = {"spec": {"template": {"spec": {"volumes": [volume]}}}}
        saboteur.patch(_STORE, spec, namespace=MONITORING)
        saboteur.kubectl(*_STORE_IS_BACK, namespace=MONITORING)
        return
    raise AssertionError(f"No configuration of the log store has a file {file}.")


def change_password(saboteur: Saboteur, account: str, password: str) -> None:
    """Give an account of the log store another password, and wait for the new pod of the store."""
    restart = ("rollout", "restart", _STORE)
    saboteur.afterwards(*_STORE_IS_BACK, namespace=MONITORING)
    saboteur.afterwards(*restart, namespace=MONITORING)
    secret = {"stringData": {account: password}}
    saboteur.patch("secret/log-store-secrets", secret, namespace=MONITORING)
    saboteur.kubectl(*restart, namespace=MONITORING)
    saboteur.kubectl(*_STORE_IS_BACK, namespace=MONITORING)


def drop_metrics(saboteur: Saboteur, match: str, metrics: str) -> None:
    """Drop some metrics of the pods that `match`."""
    drop = (
        "    metric_relabel_configs:\n"
        f"      - {{source_labels: [__name__], regex: {metrics}, action: drop}}\n"
        "    relabel_configs:\n"
    )
    start = "    relabel_configs:\n"
    labels = (
        "      - source_labels: [__meta_kubernetes_pod_label_app_kubernetes_io_name, "
        "__meta_kubernetes_pod_container_port_name]\n"
        f"        regex: {match}\n"
    )
    edit_configuration(
        saboteur, "prometheus", "scrape.yaml", (f"{start}{labels}", f"{drop}{labels}")
    )


def relabel(saboteur: Saboteur, match: str, rule: str, *, file: str = "scrape.yaml") -> None:
    """Add a relabelling rule behind the one that keeps the pods that `match`."""
    head = f"        regex: {match}\n        action: keep\n"
    edit_configuration(saboteur, "prometheus", file, (head, f"{head}{rule}"))
