"""Sabotages of the dashboards that the domain observability must detect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from controls.changed_backend import change_backend
from controls.changed_dashboards import CONFIG_MAP, deploy, edit_query, panel_of
from controls.changed_programs import MONITORING
from controls.control import control

if TYPE_CHECKING:
    from collections.abc import Callable

    from controls.saboteur import Saboteur

_ITEM = "TASK-003-AC-2"
_COMPLETE = "The deployed dashboards are complete"
_FOLLOWS = "Every panel answers and follows its traffic"
_SERVED = "Grafana serves the dashboards"
_FOLDER = "manifests/components/grafana-dashboards"
_GRAFANA = """
import http.server, json, pathlib
boards = [json.loads(path.read_text()) for path in pathlib.Path("/boards").glob("*.json")]
for board in boards:
    if board["title"] == "Overview":
        del board["panels"][-1]
answers = {"/api/search": [{"uid": board["uid"]} for board in boards]}
answers |= {f"/api/dashboards/uid/{board['uid']}": {"dashboard": board} for board in boards}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        found = {"status": "OK"} if path.endswith("/health") else answers.get(path)
        self.send_response(404 if found is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())
http.server.ThreadingHTTPServer(("", 3000), Handler).serve_forever()
"""
"""Serves the mounted dashboards as Grafana does, one of them without its last panel."""


@control(_ITEM, _COMPLETE, expects="No dashboard is deployed")
@control(_ITEM, _FOLLOWS, expects="No dashboard is deployed")
def no_dashboards(saboteur: Saboteur) -> None:
    """Deploy the metrics without any dashboard."""
    saboteur.remove(CONFIG_MAP, namespace=MONITORING)


@control(_ITEM, _COMPLETE, expects=r"database\.json of the repository is not deployed")
def one_dashboard_not_provisioned(saboteur: Saboteur) -> None:
    """Forget one file in the list of those that are deployed."""
    remove = [{"op": "remove", "path": "/data/database.json"}]
    saboteur.patch(CONFIG_MAP, remove, kind="json", namespace=MONITORING)


@control(_ITEM, _COMPLETE, expects=r"overview\.json in monitoring/\S+ differs from the repository")
def a_dashboard_changed_in_the_cluster(saboteur: Saboteur) -> None:
    """Raise a threshold in the cluster at night, and tell nobody."""

    def raise_threshold(board: dict[str, Any]) -> None:
        panel_of(board, "Duration")["fieldConfig"]["defaults"]["thresholds"]["steps"][2][
            "value"
        ] = 3

    deploy(saboteur, "overview", raise_threshold)


@control(_ITEM, _COMPLETE, expects=r"Overview, Duration has the unit ms, and its query A gives sec")
def milliseconds_for_seconds(saboteur: Saboteur) -> None:
    """Show seconds as milliseconds in one panel."""

    def show_milliseconds(board: dict[str, Any]) -> None:
        panel_of(board, "Duration")["fieldConfig"]["defaults"]["unit"] = "ms"

    _deliver(saboteur, "overview", show_milliseconds)


@control(_ITEM, _COMPLETE, expects=r"Backend, Memory has the unit short, and its query A gives byt")
def a_number_for_bytes(saboteur: Saboteur) -> None:
    """Leave the unit of a panel as it is in a new one."""

    def show_numbers(board: dict[str, Any]) -> None:
        panel_of(board, "Memory")["fieldConfig"]["defaults"]["unit"] = "short"

    _deliver(saboteur, "backend", show_numbers)


@control(_ITEM, _COMPLETE, expects="Cluster, Disks has no thresholds")
def a_panel_without_thresholds(saboteur: Saboteur) -> None:
    """Leave the thresholds out of one panel."""

    def leave_out(board: dict[str, Any]) -> None:
        del panel_of(board, "Disks")["fieldConfig"]["defaults"]["thresholds"]["steps"][1:]

    _deliver(saboteur, "cluster", leave_out)


@control("TASK-003-AC-2", _COMPLETE, expects="scrapes every 5 s, and the data source .* says 1s")
def more_samples_expected_than_there_are(saboteur: Saboteur) -> None:
    """Tell Grafana that there is a sample every second, so that rates have nothing to count."""
    found = json.loads(
        saboteur.kubectl(
            *("get", "configmap", "--selector=grafana_datasource=1", "--output=json"),
            namespace=MONITORING,
        )
    )["items"][0]
    files = {
        name: text.replace("timeInterval: 15s", "timeInterval: 1s")
        for name, text in found["data"].items()
    }
    assert files != found["data"], "no data source has an interval"
    target = f"configmap/{found['metadata']['name']}"
    saboteur.patch(target, {"data": files}, kind="merge", namespace=MONITORING)


@control(_ITEM, _COMPLETE, expects="Ingress, Requests, query A asks victoria")
def a_panel_with_another_data_source(saboteur: Saboteur) -> None:
    """Copy a panel from another Grafana, with the data source that it had there."""

    def copy(board: dict[str, Any]) -> None:
        for target in panel_of(board, "Requests")["targets"]:
            target["datasource"]["uid"] = "victoria"

    _deliver(saboteur, "ingress", copy)


@control(
    _ITEM, _FOLLOWS, expects=r"Overview, Duration, query B selects nothing with http_.*_second_"
)
def one_query_with_a_typing_error(saboteur: Saboteur) -> None:
    """Mistype the metric of one query of three in one panel."""
    edit_query(saboteur, "overview", "Duration", ("duration_seconds", "duration_second"), at=1)


@control(
    _ITEM, _FOLLOWS, expects=r"Overview, Ratio of errors, query A selects nothing with .*code="
)
def errors_by_a_label_of_another_program(saboteur: Saboteur) -> None:
    """Count errors by a label that the metric lacks: the panel shows 0 for ever."""
    edit_query(saboteur, "overview", "Ratio of errors", ('status=~"5.."', 'code=~"5.."'))


@control(
    _ITEM, _FOLLOWS, expects=r"Backend, Requests by pod, query A names its series by pod, which"
)
def a_label_dropped(saboteur: Saboteur) -> None:
    """Add up all pods in a panel whose lines are called by their pods."""
    edit_query(saboteur, "backend", "Requests by pod", ("sum by (pod) ", "sum "))


@control(_ITEM, _FOLLOWS, expects="Overview, Requests: it counts nothing")
def a_query_that_is_constant(saboteur: Saboteur) -> None:
    """Show whether there have ever been requests in the place of how many there are."""
    old = 'rate(http_requests_total{job="backend", route=~"/api/.+"}[$__rate_interval])'
    new = 'http_requests_total{job="backend", route=~"/api/.+"} > bool 0'
    edit_query(saboteur, "overview", "Requests", (old, new))


@control(_ITEM, _FOLLOWS, expects=r"Overview, Requests: http_requests_total leaves out .* 409")
def mistakes_left_out(saboteur: Saboteur) -> None:
    """Show only those requests that succeed or fail by the server."""
    old = 'route=~"/api/.+"'
    edit_query(saboteur, "overview", "Requests", (old, f'{old}, status!~"4.."'))


@control(_ITEM, _FOLLOWS, expects=r"Overview, Checkouts: .*no query of it counts paid checkouts")
def created_checkouts_shown_as_paid(saboteur: Saboteur) -> None:
    """Copy a query and forget to change its metric."""
    change = ("checkouts_paid_total", "checkouts_created_total")
    edit_query(saboteur, "overview", "Checkouts", change, at=1)


@control(_ITEM, _FOLLOWS, expects="the variable pod of Backend lists nothing")
def a_variable_that_lists_nothing(saboteur: Saboteur) -> None:
    """Ask for the pods of a job that was renamed."""

    def rename(board: dict[str, Any]) -> None:
        pod = next(each for each in board["templating"]["list"] if each["name"] == "pod")
        pod["query"]["query"] = 'label_values(up{job="api"}, pod)'

    deploy(saboteur, "backend", rename)


@control(
    _ITEM, _FOLLOWS, expects=r"Overview, Refused changes, query A selects nothing with checkouts_f"
)
def a_metric_renamed_in_the_application(saboteur: Saboteur) -> None:
    """Rename a metric in the backend, and leave the dashboards as they are."""
    change_backend(
        saboteur,
        "from checkout_backend import metrics\n"
        "original = metrics.Counter\n"
        "def rename(name, *more, **others):\n"
        "    return original(name.replace('_failed', '_refused'), *more, **others)\n"
        "metrics.Counter = rename\n",
    )


@control(_ITEM, _SERVED, expects="monitoring/grafana does not list its dashboards")
def a_grafana_that_does_not_answer(saboteur: Saboteur) -> None:
    """Deploy Grafana's Service, and no pod for it."""
    name = "grafana"
    saboteur.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "labels": {"app.kubernetes.io/name": name}},
            "spec": {
                "selector": {"app.kubernetes.io/name": name},
                "ports": [{"name": "http", "port": 3000}],
            },
        },
        namespace=MONITORING,
    )


