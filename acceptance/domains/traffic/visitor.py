"""Uses the system over HTTP by its name, and checks the answers and which pods gave them."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.traffic.actor import IngressActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, require, require_each
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from acceptance.drivers.http import Reply

_NOT_FOUND = 404
_SERVER_ERROR = 500
_CONTEXT_PARTS = 4
_ITEMS = (("TEA-1", 2, 350), ("CUP-2", 1, 1250))
"""What a visitor puts into a checkout: SKU, quantity and unit price in cents."""


@dataclass(frozen=True)
class Purchase:
    """A checkout that a visitor made, as the service returned it."""

    id: str
    told: Any


@dataclass(frozen=True)


@dataclass(frozen=True)
class ServedRequest:
    """A visitor's request: its id, and the pod that served it."""

    id: str
    pod: str
