"""Deploys new versions of the system's parts while it serves: `operations deploy`.

The cluster holds everything that a deployment has to remember, so the next one finishes or undoes
one that was killed: `versions` reads and writes it, `blue_green` does what comes next. ADR 43 gives
the reasons.
"""

from operations.deployment.blue_green import BlueGreen
from operations.deployment.watching import NotDeployed

__all__ = ["BlueGreen", "NotDeployed"]
