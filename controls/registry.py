"""All controls."""

from __future__ import annotations

from controls import (
    access,
    attack,
    compliance,
    criteria,
    encryption,
    incident,
    network,
    operations,
    pipeline,
    quality,
    review,
    rotation,
    threats,
)

CONTROLS = (
    *access.CONTROLS,
    *attack.CONTROLS,
    *compliance.CONTROLS,
    *criteria.CONTROLS,
    *encryption.CONTROLS,
    *incident.CONTROLS,
    *network.CONTROLS,
    *operations.CONTROLS,
    *pipeline.CONTROLS,
    *quality.CONTROLS,
    *review.CONTROLS,
    *rotation.CONTROLS,
    *threats.CONTROLS,
)
