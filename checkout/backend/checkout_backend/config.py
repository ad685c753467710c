"""The configuration: environment variables, read once and checked before anything starts."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEVELS = ("debug", "info", "warning", "error")
_SHORTEST_KEY = 32
"""Characters of a signing key; fewer could be guessed."""


class BadConfiguration(Exception):
    """The message is one sentence: which variable is wrong, and what to set."""


@dataclass(frozen=True)
class DatabaseConfig:
    """How to reach PostgreSQL."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Config:
    """What the service needs to run."""

    database: DatabaseConfig
    signing_keys: tuple[str, ...] = field(repr=False)
    """The first signs; what any of them has signed is recognised."""
    log_level: str
    pod_name: str
    listen_port: int
    pool_size: int
    """Connections to the database at most."""
    metrics: bool
    """Whether anything is counted for Prometheus."""
    traces_endpoint: str
    """The collector's address for OTLP over HTTP; empty if there are no traces."""
    drain_seconds: float
    """How long requests are still served after SIGTERM, while readiness already says no."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that must never be written anywhere."""
        return (self.database.password, *self.signing_keys)


def load_database(env: Mapping[str, str]) -> DatabaseConfig:
    """Read how to reach the database. Raises `BadConfiguration`."""
    return DatabaseConfig(
        host=_text(env, "DATABASE_HOST"),
        port=_whole(env, "DATABASE_PORT", 5432, 1, 65535),
        name=_text(env, "DATABASE_NAME"),
        user=_text(env, "DATABASE_USER"),
        password=_text(env, "DATABASE_PASSWORD"),
    )


def load_level(env: Mapping[str, str]) -> str:
    """Read LOG_LEVEL. Raises `BadConfiguration`."""
    level = env.get("LOG_LEVEL", "").strip().lower() or "info"
    if level not in _LEVELS:
        raise BadConfiguration(f"LOG_LEVEL is {level!r}: set it to one of {', '.join(_LEVELS)}.")
    return level


def load_migration_seconds(env: Mapping[str, str]) -> float:
    """Read how long a migration waits for the database. Raises `BadConfiguration`."""
    return _whole(env, "MIGRATION_WAIT_SECONDS", 60, 1, 3600)


def load(env: Mapping[str, str]) -> Config:
    """Read the whole configuration. Raises `BadConfiguration`."""
    return Config(
        database=load_database(env),
        signing_keys=_signing_keys(env),
        log_level=load_level(env),
        pod_name=_header_text(env.get("POD_NAME", "").strip() or socket.gethostname()),
        listen_port=_whole(env, "LISTEN_PORT", 8000, 1, 65535),
        pool_size=_whole(env, "DATABASE_POOL_SIZE", 8, 1, 100),
        metrics=_switch(env, "METRICS"),
        traces_endpoint=_address(env, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        drain_seconds=_whole(env, "DRAIN_SECONDS", 3, 0, 300),
    )


def _signing_keys(env: Mapping[str, str]) -> tuple[str, ...]:
    """Read the key that signs and, while keys are rotated, the other one that is recognised."""
    names = ["SIGNING_KEY"]
    if env.get("SIGNING_KEY_ACCEPTED", "").strip():
        names.append("SIGNING_KEY_ACCEPTED")
    for name in names:
        if len(_text(env, name)) < _SHORTEST_KEY:
            raise BadConfiguration(
                f"{name} is too short: set it to at least {_SHORTEST_KEY} random characters."
            )
    return tuple(_text(env, name) for name in names)


def _text(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise BadConfiguration(f"{name} is missing: set this environment variable.")
    if "\x00" in value:
        raise BadConfiguration(f"{name} holds a zero byte: set it to plain text.")
    return value


def _whole(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = env.get(name, "").strip() or str(default)
    number = int(value) if re.fullmatch(r"[0-9]{1,9}", value) else -1
    if not least <= number <= most:
        raise BadConfiguration(
            f"{name} is {value!r}: set it to a whole number from {least} to {most}."
        )
    return number


def _switch(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "").strip().lower() or "on"
    if value not in {"on", "off"}:
        raise BadConfiguration(f"{name} is {value!r}: set it to on or off.")
    return value == "on"


def _address(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if value and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]{1,253}(/[A-Za-z0-9./_-]*)?", value):
        raise BadConfiguration(f"{name} is no address: set it to one like http://collector:4318.")
    return value


def _header_text(value: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]{1,253}", value):
        raise BadConfiguration("POD_NAME cannot be sent in a header: set it to the pod's name.")
    return value
