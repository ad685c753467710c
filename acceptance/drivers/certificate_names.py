"""Compares a host with the names of a certificate as TLS clients do (RFC 9525, section 6)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_WILDCARD = "*"


def is_named(host: str, names: Iterable[str], addresses: Iterable[str] = ()) -> bool:
    """Return whether a certificate with these DNS names and IP addresses is for `host`.

    The subject's common name never counts. A wildcard stands for exactly one whole label, the
    first one. An address matches an address, and no name.
    """
    address = _address(host)
    if address is not None:
        return address in {_address(each) for each in addresses}
    wanted = _labels(host)
    return any(_matches(_labels(name), wanted) for name in names)


def _matches(presented: list[str], wanted: list[str]) -> bool:
    if not all(presented) or not all(wanted) or len(presented) != len(wanted):
        return False
    first, *rest = presented
    # A pattern for a whole top-level domain is for nobody, and `w*` or `a.*.b` are no wildcards.
    if first == _WILDCARD and len(rest) > 1:
        return rest == wanted[1:]
    return _WILDCARD not in "".join(presented) and presented == wanted


def _labels(name: str) -> list[str]:
    """Return the labels in small letters, internationalised ones as DNS has them."""
    plain = name.rstrip(".").lower()
    try:
        known = plain if plain.isascii() else plain.encode("idna").decode("ascii")
    except UnicodeError:
        return [""]
    return known.split(".")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
