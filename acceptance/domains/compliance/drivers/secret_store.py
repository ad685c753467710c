"""Reads what the API server keeps, past the API server: etcd, or the SQLite file of k3s."""

from __future__ import annotations

import base64
import json
import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.compliance.drivers.node_shell import Unseen

if TYPE_CHECKING:
    from acceptance.domains.compliance.drivers.node_shell import Component, Inside

SECRETS = "/registry/secrets/"
ENCRYPTED = b"k8s:enc:"
"""How a value begins that the API server encrypted (k8s.io/apiserver, storage/value/encrypt)."""
_READER = Path(__file__).with_name("etcd_read.py")
_SQLITE = "/var/lib/rancher/k3s/server/db"
_NEWEST = """
SELECT name, value FROM kine AS this WHERE name LIKE ? AND deleted = 0
AND id = (SELECT MAX(id) FROM kine WHERE name = this.name)"""
"""Of each key the last revision, unless that deleted it."""


@dataclass(frozen=True)
class Stored:
    """One key of the store, as it lies there."""

    key: str
    value: bytes

    @property
    def encrypted(self) -> bool:
        """Whether the API server encrypted it."""
        return self.value.startswith(ENCRYPTED)

    @property
    def provider(self) -> str:
        """The beginning, which names what encrypted it; empty if nothing did."""
        return b":".join(self.value.split(b":")[:4]).decode() if self.encrypted else ""


def secrets_in_store(node: Inside) -> tuple[Stored, ...]:
    """Return every Secret as the store has it; raises `Unseen` where nobody can look.

    No Secret at all is `Unseen` too: who reads the wrong place finds nothing there.
    """
    server = node.named("kube-apiserver")[0]
    servers = server.get("etcd-servers") or ""
    found = _from_etcd(node, server) if servers.startswith("http") else _from_sqlite(node)
    if not found:
        raise Unseen(f"the store has nothing below {SECRETS}")
    return found


def refuses_strangers(node: Inside) -> bool:
    """Whether the store turns away who has no certificate, and lets in who has one."""
    server = node.named("kube-apiserver")[0]
    if not _from_etcd(node, server):
        raise Unseen("the store has no Secret that a stranger could read")
    try:
        _ask(node, server, known=False)
    except Unseen:
        return True
    return False


def _from_etcd(node: Inside, server: Component) -> tuple[Stored, ...]:
    return tuple(
        Stored(base64.b64decode(key).decode(), base64.b64decode(value))
        for key, value in json.loads(_ask(node, server, known=True)).items()
    )


def _ask(node: Inside, server: Component, *, known: bool) -> str:
    address = (server.get("etcd-servers") or "").split(",")[0]
    authority = server.get("etcd-cafile") or ""
    own = [server.get(f"etcd-{name}") or "" for name in ("certfile", "keyfile")]
    arguments = (address, authority, *(own if known else ("", "")), SECRETS)
    return node.run(sys.executable, "-I", str(_READER), *arguments)


def _from_sqlite(node: Inside) -> tuple[Stored, ...]:
    """Read a copy of k3s's database, with what was written to it last."""
    with tempfile.TemporaryDirectory(prefix="acceptance-store-") as temporary:
        for name in ("state.db", "state.db-wal"):
            text = node.run("base64", f"{_SQLITE}/{name}")
            Path(temporary, name).write_bytes(base64.b64decode(text))
        with closing(sqlite3.connect(Path(temporary, "state.db"))) as database:
            rows = database.execute(_NEWEST, (f"{SECRETS}%",)).fetchall()
    return tuple(Stored(str(name), bytes(value)) for name, value in rows)
