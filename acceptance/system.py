"""What is known about the system once it is deployed: the facts that all actors share."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from acceptance.settings import Workloads


@dataclass(frozen=True)
class System:
    """A deployed system, and how to reach it from outside."""

    run: str
    driver: str
    flavour: str
    """`k3s` or `kubernetes`."""
    version: str
    kubeconfig: str
    context: str
    namespace: str
    host: str
    address: str
    """Where the ingress listens; `host` is not expected to resolve."""
    http_port: int
    published: str
    """The address that the Ingress has to publish."""
    workloads: Workloads
    repository: str
    """The folder with the sources that the system was deployed from."""
    https_port: int = 443
    secure: bool = False
    """Whether the Ingress declares TLS for `host`, so that visitors come encrypted."""
    authority: str = ""
    """The certificate, as PEM, that vouches for the system's; empty for a public authority, which
    the machine trusts already."""
    images: tuple[str, ...] = ()
    """Full references, with their digests, of the images that are to be released."""
    restarts: tuple[tuple[str, int], ...] = ()
    """Restarts that had happened when the run began, by "pod uid/container"."""
    inside: tuple[str, ...] = ()
    """The beginning of a command that runs what follows it inside the node; empty if nobody can."""
    journal: tuple[str, ...] = ()
    """A command that writes what the node's components said; empty if there is none."""

    @property
    def sources(self) -> Path:
        """The folder with the sources that the system was deployed from."""
        return Path(self.repository)

    @property
    def port(self) -> int:
        """Where visitors come in."""
        return self.https_port if self.secure else self.http_port

    @property
    def origin(self) -> str:
        """What visitors type: the scheme and the name, and the port where it is an unusual one."""
        scheme, usual = ("https", 443) if self.secure else ("http", 80)
        return f"{scheme}://{self.host}" + ("" if self.port == usual else f":{self.port}")

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all workloads."""
        return (self.workloads.backend, self.workloads.frontend, self.workloads.database)

    def role(self, workload: str) -> str:
        """Return what a workload is in the system: backend, frontend or database."""
        roles = {name: role for role, name in asdict(self.workloads).items()}
        return str(roles[workload])

    def named(self, role: str) -> str:
        """Return the workload that has a role: backend, frontend or database."""
        return str(asdict(self.workloads)[role])

    def save(self, path: Path) -> None:
        """Write the facts as JSON, for the other processes of the run."""
        path.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")


def load_system(path: Path) -> System:
    """Read what `System.save` wrote."""
    found = json.loads(path.read_text(encoding="utf-8"))
    found["workloads"] = Workloads(**found["workloads"])
    found["images"] = tuple(found["images"])
    found["restarts"] = tuple((key, int(count)) for key, count in found["restarts"])
    for command in ("inside", "journal"):
        found[command] = tuple(found.get(command, ()))
    return System(**found)
