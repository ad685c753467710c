"""Asks the ingress what it serves at a host."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acceptance.drivers.http import Http, Reply


def root_page(http: Http) -> Reply:
    """Return the answer at the root path of the host that `http` is for."""
    return http.send("GET", "/")
