from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acceptance.contract import Contract
from acceptance.drivers.database import as_superuser
from acceptance.process import run

if TYPE_CHECKING:
    from pathlib import Path

OWN = {"DATABASE_NAME": "checkout"}
STOCK = {"POSTGRES_DB": "shop", "POSTGRES_USER": "shop"}


def server(proc: Path, socket: str) -> None:
    """Let a server run, whose data directory names the folder of its socket."""
    process = proc / "7"
    (process / "cwd").mkdir(parents=True)
    (process / "comm").write_text("postgres\n")
    lines = ("7", "/data", "1764500000", "5432", socket, "*")
    (process / "cwd" / "postmaster.pid").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("environment", "socket", "expected"),
    [
        (OWN, "/run/postgresql", "/run/postgresql postgres checkout"),
        (OWN, None, "/run/postgresql postgres checkout"),
        (STOCK, "/var/run/postgresql", "/var/run/postgresql shop shop"),
        ({"POSTGRES_USER": "shop"}, "/tmp", "/tmp shop shop"),
        ({"PGHOST": "elsewhere"}, None, "/run/postgresql postgres postgres"),
    ],
)
def test_the_database_is_asked_where_its_server_listens(
    tmp_path: Path, environment: dict[str, str], socket: str | None, expected: str
) -> None:
    """Socket, superuser and database come from the server, not from an image."""
    if socket is not None:
        server(tmp_path, socket)
    script = (
        as_superuser(Contract()).replace("/proc/", f"{tmp_path}/") + 'echo "$PGHOST $PGUSER $own"'
    )
    variables = {"PATH": "/usr/bin:/bin", **environment}
    command = ["env", "-i", *(f"{key}={value}" for key, value in variables.items())]
    found = run([*command, "sh", "-c", script], timeout=10)
    assert found.stdout.strip() == expected
