"""The controls of TASK-002-AC-1: who reaches whom."""

from __future__ import annotations

from controls.control import Control
from controls.sabotages import network as do

_ITEM = "TASK-002-AC-1"
_MATRIX = "Every pod reaches what it needs and nothing else"
_NEW = "A pod that nobody planned reaches nothing"

CONTROLS = (
    Control(_ITEM, _MATRIX, do.no_default, "nobody planned this: .*new pod .*it arrived"),
    Control(
        _ITEM,
        _MATRIX,
        do.a_database_for_everybody,
        r"nobody planned this: ingress → database \(5432/tcp\): reached, it arrived",
    ),
    Control(
        _ITEM,
        _MATRIX,
        do.a_way_out_over_udp,
        r"nobody planned this: \S+ → elsewhere \(17777/udp\): reached, it arrived",
    ),
    Control(
        _ITEM,
        _MATRIX,
        do.no_way_to_the_database,
        r"this is planned and fails: backend → database \(5432/tcp\)",
    ),
    Control(_ITEM, _NEW, do.names_for_every_pod, "a pod that nobody planned gets through: .*dns"),
)
