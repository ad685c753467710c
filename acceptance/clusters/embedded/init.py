"""First program inside the node's namespaces: prepares them, then runs the node's components.

It is run by path with the system's Python, isolated (`python3 -I`), so it uses the standard library
alone. The kernel removes everything that it makes (mounts, interfaces, packet-filter rules,
processes) with the namespaces, except cgroups; those the host removes. It ends, and the whole node
with it, as soon as one component ends or its standard input closes: then the run is gone.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

# kubelet sets these for the whole machine when it finds other values. It is shown the values that
# it wants instead, so that the machine keeps its own.
# Source: kubelet configuration, protectKernelDefaults.
_KERNEL_VALUES_THAT_KUBELET_WANTS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
_LOOK_SECONDS = 0.02
_NET_SYSCTLS = {
    "ipv4/ip_forward": "1",
    # Without it the answer of a Service whose pod is on the same bridge bypasses the translation.
    "bridge/bridge-nf-call-iptables": "1",
    # A connection whose other end was killed keeps the whole network namespace until it is given
    # up: by default after minutes. Source: kernel documentation, ip-sysctl, tcp_orphan_retries.
    "ipv4/tcp_orphan_retries": "1",
    "ipv4/tcp_fin_timeout": "2",
}


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def prepare_mounts(run_directory: str) -> None:
    """Give the node writable memory of its own, and the machine's files to read only."""
    os.umask(0o022)
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    for folder in ("node", "over/upper", "over/work", "tmp", "kernel"):
        Path("/run", folder).mkdir(parents=True)
    Path("/run/tmp").chmod(0o1777)
    _run("mount", "--bind", run_directory, "/run/node")
    # CNI keeps its cache, and volumes their files, below /var/lib: kept in memory, over the rest.
    _run(
        *("mount", "-t", "overlay", "overlay", "/var/lib"),
        *("-o", "lowerdir=/var/lib,upperdir=/run/over/upper,workdir=/run/over/work"),
    )
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/log")
    for name, value in _KERNEL_VALUES_THAT_KUBELET_WANTS.items():
        shown = Path("/run/kernel", name.replace("/", "."))
        shown.write_text(value + "\n", encoding="ascii")
        if Path("/proc/sys", name).exists():
            _run("mount", "--bind", str(shown), f"/proc/sys/{name}")
    _run("mount", "-o", "remount,bind,ro", "/")
    # Volumes of pods are mounted below the node's folders and must be seen inside containers.
    _run("mount", "--make-rshared", "/")


def prepare_cgroups(name: str) -> None:
    """Make the cgroup below which kubelet puts every pod; on version 1, one for each controller."""
    root = Path("/sys/fs/cgroup")
    if (root / "cgroup.controllers").exists():
        controllers = (root / "cgroup.controllers").read_text(encoding="ascii").split()
        for parent in (root, root / name):
            parent.mkdir(exist_ok=True)
            for controller in controllers:
                try:
                    (parent / "cgroup.subtree_control").write_text(
                        f"+{controller}", encoding="ascii"
                    )
                except (
                    OSError
                ):  # a controller that may not be delegated here; kubelet names those it needs
                    continue
        return
    for controller_root in root.iterdir():
        if not controller_root.is_dir() or controller_root.is_symlink():
            continue
        group = controller_root / name
        group.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if (group / setting).exists():
                (group / setting).write_text((controller_root / setting).read_text())


def prepare_network(address: str, gateway: str) -> None:
    """Bring up the interface that the host has put here."""
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "address", "add", address, "dev", "eth0")
    _run("ip", "link", "set", "eth0", "up")
    _run("ip", "route", "add", "default", "via", gateway)
    if not Path("/proc/sys/net/bridge").exists():
        subprocess.run(["modprobe", "br_netfilter"], check=False, stderr=subprocess.DEVNULL)
    for name, value in _NET_SYSCTLS.items():
        Path("/proc/sys/net", name).write_text(value, encoding="ascii")


def start(component: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start one component with its own log."""
    with Path(f"/run/node/logs/{component['name']}.log").open("wb") as log:
        return subprocess.Popen(
            component["argv"],
            env={**os.environ, "TMPDIR": "/run/tmp", **component.get("env", {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
        )


def supervise(components: list[dict[str, Any]], *, keep: bool) -> str:
    """Start the components, and wait until one ends or (unless `keep`) the run does.

    Returns which it was, in a sentence.
    """
    running: dict[int, str] = {}
    woken_read, woken_write = os.pipe()
    os.set_blocking(woken_write, False)
    signal.set_wakeup_fd(woken_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    watched = [woken_read] if keep else [woken_read, sys.stdin.fileno()]
    while True:
        for component in [each for each in components if Path(each["after"] or "/").exists()]:
            running[start(component).pid] = component["name"]
            components.remove(component)
        for pid, name in list(running.items()):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return f"{name} ended with exit code {os.waitstatus_to_exitcode(status)}"
        ready, _, _ = select.select(watched, [], [], _LOOK_SECONDS if components else None)
        if woken_read in ready:
            os.read(woken_read, 4096)
        if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096):
            return "the run that owns this node is gone"


def main() -> int:
    """Run the node until it ends; the exit code is never 0, because nobody asked for the end."""
    config = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    prepare_mounts(config["run_directory"])
    prepare_cgroups(config["cgroup"])
    print("namespaces", flush=True)
    if not os.read(sys.stdin.fileno(), 1):  # the host has put the interface here, or it is gone
        return 1
    prepare_network(config["address"], config["gateway"])
    print("started", flush=True)
    print(supervise(config["components"], keep=config["keep"]), flush=True)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"the node could not be prepared: {error}", flush=True)
        sys.exit(1)