@control(
    _ITEM, _SERVED, expects="monitoring/grafana serves Overview otherwise than deployed: panels"
)
def a_grafana_with_an_old_dashboard(saboteur: Saboteur) -> None:
    """Let Grafana serve one dashboard as it was before its last change.

    A program that answers as Grafana's API does stands for it, as there is no Grafana everywhere.
    """
    name = "grafana"
    labels = {"app.kubernetes.io/name": name}
    port = {"name": "http", "containerPort": 3000}
    restricted = {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {
        "name": name,
        "image": next(each for each in saboteur.system.images if "backend" in each),
        "command": ["python", "-c", _GRAFANA],
        "ports": [port],
        "readinessProbe": {"tcpSocket": {"port": "http"}, "periodSeconds": 1},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "boards", "mountPath": "/boards"}],
    }
    spec = {
        "automountServiceAccountToken": False,
        "securityContext": restricted,
        "containers": [container],
        "volumes": [{"name": "boards", "configMap": {"name": "grafana-dashboards"}}],
    }
    metadata = {"name": name, "labels": labels}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    saboteur.create(pod, namespace=MONITORING)
    saboteur.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"selector": labels, "ports": [{"name": "http", "port": 3000}]},
        },
        namespace=MONITORING,
    )
    wait = ("wait", f"pod/{name}", "--for=condition=Ready", "--timeout=60s")
    saboteur.kubectl(*wait, namespace=MONITORING)


def _deliver(saboteur: Saboteur, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Deploy a dashboard with a `change`, and commit it to the repository too."""
    text = deploy(saboteur, name, change)
    path = saboteur.repository() / _FOLDER / f"{name}.json"
    path.write_text(text, encoding="utf-8")
