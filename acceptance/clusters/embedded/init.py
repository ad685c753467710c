"""First program inside the node's namespaces: prepares them, then runs the node's components.

The host runs it by path with the system's Python, isolated (`python3 -I`), so it uses the standard
library alone. When the namespaces end, the kernel removes its mounts, interfaces, packet-filter
rules and processes; the host removes its cgroups. It ends, and the node with it, when a component
ends, or when the run ends and so closes its standard input.
"""

from __future__ import annotations

import json
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

# kubelet changes these for the whole machine if they differ from its own values. So it is shown its
# own values, and the machine keeps its values.
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
_RESTART_SECONDS = 0.5  # before a component is started again
_PROGRAMS = 8  # so many programs outside have as much of the processors as all pods together
_NET_SYSCTLS = {
    "ipv4/ip_forward": "1",
    # Otherwise a Service's answer from a pod on the same bridge bypasses address translation.
    "bridge/bridge-nf-call-iptables": "1",
    # A connection to a killed process keeps the network namespace until the kernel gives up, by
    # default after minutes. Source: kernel documentation, ip-sysctl, tcp_orphan_retries.
    "ipv4/tcp_orphan_retries": "1",
    "ipv4/tcp_fin_timeout": "2",
}


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def prepare_mounts(run_directory: str, sources: str) -> None:
    """Give the node a writable file system in memory, and the machine's files read-only."""
    os.umask(0o022)
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    for folder in ("node", "over/upper", "over/work", "tmp", "kernel"):
        Path("/run", folder).mkdir(parents=True)
    Path("/run/tmp").chmod(0o1777)
    _run("mount", "--bind", run_directory, "/run/node")
    # etcd does not run as root, and other users may not enter the folder of the run.
    Path("/run/etcd-pki").mkdir()
    _run("mount", "--bind", f"{run_directory}/etcd-pki", "/run/etcd-pki")
    # CNI's cache and the files of volumes are below /var/lib: an overlay keeps them in memory.
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
    # The kernel removes the programs that are pinned here with the last mount.
    if Path("/sys/fs/bpf").is_dir():
        _run("mount", "-t", "bpf", "bpf", "/sys/fs/bpf")
    if sources:
        Path("/run/cilium").mkdir()
        shutil.copytree(sources, "/run/cilium/lib/bpf")
    _run("mount", "-o", "remount,bind,ro", "/")
    # Volumes are mounted below the node's folders, and containers must see these mounts.
    _run("mount", "--make-rshared", "/")


def prepare_cgroups(name: str) -> None:
    """Make the parent cgroup of all pods; with version 1, one for each controller.

    The node's own programs go there too. So kernel programs that are attached to this cgroup see
    the node's processes only.
    """
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
                except OSError:  # cannot be delegated here; kubelet reports those it needs
                    continue
        _share(root / name / "cpu.weight", 100)
        _enter(root / name)
        return
    for controller_root in root.iterdir():
        if not controller_root.is_dir() or controller_root.is_symlink():
            continue
        group = controller_root / name
        group.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if (group / setting).exists():
                (group / setting).write_text((controller_root / setting).read_text())
        _share(group / "cpu.shares", 1024)
    if (root / "unified" / name).is_dir():
        _enter(root / "unified" / name)


def _share(setting: Path, normal: int) -> None:
    """Let all pods together have as much of the processors as several programs outside have.

    A group counts as one program. All pods would have to share that with each program of the run.
    """
    if setting.exists():
        setting.write_text(str(_PROGRAMS * normal), encoding="ascii")


def _enter(group: Path) -> None:
    """Put this process and its children into a new cgroup below `group`."""
    own = group / "system"
    own.mkdir(exist_ok=True)
    (own / "cgroup.procs").write_text("0", encoding="ascii")
    # Cilium expects it here; otherwise Cilium would mount the whole tree.
    Path("/run/cgroup").mkdir()
    _run("mount", "--bind", str(group), "/run/cgroup")


def prepare_network(address: str, gateway: str) -> None:
    """Bring up the interface that the host has made."""
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "address", "add", address, "dev", "eth0")
    _run("ip", "link", "set", "eth0", "up")
    _run("ip", "route", "add", "default", "via", gateway)
    if not Path("/proc/sys/net/bridge").exists():
        subprocess.run(["modprobe", "br_netfilter"], check=False, stderr=subprocess.DEVNULL)
    for name, value in _NET_SYSCTLS.items():
        Path("/proc/sys/net", name).write_text(value, encoding="ascii")


def prepare_store(user: str) -> None:
    """Give the store's data and certificates to the store's user only."""
    found = pwd.getpwnam(user)
    Path("/run/etcd").mkdir(mode=0o700)
    for path in (Path("/run/etcd"), Path("/run/etcd-pki"), *Path("/run/etcd-pki").iterdir()):
        os.chown(path, found.pw_uid, found.pw_gid)


def start(component: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start one component with its own log file, as its user."""
    user = pwd.getpwnam(component["user"]) if component.get("user") else None
    with Path(f"/run/node/logs/{component['name']}.log").open("ab") as log:
        return subprocess.Popen(
            component["argv"],
            env={**os.environ, "TMPDIR": "/run/tmp", **component.get("env", {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        )


def supervise(components: list[dict[str, Any]], *, keep: bool) -> str:
    """Start the components, and wait until one finally ends or, without `keep`, the run ends.

    Returns which of them ended, in a sentence.
    """
    # Keep the objects, not only the process ids: Python reaps a process without an object when the
    # next one starts, and its exit code is lost.
    running: dict[subprocess.Popen[bytes], dict[str, Any]] = {}
    woken_read, woken_write = os.pipe()
    os.set_blocking(woken_write, False)
    signal.set_wakeup_fd(woken_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    watched = [woken_read] if keep else [woken_read, sys.stdin.fileno()]
    while True:
        for component in [each for each in components if _may_start(each)]:
            running[start(component)] = component
            components.remove(component)
        for process, component in list(running.items()):
            code = process.poll()
            if code is None:
                continue
            if component["restarts"] <= 0:
                return f"{component['name']} ended with exit code {code}"
            component["restarts"] -= 1
            component["not_before"] = time.monotonic() + _RESTART_SECONDS
            del running[process]
            components.append(component)
        ready, _, _ = select.select(watched, [], [], _LOOK_SECONDS if components else None)
        if woken_read in ready:
            os.read(woken_read, 4096)
        if not keep and sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096):
            return "the run that owns this node has ended"


def _may_start(component: dict[str, Any]) -> bool:
    in_time = time.monotonic() >= component.get("not_before", 0.0)
    return in_time and Path(component["after"] or "/").exists()


def main() -> int:
    """Run the node until it ends; the exit code is never 0, because the node should not end."""
    config = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    prepare_mounts(config["run_directory"], config["sources"])
    prepare_store(config["store_user"])
    socket.sethostname(config["name"])
    prepare_cgroups(config["cgroup"])
    print("namespaces", flush=True)
    if not os.read(sys.stdin.fileno(), 1):  # the host has made the interface, or has ended
        return 1
    prepare_network(config["address"], config["gateway"])
    print("started", flush=True)
    print(supervise(config["components"], keep=config["keep"]), flush=True)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, KeyError, subprocess.CalledProcessError) as error:
        print(f"the node could not be prepared: {error}", flush=True)
        sys.exit(1)
