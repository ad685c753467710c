"""A PostgreSQL of the tests' own: in a folder that vanishes, on a free port, never as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from postgres_server import PASSWORD, PostgresServer


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, or None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
    if postgres := shutil.which("postgres"):
        found.insert(0, Path(postgres).resolve().parent)
    return next((path for path in reversed(found) if (path / "initdb").exists()), None)


def _account() -> int | None:
    """Return the user to run as: PostgreSQL refuses root; everybody else stays who they are."""
    return None if os.geteuid() else pwd.getpwnam("nobody").pw_uid


class LocalPostgres(PostgresServer):
    """A server from the programs of this machine."""

    def __init__(self) -> None:
        """Make the folder; nothing is started yet."""
        super().__init__()
        found = programs()
        assert found is not None
        self.binaries = found
        self.folder = Path(tempfile.mkdtemp(prefix="checkout-pg-"))
        self.server: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the data and start."""
        account = _account()
        if account is not None:
            os.chown(self.folder, account, account)
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        command: list[str | Path] = [self.binaries / "initdb", "--pgdata", self.folder / "data"]
        command += ["--no-sync", "--username=checkout", f"--pwfile={secret}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
        subprocess.run(
            command, check=True, capture_output=True, user=account, group=account, cwd=self.folder
        )
        self.start()
        self.create_database()

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
        self.await_answer()

    def complaint(self) -> str:
        """Return what the server wrote."""
        return (self.folder / "log").read_text()

    def ended(self) -> bool:
        """Say whether the server is not there any more."""
        return self.server is None or self.server.poll() is not None

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
