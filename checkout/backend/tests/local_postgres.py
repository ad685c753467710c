"""A PostgreSQL of the tests' own: in a folder that vanishes, on a free port, never as root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from checkout_backend.config import DatabaseConfig

PASSWORD = "only for the tests"


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, or None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
    if postgres := shutil.which("postgres"):
        found.insert(0, Path(postgres).resolve().parent)
    return next((path for path in reversed(found) if (path / "initdb").exists()), None)


def _account() -> int | None:
    """Return the user to run as: PostgreSQL refuses root; everybody else stays who they are."""
    return None if os.geteuid() else pwd.getpwnam("nobody").pw_uid


@dataclass
class LocalPostgres:
    """A server that can be stopped, started, and made to fall silent."""

    binaries: Path
    port: int = 0
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="checkout-pg-")))
    server: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the data and start."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        account = _account()
        if account is not None:
            os.chown(self.folder, account, account)
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        command: list[str | Path] = [
            self.binaries / "initdb",
            "--pgdata",
            self.folder / "data",
            "--no-sync",
        ]
        command += [
            "--pgdata",
            self.folder / "data",
            "--username=checkout",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
        ]
        command += ["--encoding=UTF8", "--locale=C.UTF-8"]
        subprocess.run(
            command, check=True, capture_output=True, user=account, group=account, cwd=self.folder
        )
        self.start()
        with self.connect(dbname="postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE checkout")

    def start(self) -> None:
        """Start the server and wait until it lets us in."""
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": 40,
            "shared_buffers": "16MB",
        }
        command: list[str | Path] = [self.binaries / "postgres", "-D", self.folder / "data"]
        command += [f"--{name}={value}" for name, value in settings.items()]
        account = _account()
        with (self.folder / "log").open("ab") as log:
            self.server = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                user=account,
                group=account,
                cwd=self.folder,
            )
        deadline = time.monotonic() + 20
        while True:
            try:
                self.connect(dbname="postgres").close()
            except psycopg.OperationalError:
                assert self.server.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return

    def signal(self, number: int) -> None:
        """Send a signal to the server and to each of its processes."""
        assert self.server is not None
        children = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text()
        for pid in [self.server.pid, *map(int, children.split())]:
            os.kill(pid, number)

    def stop(self) -> None:
        """Stop at once and cleanly; every client is cut off."""
        if self.server:
            self.server.send_signal(2)  # PostgreSQL's fast shutdown
            self.server.wait(20)
            self.server = None

    def remove(self) -> None:
        """Stop, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder)

    def connect(self, *, dbname: str = "checkout", autocommit: bool = False) -> psycopg.Connection:
        """Connect as the owner of the database."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="checkout",
            password=PASSWORD,
            dbname=dbname,
            autocommit=autocommit,
            connect_timeout=5,
        )

    @property
    def config(self) -> DatabaseConfig:
        """How the service reaches the server."""
        return DatabaseConfig("127.0.0.1", self.port, "checkout", "checkout", PASSWORD)
