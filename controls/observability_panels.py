"""Sabotages of panels that show zero on a sound system, and on every other one too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from controls.changed_dashboards import edit_query
from controls.changed_programs import MONITORING
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_ITEM = "TASK-003-AC-2"
_RISES = "Panels that show zero on a sound system rise when something is wrong"


@control(
    _ITEM, _RISES, expects="Cluster, Targets down shows 0 although a backend pod does not serve"
)
def targets_that_are_down_twice(saboteur: Saboteur) -> None:
    """Count the targets with a value that none has."""
    edit_query(saboteur, "cluster", "Targets down", ("count(up == 0)", "count(up == 2)"))


@control(_ITEM, _RISES, expects="Overview, Firing alerts shows 0 although a backend pod does not")
def alerts_that_have_fired(saboteur: Saboteur) -> None:
    """Count the alerts in a state that Prometheus does not know."""
    edit_query(saboteur, "overview", "Firing alerts", ('alertstate="firing"', 'alertstate="fired"'))


@control(_ITEM, _RISES, expects="Database, Deadlocks shows 0 although two transactions wait")
def deadlocks_of_another_database(saboteur: Saboteur) -> None:
    """Count the deadlocks of the database that nobody uses."""
    edit_query(
        saboteur,
        "database",
        "Deadlocks",
        (
            'pg_stat_database_deadlocks{job="database"',
            'pg_stat_database_deadlocks{datname="postgres"',
        ),
    )


@control(
    _ITEM,
    "The deployed dashboards are complete",
    expects="the data source prometheus asks port 9091, which prometheus does not have",
)
def a_data_source_at_a_closed_port(saboteur: Saboteur) -> None:
    """Give Grafana the port that Prometheus itself had in the past."""
    listed = ("get", "configmaps", "--selector=grafana_datasource=1", "--output=json")
    found = json.loads(saboteur.kubectl(*listed, namespace=MONITORING))["items"][0]
    text = found["data"]["datasources.yaml"].replace("svc:9090", "svc:9091")
    assert "svc:9091" in text, "The data source has another port"
    saboteur.patch(
        f"configmap/{found['metadata']['name']}",
        {"data": {"datasources.yaml": text}},
        kind="merge",
        namespace=MONITORING,
    )
