"""What the suite needs of a system, in one place: `[tool.acceptance.contract]` of pyproject.toml.

Whatever is not declared is as in the reference system. A part that is declared empty is one that
the system has not: what needs it is unverified, and never unmet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias
from urllib.parse import quote

from pydantic import AfterValidator, Field, Strict

from acceptance.errors import AcceptanceError
from acceptance.exit_codes import BROKEN_INPUT

_ID = "{id}"


def _path(value: str) -> str:
    if value and not value.startswith("/"):
        raise ValueError("is no path: it begins with /")
    return value


def _path_of_one(value: str) -> str:
    if value and _ID not in value:
        raise ValueError(f"has no {_ID}, which stands for the id of a checkout")
    return _path(value)


Part: TypeAlias = Annotated[str, Strict(), Field(pattern=r"^[\w-]*$")]
"""The name of something that the system has; empty if it has none."""
Key: TypeAlias = Annotated[str, Strict(), Field(pattern=r"^([A-Za-z_]\w*)?$")]
"""The name of a variable, a role or a table."""
Path: TypeAlias = Annotated[str, Strict(), AfterValidator(_path)]
PathOfOne: TypeAlias = Annotated[str, Strict(), AfterValidator(_path_of_one)]
"""A path with the id of a checkout in it."""


class LackingPart(AcceptanceError):
    """A system has not what a check needs, by its own contract; in a scenario it is unverified."""

    exit_code = BROKEN_INPUT


@dataclass(frozen=True)
class Routes:
    """The paths that the suite asks for."""

    page: Path = "/"
    """The page of the frontend."""
    checkouts: Path = "/api/checkouts"
    """The list of checkouts (GET), newest first and in pages, where one is created (POST)."""
    checkout: PathOfOne = "/api/checkouts/{id}"
    """One checkout (GET)."""
    items: PathOfOne = "/api/checkouts/{id}/items"
    """Where an item is added (POST)."""
    payment: PathOfOne = "/api/checkouts/{id}/payment"
    """Where a checkout is paid (POST)."""
    cancellation: PathOfOne = "/api/checkouts/{id}/cancellation"
    """Where a checkout is cancelled (POST)."""
    openapi: Path = "/api/openapi.json"
    """Where the service describes its API."""
    backend_ready: Path = "/readyz"
    """Where a pod of the backend answers whether it is ready."""
    frontend_ready: Path = "/healthz"
    """Where a pod of the frontend answers whether it is ready."""


@dataclass(frozen=True)
class Headers:
    """The names of HTTP headers."""

    served_by: Part = "X-Served-By"
    """Of an answer: the pod that gave it."""
    request_id: Part = "X-Request-Id"
    """Of a request: its id, which the answer and the logs repeat."""
    trace: Part = "traceparent"
    """Of a request: the trace that it belongs to (W3C Trace Context)."""
    trace_of_answer: Part = "traceresponse"
    """Of an answer: the trace that it belongs to (W3C Trace Context Level 2)."""


@dataclass(frozen=True)
class Environment:
    """Keys of the ConfigMaps and Secrets by which the backend logs in to the database."""

    database_name: Key = "DATABASE_NAME"
    """In the database's container too, if its server does not use POSTGRES_DB."""
    database_user: Key = "DATABASE_USER"
    database_password: Key = "DATABASE_PASSWORD"  # noqa: S105 (the name of a key)


@dataclass(frozen=True)
class Database:
    """What is in the database."""

    superuser: Key = "postgres"
    """The role that may do everything, if the container has no POSTGRES_USER."""
    checkouts: Key = "checkouts"
    """The table of checkouts, whose key is `id`."""
    items: Key = "items"
    """The table of their items."""
    payments: Key = "payments"
    """The table of payments, which names its checkout in `checkout_id`."""


@dataclass(frozen=True)
class Contract:
    """Everything that a system may call otherwise than the reference system does."""

    routes: Routes = Routes()
    headers: Headers = Headers()
    environment: Environment = Environment()
    database: Database = Database()

    def part(self, name: str) -> str:
        """Return a part by its name, such as `headers.served_by`.

        Raises `LackingPart` if the system has none.
        """
        table, _, key = name.partition(".")
        found = str(getattr(getattr(self, table), key))
        if not found:
            raise lacking(name)
        return found

    def path(self, name: str, checkout_id: str = "") -> str:
        """Return a path by its name in `routes`, with the id of a checkout in it.

        Raises `LackingPart` if the system has none.
        """
        return self.part(f"routes.{name}").replace(_ID, quote(checkout_id, safe=""))


def lacking(name: str) -> LackingPart:
    """Return what to raise where the system has not the part of this name."""
    return LackingPart(
        f"The system has no {name}, by [tool.acceptance.contract] of pyproject.toml, so what needs "
        "it is not known."
    )


def contract_of(found: dict[str, dict[str, str]]) -> Contract:
    """Return the contract that `dataclasses.asdict` made a dictionary of."""
    return Contract(
        Routes(**found["routes"]),
        Headers(**found["headers"]),
        Environment(**found["environment"]),
        Database(**found["database"]),
    )
