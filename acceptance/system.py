"""Defines the facts of the deployed system, which all actors share."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from acceptance.contract import Contract, contract_of
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
    """The address of the ingress; `host` need not resolve to it."""
    http_port: int
    published: str
    """The address that the Ingress must publish."""
    workloads: Workloads
    repository: str
    """The folder with the sources that the system was deployed from."""
    https_port: int = 443
    secure: bool = False
    """Whether the Ingress declares TLS for `host`, so that visitors use HTTPS."""
    authority: str = ""
    """The certificate of the system's certificate authority, as PEM; empty for a public one, which
    the machine already trusts."""
    images: tuple[str, ...] = ()
    """The references of the images to be released, with their digests."""
    restarts: tuple[tuple[str, int], ...] = ()
    """The number of restarts when the run began, by "pod uid/container"."""
    inside: tuple[str, ...] = ()
    """A prefix of commands that runs them on the node; empty if that is impossible."""
    journal: tuple[str, ...] = ()
    """A command that prints the logs of the node's components; empty if there is none."""
    public_address: str = ""
    """An address of this machine that is not private, and that pods can reach; empty if there is
    none."""
    contract: Contract = field(default_factory=Contract)
    """What the system calls what the suite needs of it."""

    @property
    def sources(self) -> Path:
        """The folder with the sources that the system was deployed from."""
        return Path(self.repository)

    @property
    def port(self) -> int:
        """The port of the ingress that visitors use."""
        return self.https_port if self.secure else self.http_port

    @property
    def origin(self) -> str:
        """The system's URL: scheme and name, and the port if it is not the default one."""
        scheme, usual = ("https", 443) if self.secure else ("http", 80)
        return f"{scheme}://{self.host}" + ("" if self.port == usual else f":{self.port}")

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all workloads."""
        return self.workloads.names

    def role(self, workload: str) -> str:
        """Return the role of a workload: backend, frontend or database."""
        roles = {name: role for role, name in asdict(self.workloads).items()}
        return str(roles[workload])

    def named(self, role: str) -> str:
        """Return the workload of a role: backend, frontend or database."""
        return str(asdict(self.workloads)[role])

    def save(self, path: Path) -> None:
        """Write the facts as JSON, for the other processes of the run."""
        path.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")


def load_system(path: Path) -> System:
    """Read what `System.save` wrote."""
    found = json.loads(path.read_text(encoding="utf-8"))
    found["workloads"] = Workloads(**found["workloads"])
    if "contract" in found:
        found["contract"] = contract_of(found["contract"])
    found["images"] = tuple(found["images"])
    found["restarts"] = tuple((key, int(count)) for key, count in found["restarts"])
    for command in ("inside", "journal"):
        found[command] = tuple(found.get(command, ()))
    return System(**found)
