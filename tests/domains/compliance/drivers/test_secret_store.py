from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from acceptance.domains.compliance.drivers import secret_store
from acceptance.domains.compliance.drivers.node_shell import NodeComponent, NodeShell


def test_the_store_of_k3s_is_read_with_its_last_revisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deleted Secret is left out, and of a changed one the last value counts."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE kine (id INTEGER, name TEXT, deleted INTEGER, value BLOB)")
        rows = [
            (1, "/registry/secrets/a/x", 0, b"clear"),
            (2, "/registry/secrets/a/x", 0, b"k8s:enc:aescbc:v1:key:..."),
            (3, "/registry/secrets/a/gone", 0, b"clear"),
            (4, "/registry/secrets/a/gone", 1, b"clear"),
            (5, "/registry/configmaps/a/x", 0, b"clear"),
        ]
        database.executemany("INSERT INTO kine VALUES (?, ?, ?, ?)", rows)
        database.commit()
    (tmp_path / "state.db-wal").write_bytes(b"")
    monkeypatch.setattr(secret_store, "_SQLITE", str(tmp_path))
    node = NodeShell(("env",), timeout=10, declared={"kube-apiserver": ["kube-apiserver", "--v=1"]})
    monkeypatch.setattr(NodeShell, "named", lambda *_: (NodeComponent("kube-apiserver", "", ()),))
    (found,) = secret_store.secrets_in_store(node)
    assert (found.key, found.encrypted) == ("/registry/secrets/a/x", True)
    assert found.provider == "k8s:enc:aescbc:v1"
