"""Reads from PostgreSQL what it does for a commit to survive a crash, and since when it runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")
"""The settings that let a commit be lost if one of them is off (PostgreSQL: "Reliability")."""

_NAMES = ", ".join(f"'{name}'" for name in SETTINGS)
_DURABILITY = f"""
SELECT json_build_array(
  (SELECT json_agg(json_build_array(name, setting) ORDER BY name) FROM pg_settings
   WHERE name IN ({_NAMES})),
  (SELECT coalesce(json_agg(json_build_array(concat_ws(' in ', r.rolname, d.datname), c)), '[]')
   FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
     LEFT JOIN pg_database d ON d.oid = s.setdatabase CROSS JOIN LATERAL unnest(s.setconfig) c
   WHERE split_part(c, '=', 1) IN ({_NAMES})),
  (SELECT coalesce(json_agg(format('%I.%I', n.nspname, t.relname) ORDER BY t.relname), '[]')
   FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
   WHERE t.relpersistence = 'u' AND t.relkind IN ('r', 'm')))"""  # noqa: S608 - names of ours
# The checkpointer is started anew after each crash, also where the server's first process survives.
# A server that listens at no address is there for an image's own preparations, and ends again.
_STARTED = """
SELECT max(backend_start) FROM pg_stat_activity
WHERE backend_type = 'checkpointer' AND current_setting('listen_addresses') <> ''"""


@dataclass(frozen=True)
class Durability:
    """How a database server treats a commit."""

    settings: tuple[tuple[str, str], ...]
    """The value of each of `SETTINGS`."""
    overrides: tuple[tuple[str, str], ...]
    """For whom one of them is set in another way: the role or database, and `name=value`."""
    unlogged: tuple[str, ...]
    """The tables that a crash empties."""


def read_durability(execute: Callable[[str], Iterable[str]]) -> Durability:
    """Read it with `execute`, which runs SQL as a superuser, and raises its own errors."""
    settings, overrides, unlogged = json.loads("".join(execute(_DURABILITY)))
    return Durability(
        tuple((str(name), str(value)) for name, value in settings),
        tuple((str(whose), str(text)) for whose, text in overrides),
        tuple(map(str, unlogged)),
    )


def read_start(execute: Callable[[str], Iterable[str]]) -> str:
    """Return since when the server works without a crash, as it writes a time; empty before."""
    return "".join(execute(_STARTED))
