"""Where the process is in its life."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Lifecycle:
    """Shared by the server, which is told to stop, and the probes, which pass it on."""

    draining: bool = False
    """A shutdown has begun: requests are still served, and no more are wanted."""
