"""Reads Secrets from the cluster's data store, past the API server: etcd, or k3s's SQLite file."""

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

from acceptance.domains.compliance.drivers.node_shell import Unobservable

if TYPE_CHECKING:
    from acceptance.domains.compliance.drivers.node_shell import NodeComponent, NodeShell

SECRETS = "/registry/secrets/"
ENCRYPTED = b"k8s:enc:"
"""How an encrypted value begins (k8s.io/apiserver, storage/value/encrypt)."""
_READER = Path(__file__).with_name("etcd_read.py")
_SQLITE = "/var/lib/rancher/k3s/server/db"
_NEWEST = """
SELECT name, value FROM kine AS this WHERE name LIKE ? AND deleted = 0
AND id = (SELECT MAX(id) FROM kine WHERE name = this.name)"""
"""Selects the last revision of each key, unless that deleted it."""


@dataclass(frozen=True)
class StoredSecret:
    """One Secret as it is stored."""

    key: str
    value: bytes

    @property
    def encrypted(self) -> bool:
        """Whether the API server encrypted it."""
        return self.value.startswith(ENCRYPTED)

    @property
    def provider(self) -> str:
        """The prefix that names the encryption provider; empty if it is not encrypted."""
        return b":".join(self.value.split(b":")[:4]).decode() if self.encrypted else ""


def secrets_in_store(node: NodeShell) -> tuple[StoredSecret, ...]:
    """Return every Secret as it is stored; raises `Unobservable` if the store cannot be read.

    An empty store is `Unobservable` too, as it may be the wrong one.
    """
    server = node.named("kube-apiserver")[0]
    servers = server.get("etcd-servers") or ""
    found = _from_etcd(node, server) if servers.startswith("http") else _from_sqlite(node)
    if not found:
        raise Unobservable(f"the data store has nothing below {SECRETS}")
    return found


def refuses_anonymous_clients(node: NodeShell) -> bool:
    """Whether etcd refuses a client without a certificate; one with a certificate is served."""
    server = node.named("kube-apiserver")[0]
    if not _from_etcd(node, server):
        raise Unobservable("the data store has no Secret that a client could read")
    try:
        _ask(node, server, authenticated=False)
    except Unobservable:
        return True
    return False


def _from_etcd(node: NodeShell, server: NodeComponent) -> tuple[StoredSecret, ...]:
    return tuple(
        StoredSecret(base64.b64decode(key).decode(), base64.b64decode(value))
        for key, value in json.loads(_ask(node, server, authenticated=True)).items()
    )


def _ask(node: NodeShell, server: NodeComponent, *, authenticated: bool) -> str:
    address = (server.get("etcd-servers") or "").split(",")[0]
    authority = server.get("etcd-cafile") or ""
    own = [server.get(f"etcd-{name}") or "" for name in ("certfile", "keyfile")]
    arguments = (address, authority, *(own if authenticated else ("", "")), SECRETS)
    return node.run(sys.executable, "-I", str(_READER), *arguments)


def _from_sqlite(node: NodeShell) -> tuple[StoredSecret, ...]:
    """Read a copy of k3s's database, its write-ahead log included."""
    with tempfile.TemporaryDirectory(prefix="acceptance-store-") as temporary:
        for name in ("state.db", "state.db-wal"):
            text = node.run("base64", f"{_SQLITE}/{name}")
            Path(temporary, name).write_bytes(base64.b64decode(text))
        with closing(sqlite3.connect(Path(temporary, "state.db"))) as database:
            rows = database.execute(_NEWEST, (f"{SECRETS}%",)).fetchall()
    return tuple(StoredSecret(str(name), bytes(value)) for name, value in rows)
