"""Changes of the dashboards that Grafana is given in the cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from controls.changed_programs import MONITORING

if TYPE_CHECKING:
    from collections.abc import Callable

    from controls.saboteur import Saboteur

CONFIG_MAP = "configmap/grafana-dashboards"


def edit_query(
    saboteur: Saboteur, file: str, panel: str, change: tuple[str, str], *, at: int = 0
) -> None:
    """Replace a text of one query of a deployed dashboard."""

    def edit(board: dict[str, Any]) -> None:
        target = panel_of(board, panel)["targets"][at]
        assert change[0] in target["expr"], f"{panel} has no {change[0]}"
        target["expr"] = target["expr"].replace(*change)

    deploy(saboteur, file, edit)


def deploy(saboteur: Saboteur, name: str, change: Callable[[dict[str, Any]], None]) -> str:
    """Deploy a dashboard with a `change`, and return its file."""
    found = json.loads(saboteur.kubectl("get", CONFIG_MAP, "--output=json", namespace=MONITORING))[
        "data"
    ]
    board = json.loads(found[f"{name}.json"])
    change(board)
    text = json.dumps(board, indent=2)
    patch = {"data": {f"{name}.json": text}}
    saboteur.patch(CONFIG_MAP, patch, kind="merge", namespace=MONITORING)
    return text


def panel_of(board: dict[str, Any], title: str) -> dict[str, Any]:
    """Return a panel of a dashboard by its title."""
    found: dict[str, Any] = next(each for each in board["panels"] if each["title"] == title)
    return found
