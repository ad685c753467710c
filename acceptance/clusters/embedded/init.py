"""First program inside the node's namespaces: prepares them, then runs the node's components.

It is run by path with the system's Python, isolated (`python3 -I`), so it uses the standard library
alone. The kernel removes everything that it makes (mounts, interfaces, packet-filter rules,
processes) with the namespaces, except cgroups; those the host removes. It ends, and the whole node
with it, as soon as one component ends or its standard input closes: then the run is gone.
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
_RESTART_SECONDS = 0.5  # until a component is started again: what it missed is perhaps there then
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


def prepare_mounts(run_directory: str, sources: str) -> None:
    """Give the node a writable file system in memory, and the machine's files read-only."""
    os.umask(0o022)
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    for folder in ("node", "over/upper", "over/work", "tmp", "kernel"):
        Path("/run", folder).mkdir(parents=True)
    Path("/run/tmp").chmod(0o1777)
    _run("mount", "--bind", run_directory, "/run/node")
    # Those who run as somebody else than root may not enter the folder of the run.
    Path("/run/etcd-pki").mkdir()
    _run("mount", "--bind", f"{run_directory}/etcd-pki", "/run/etcd-pki")
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
    # The kernel forgets the programs that are pinned here with the last mount of it.
    if Path("/sys/fs/bpf").is_dir():
        _run("mount", "-t", "bpf", "bpf", "/sys/fs/bpf")
    if sources:
        Path("/run/cilium").mkdir()
        shutil.copytree(sources, "/run/cilium/lib/bpf")
    _run("mount", "-o", "remount,bind,ro", "/")
    # Volumes of pods are mounted below the node's folders and must be seen inside containers.
    _run("mount", "--make-rshared", "/")


def prepare_cgroups(name: str) -> None:
    """Make the cgroup below which kubelet puts every pod; on version 1, one for each controller.

    The node's own programs go there too, in the hierarchy that programs of the kernel are attached
    to: what is attached to the node's part of it sees nobody else.
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
                except (
                    OSError
                ):  # a controller that may not be delegated here; kubelet names those it needs
                    continue
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
    if (root / "unified" / name).is_dir():
        _enter(root / "unified" / name)


def _enter(group: Path) -> None:
    """Put this process and its children into a new cgroup below `group`."""
    own = group / "system"
    own.mkdir(exist_ok=True)
    (own / "cgroup.procs").write_text("0", encoding="ascii")
    # Where Cilium finds it: over a folder of another file system's it would mount the whole tree.
    Path("/run/cgroup").mkdir()
    _run("mount", "--bind", str(group), "/run/cgroup")


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


def prepare_store(user: str) -> None:
    """Give the store's data and certificates to the store's user only."""
    found = pwd.getpwnam(user)
    Path("/run/etcd").mkdir(mode=0o700)
    for path in (Path("/run/etcd"), Path("/run/etcd-pki"), *Path("/run/etcd-pki").iterdir()):
        os.chown(path, found.pw_uid, found.pw_gid)


def start(component: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start one component with its own log, as its own user."""
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
    """Start the components, and wait until one ends for good or (unless `keep`) the run does.

    Returns which it was, in a sentence.
    """
    # Each by its object, never by its number alone: an object that nobody holds is reaped when the
    # next program starts, and then nobody can say any more how the component ended.
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
            return "the run that owns this node is gone"


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
    if not os.read(sys.stdin.fileno(), 1):  # the host has put the interface here, or it is gone
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
