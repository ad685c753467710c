"""Installs programs of the host from Debian or Ubuntu, without starting a service."""

from __future__ import annotations

import os
import platform
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.cache import cache_root
from acceptance.errors import EnvironmentFailure
from acceptance.machine import (
    BROWSERS,
    CERTUTIL,
    EMBEDDED_NEEDS,
    POSTGRES,
    MachineFacts,
    distribution,
    find_program,
    look_at_machine,
)
from acceptance.process import run
from acceptance.project import ROOT
from acceptance.setup.step import install_with, note

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian calls this program to ask whether a package may start its service (101: no)."""

_MARK = "# written by checkout-acceptance while it installs packages"
_TIMEOUT_SECONDS = 1800.0
_SERVICES = {
    "containerd": "containerd.service",
    "etcd-server": "etcd.service",
    "postgresql": "postgresql.service",
}

CLUSTER_CONFIG = Path("/etc/postgresql-common/createcluster.conf")
"""Debian's setting whether the package `postgresql` makes a database cluster."""


def install() -> None:
    """Install the host's programs for the chosen cluster, PostgreSQL for tests, and the browser.

    The variable CLUSTER chooses the cluster; the default is `auto`.

    Raises `EnvironmentFailure` if this user or this system cannot install packages.
    """
    cluster = os.environ.get("CLUSTER") or "auto"
    facts = look_at_machine(cache_root())
    missing = missing_packages(facts, cluster)
    if missing:
        install_packages(missing, f"the {cluster} cluster, the browser and the tests")


def install_browser() -> None:
    """Install a browser for the tests that open the reports, unless there is one.

    Raises `EnvironmentFailure` when neither Debian nor Playwright has one.
    """
    if any(find_program(name) for name in BROWSERS):
        return
    if distribution() == "debian" and os.geteuid() == 0:
        install_packages(["chromium"], "the tests of the reports")
    else:
        _install_playwright_browser()


def missing_packages(facts: MachineFacts, cluster: str) -> list[str]:
    """Return the Debian packages that a run on `cluster` needs and this machine lacks."""
    wanted = []
    k3d = "k3d" in facts.found and facts.engine is not None
    if cluster == "embedded" or (cluster == "auto" and not k3d):
        wanted = [need.package for need in EMBEDDED_NEEDS if need.name not in facts.found]
    # Ubuntu's chromium is a snap, which a container cannot install; Playwright's is used there.
    if not facts.found & set(BROWSERS) and facts.distribution == "debian":
        wanted.append("chromium")
    # A user who may not install packages can still run the suite; the integration tests are then
    # unverified.
    may_install = facts.root and "apt-get" in facts.found
    if may_install and CERTUTIL.name not in facts.found:
        wanted.append(CERTUTIL.package)
    if may_install and facts.engine != "docker" and POSTGRES.name not in facts.found:
        wanted.append(POSTGRES.package)
    return list(dict.fromkeys(wanted))


def install_packages(packages: Sequence[str], purpose: str) -> None:
    """Install Debian packages for `purpose`, without starting their services, now or at boot.

    Raises `EnvironmentFailure` when this user may not install them, there is no apt, or apt fails.
    """
    command = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if platform.system() != "Linux" or shutil.which("apt-get") is None:
        message = (
            f"{', '.join(packages)} (Debian's names) are missing, for {purpose}, "
            "and there is no apt-get. Try: install them by this system's means."
        )
        raise EnvironmentFailure(message)
    if os.geteuid() != 0:
        message = f"Packages are missing, for {purpose}. Try, as root: {command}"
        raise EnvironmentFailure(message)
    note(f"Installing for {purpose}: {' '.join(packages)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    with _no_service_starts():
        if POSTGRES.package in packages:
            _make_no_database()
        with suppress(EnvironmentFailure):
            # A third-party source may be down; if Debian's is down, the installation fails later.
            install_with(
                "[1/2] Updating the package lists",
                ["apt-get", "update", "-q"],
                timeout=_TIMEOUT_SECONDS,
                remedy="",
                env=quiet,
            )
        install_with(
            "[2/2] Installing the packages",
            ["apt-get", "install", "-qy", "--no-install-recommends", *packages],
            timeout=_TIMEOUT_SECONDS,
            remedy=f"Is the Debian mirror reachable? Try: {command}",
            env=quiet,
        )
        _keep_services_off(packages)


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Keep packages from starting services meanwhile; an existing policy of the machine stays."""
    if POLICY.exists() and _MARK not in POLICY.read_text(errors="replace"):
        yield
        return
    # A file with our mark is left from a killed run, so it may be replaced and removed.
    POLICY.write_text(f"#!/bin/sh\n{_MARK}\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def _make_no_database() -> None:
    """Let the package install its programs only; an existing setting of the machine stays."""
    if not CLUSTER_CONFIG.exists():
        CLUSTER_CONFIG.parent.mkdir(parents=True, exist_ok=True)
        CLUSTER_CONFIG.write_text(f"{_MARK}\ncreate_main_cluster = false\n")


def _keep_services_off(packages: Sequence[str]) -> None:
    """Disable the services of newly installed packages, which Debian would start at boot."""
    if shutil.which("systemctl") is None:
        return
    for service in [_SERVICES[package] for package in packages if package in _SERVICES]:
        with suppress(EnvironmentFailure):  # without a running systemd, no service starts at boot
            run(["systemctl", "disable", service], timeout=30.0)


def _install_playwright_browser() -> None:
    browsers = Path(
        os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache/ms-playwright")
    )
    if any(browsers.glob("chromium-*")):
        return
    with_host_libraries = ["--with-deps"] if os.geteuid() == 0 else []
    install_with(
        "Installing Playwright's Chromium",
        [ROOT / ".venv" / "bin" / "playwright", "install", *with_host_libraries, "chromium"],
        timeout=_TIMEOUT_SECONDS,
        remedy="Try: install a Chromium or Chrome by this system's means; it is found in PATH.",
    )
