"""What this machine is and has: facts for `make setup`, `make doctor` and the choice of a cluster.

Only the standard library is used here: the facts are wanted before anything is installed.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_ASK_SECONDS = 5.0  # how long a container engine may take to say that it is there


@dataclass(frozen=True)
class Need:
    """A program or file of the host, the Debian package that has it, and what it is for."""

    name: str
    package: str
    purpose: str
    path: str | None = None
    """Where the file lies, for what is not a program in PATH; `*` stands for a version."""


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
    Need("conntrack", "conntrack", "lets kube-proxy forget old connections"),
    Need("clang-19", "clang-19", "compiles the programs with which Cilium filters packets"),
    Need("iptables", "iptables", "makes the few rules without which Cilium does not start"),
    Need("unshare", "util-linux", "gives the node namespaces of its own"),
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
        "prove where the base image comes from",
        "/usr/share/keyrings/debian-archive-keyring.gpg",
    ),
)
"""What the embedded cluster takes from the host."""

POSTGRES = Need(
    "PostgreSQL",
    "postgresql",
    "is the real database of the integration tests, where no Docker API answers",
    "/usr/lib/postgresql/*/bin/initdb",
)
"""What the system's own tests take from the host."""

CERTUTIL = Need(
    "certutil",
    "libnss3-tools",
    "tells the visitor's browser which authority to trust",
)
"""What lets the browser verify a certificate by an authority that is made for the run."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The programs that serve as the visitor's browser, the first one found."""

SERVER_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Folders with programs for root, which the PATH of other users leaves out."""


@dataclass(frozen=True)
class MachineFacts:
    """What was found; nothing here says whether it suffices."""

    system: str
    """linux, darwin, win32: `sys.platform`."""
    architecture: str
    distribution: str
    """The ID of os-release(5): debian, ubuntu, …; empty if there is none."""
    python: tuple[int, int]
    root: bool
    found: frozenset[str]
    """The names of programs and of `Need`s that are there."""
    engine: str | None
    """docker or podman, if its API answers."""
    engine_problem: str
    """Why there is no engine, in its own words or ours; empty if there is one."""
    free_gib: float
    """Free space where the cache is, or will be."""
    memory_gib: float


def find_program(name: str) -> str | None:
    """Return the path of a program in PATH or in the folders that are for root only."""
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(SERVER_PATH))


def is_there(need: Need) -> bool:
    """Say whether the host has what is needed."""
    if need.path is None:
        return find_program(need.name) is not None
    return any(Path("/").glob(need.path.lstrip("/")))


def look_at_machine(cache: Path) -> MachineFacts:
    """Gather the facts; takes a moment, because the container engine is asked whether it works."""
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
