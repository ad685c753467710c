"""Sabotages of what the monitoring keeps, which the domain observability must detect."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from controls.changed_backend import change_backend
from controls.changed_programs import (
    MONITORING,
    arguments_of,
    change_program,
    edit_shipper,
    rewrite_configuration,
)
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_ITEM = "TASK-003-DOD-1"
_RUNS = "Every program of the monitoring runs as the repository says"
_KILLED = "Each program of the monitoring is killed, and what it keeps is not lost"
_KEPT_TIMES = "What was measured and told is kept as long as is promised"
_AGENTS = "monitoring-agents"
_EXPORTER = "daemonset/audit-exporter"
_WAIT = "--timeout=120s"
_ALERTS_FORGOTTEN = "that had arrived was told 2 times, and once before|The silence was lost"


@control(
    _ITEM, _RUNS, expects="blackbox-exporter has not all of its pods: .* 0 of 0 replicas ready"
)
def a_program_that_is_switched_off(saboteur: Saboteur) -> None:
    """Switch the probes off for a night, because they make noise."""
    target = "deployment/blackbox-exporter"
    wait = ("rollout", "status", target, _WAIT)
    saboteur.afterwards(*wait, namespace=MONITORING)
    saboteur.patch(target, {"spec": {"replicas": 0}}, namespace=MONITORING)
    saboteur.kubectl(*wait, namespace=MONITORING)


@control(_ITEM, _RUNS, expects="Deployment monitoring/node-exporter-old is not in the repository")
def a_program_that_was_left_behind(saboteur: Saboteur) -> None:
    """Leave an old exporter behind that nobody remembers, with no pod at the moment."""
    labels = {"app.kubernetes.io/name": "node-exporter-old"}
    saboteur.create(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "node-exporter-old", "labels": labels},
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "exporter", "image": "localhost/old:1"}]},
                },
            },
        },
        namespace=MONITORING,
    )


@control(_ITEM, _RUNS, expects="localhost/opensearch runs in 2 builds")
def a_job_of_an_older_release(saboteur: Saboteur) -> None:
    """Forget the job of the night when the log store gets a new image."""
    container = {"name": "opensearch-retention", "image": "localhost/opensearch:0123456789abcdef"}
    spec = {"jobTemplate": {"spec": {"template": {"spec": {"containers": [container]}}}}}
    saboteur.patch("cronjob/opensearch-retention", {"spec": spec}, namespace=MONITORING)


@control(_ITEM, _KILLED, expects=r"\d+ of \d+ series of http_requests_total @ \S+ are lost")
def measurements_in_the_folder_of_the_pod(saboteur: Saboteur) -> None:
    """Keep what is measured in a folder that goes with the pod, as it was once."""
    volume: dict[str, object] = {"name": "data", "persistentVolumeClaim": None, "emptyDir": {}}
    change_program(saboteur, "prometheus", {}, volumes=[volume], keeps=True)


@control(_ITEM, _KILLED, expects=_ALERTS_FORGOTTEN)
def silences_beside_the_volume(saboteur: Saboteur) -> None:
    """Mount the volume, and write into a folder that lies beside it."""
    arguments = [
        "--storage.path=/var/lib/alerts" if each.startswith("--storage.path=") else each
        for each in arguments_of(saboteur, "deployment/alertmanager", MONITORING)
    ]
    mount = {"name": "beside", "mountPath": "/var/lib/alerts"}
    change = {"args": arguments, "volumeMounts": [mount]}
    volume: dict[str, object] = {"name": "beside", "emptyDir": {}}
    change_program(saboteur, "alertmanager", change, volumes=[volume])


@control(_ITEM, _KILLED, expects=_ALERTS_FORGOTTEN)
def silences_that_are_seldom_written(saboteur: Saboteur) -> None:
    """Leave it at the program's own interval of 15 minutes."""
    before = arguments_of(saboteur, "deployment/alertmanager", MONITORING)
    kept = [each for each in before if not each.startswith("--data.maintenance-interval=")]
    assert kept != before, "Alertmanager has no interval"
    change_program(saboteur, "alertmanager", {"args": kept})


