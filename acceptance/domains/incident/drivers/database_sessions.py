"""Reads in PostgreSQL's statistics what an address does: its sessions, and its last statement."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE client_addr = '{address}'::inet"
_LAST = (
    "SELECT coalesce(max(extract(epoch FROM greatest(query_start, state_change))), 0) "
    "FROM pg_stat_activity WHERE client_addr = '{address}'::inet"
)


def count_sessions(execute: Callable[[str], tuple[str, ...]], address: str) -> int:
    """Return how many sessions an address has; `execute` runs SQL and returns its lines."""
    return int(execute(_SESSIONS.format(address=ip_address(address)))[0])


def last_activity(execute: Callable[[str], tuple[str, ...]], address: str) -> float:
    """Return when an address last did something, in seconds since the epoch; 0 if it did not."""
    return float(execute(_LAST.format(address=ip_address(address)))[0])
