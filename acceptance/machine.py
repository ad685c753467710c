"""Finds out what this machine has, for `make setup`, `make doctor` and the choice of a cluster.

It uses the standard library alone, because it runs before any package is installed.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_ASK_SECONDS = 5.0  # for a container engine to answer


@dataclass(frozen=True)
class Need:
    """A program or file that the host needs, its Debian package, and its purpose."""

    name: str
    package: str
    purpose: str
    path: str | None = None
    """The path of a file, if it is not a program in PATH; `*` stands for a version."""


EMBEDDED_NEEDS = (
    Need("containerd", "containerd", "runs the pods"),
    Need("ctr", "containerd", "imports the images"),
    Need("runc", "runc", "starts the containers"),
    Need("etcd", "etcd-server", "keeps the cluster's state"),
    Need("catatonit", "catatonit", "is the first process of the node and of each pod"),
    Need("buildah", "buildah", "builds the images without a daemon"),
    Need("mmdebstrap", "mmdebstrap", "makes the base image without an image registry"),
    Need("nft", "nftables", "filters the node's packets, for Services"),
    Need("ip", "iproute2", "makes the network between the host and the node"),
    Need("conntrack", "conntrack", "lets kube-proxy delete old connections"),
    Need("clang-19", "clang-19", "compiles the programs with which Cilium filters packets"),
    Need("iptables", "iptables", "makes the few rules that Cilium needs to start"),
    Need("unshare", "util-linux", "gives the node its own namespaces"),
    Need(
        "CNI bridge plugin",
        "containernetworking-plugins",
        "makes the network between the pods",
        "/usr/lib/cni/bridge",
    ),
    Need(
        "CA certificates",
        "ca-certificates",
        "let image builds trust the package registries",
        "/etc/ssl/certs/ca-certificates.crt",
    ),
    Need(
        "Debian's archive keys",
        "debian-archive-keyring",
        "verify the packages of the base image",
        "/usr/share/keyrings/debian-archive-keyring.gpg",
    ),
)
"""The embedded cluster needs these on the host."""

POSTGRES = Need(
    "PostgreSQL",
    "postgresql",
    "is the real database of the integration tests, if no Docker API answers",
    "/usr/lib/postgresql/*/bin/initdb",
)
"""The system's own tests need these on the host."""

CERTUTIL = Need(
    "certutil",
    "libnss3-tools",
    "makes the visitor's browser trust the run's authority",
)
"""The browser needs these to verify certificates of the run's own authority."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The possible programs for the visitor's browser; the first one found is used."""

SERVER_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""The folders of root's programs, which are not in the PATH of other users."""


@dataclass(frozen=True)
class MachineFacts:
    """The facts about the machine; each cluster driver decides whether they suffice."""

    system: str
    """`sys.platform`: linux, darwin or win32."""
    architecture: str
    distribution: str
    """The ID of os-release(5): debian, ubuntu, …; empty if there is none."""
    python: tuple[int, int]
    root: bool
    found: frozenset[str]
    """The names of the programs and `Need`s that were found."""
    engine: str | None
    """docker or podman, the first that answers; None if neither does."""
    engine_problem: str
    """Why there is no engine; empty if there is one."""
    free_gib: float
    """Free disk space at the cache."""
    memory_gib: float


def find_program(name: str) -> str | None:
    """Return the path of a program in PATH or in `SERVER_PATH`; None if there is none."""
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(SERVER_PATH))


def is_there(need: Need) -> bool:
    """Return whether the host has the required program or file."""
    if need.path is None:
        return find_program(need.name) is not None
    return any(Path("/").glob(need.path.lstrip("/")))


def look_at_machine(cache: Path) -> MachineFacts:
    """Return the facts; this waits until the container engine has answered."""
    engine, problem = _engine()
    programs = (*BROWSERS, "apt-get", "docker", "k3d", "kubectl", "podman")
    found = {name for name in programs if find_program(name)}
    found |= {need.name for need in (*EMBEDDED_NEEDS, POSTGRES, CERTUTIL) if is_there(need)}
    return MachineFacts(
        system=sys.platform,
        architecture=platform.machine(),
        distribution=distribution(),
        python=sys.version_info[:2],
        root=os.geteuid() == 0,
        found=frozenset(found),
        engine=engine,
        engine_problem=problem,
        free_gib=_free_gib(cache),
        memory_gib=_memory_gib(),
    )


def _engine() -> tuple[str | None, str]:
    problem = "neither docker nor podman is installed"
    for name in ("docker", "podman"):
        program = find_program(name)
        if program is None:
            continue
        try:
            asked = subprocess.run(
                [program, "info", "--format", "{{.ID}}" if name == "docker" else "{{.Host.OS}}"],
                capture_output=True,
                text=True,
                timeout=_ASK_SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            problem = f"{name} does not answer: {error}"
            continue
        if asked.returncode == 0:
            return name, ""
        said = asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"]
        problem = f"{name} does not answer: {said[-1].rstrip('.')}"
    return None, problem


def distribution() -> str:
    """Return the ID of os-release(5): debian, ubuntu, …; empty if there is none."""
    try:
        return platform.freedesktop_os_release().get("ID", "")
    except OSError:
        return ""


def _free_gib(folder: Path) -> float:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free / 2**30


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