@control(_ITEM, _KILLED, expects=r"\d+ of 6000 lines were lost: \d+")
def a_shipper_that_begins_where_the_files_end(saboteur: Saboteur) -> None:
    """Begin at the end of each file, so that a restart is quick."""
    edit_shipper(
        saboteur, ('ruleset="pods" addMetadata', 'ruleset="pods" freshStartTail="on" addMetadata'),
        every=True,
    )  # fmt: skip


@control(_ITEM, _KILLED, expects=r"requests of \S+ were refused, and \d+ are counted")
def counts_in_the_container(saboteur: Saboteur) -> None:
    """Keep the place in the log, and the counts, in a folder that goes with the container."""
    arguments = [
        each.replace("/run/audit-exporter/", "/tmp/")  # noqa: S108 (a path in the container)
        for each in arguments_of(saboteur, _EXPORTER, _AGENTS)
    ]
    security = {"readOnlyRootFilesystem": False}
    container = {"name": "audit-exporter", "args": arguments, "securityContext": security}
    wait = ("rollout", "status", _EXPORTER, _WAIT)
    saboteur.afterwards(*wait, namespace=_AGENTS)
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    saboteur.patch(_EXPORTER, change, namespace=_AGENTS)
    saboteur.kubectl(*wait, namespace=_AGENTS)


@control(_ITEM, _KILLED, expects=r"While Jaeger was away, (50|95)% of the visitors waited up to")
def visitors_who_wait_for_the_collector(saboteur: Saboteur) -> None:
    """Look before each span whether the collector is there, and wait for it a moment if not."""
    change_backend(
        saboteur,
        "import socket, time, urllib.parse, checkout_backend.tracing as tracing\n"
        "url = urllib.parse.urlsplit(os.environ['OTEL_EXPORTER_OTLP_ENDPOINT'])\n"
        "def look(collector):\n"
        "    try: socket.create_connection((url.hostname, url.port), 0.3).close()\n"
        "    except OSError: time.sleep(0.2)\n"
        "    return collector._taken is True\n"
        "tracing.Collector.reachable = property(look)\n",
    )


@control(
    _ITEM, _KILLED, expects=r"after it was ready again, which is more|has not scraped \S+ since"
)
def pods_that_are_found_late(saboteur: Saboteur) -> None:
    """Let Prometheus look for new pods every 25 s only, as if they seldom came."""
    arguments = [
        "--scrape.discovery-reload-interval=25s" if "discovery-reload" in each else each
        for each in arguments_of(saboteur, "deployment/prometheus", MONITORING)
    ]
    change_program(saboteur, "prometheus", {"args": arguments}, keeps=True)


@control(_ITEM, _KEPT_TIMES, expects="prometheus keeps it for 15h, not 15 days")
def hours_in_place_of_days(saboteur: Saboteur) -> None:
    """Write another unit behind the number."""
    _rewrite_arguments(saboteur, "prometheus", "retention.time=15d", "retention.time=15h")


@control(_ITEM, _KEPT_TIMES, expects="alertmanager keeps it for 10m, not 5 days")
def alerts_that_are_forgotten_soon(saboteur: Saboteur) -> None:
    """Save disk: forget after ten minutes who was told."""
    before = arguments_of(saboteur, "deployment/alertmanager", MONITORING)
    change_program(saboteur, "alertmanager", {"args": [*before, "--data.retention=10m"]})


@control(_ITEM, _KEPT_TIMES, expects="alertmanager forgets after 120h what it repeats later")
def alerts_that_are_repeated_after_they_are_forgotten(saboteur: Saboteur) -> None:
    """Repeat alerts once in two weeks, which Alertmanager forgets after five days."""
    rewrite_configuration(
        saboteur,
        "alertmanager",
        "alertmanager.yaml",
        lambda text: re.sub(r"repeat_interval: \S+", "repeat_interval: 336h", text, count=1),
    )


def _rewrite_arguments(saboteur: Saboteur, name: str, old: str, new: str) -> None:
    before = arguments_of(saboteur, f"deployment/{name}", MONITORING)
    after = [each.replace(old, new) for each in before]
    assert after != before, f"{name} has no argument {old}"
    change_program(saboteur, name, {"args": after})
