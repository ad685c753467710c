from __future__ import annotations

from acceptance.drivers.container_inspection import parse_inspection


def test_an_inspection_leaves_its_own_processes_out() -> None:
    """Processes, own addresses, write attempts, names of variables and credentials are read."""
    status = (
        "Name:\t{0}\nPPid:\t{1}\nUid:\t7\t7\t7\t7\nGid:\t8\t8\t8\t8\nGroups:\t8 9 \n"
        + "".join(
            f"{each}:\t0000000000000400\n"
            for each in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
        )
    )
    ending = "NoNewPrivs:\t1\nSeccomp:\t2\nns/net: net:[42]\n"
    said = (
        "== shell 30\n== hostname\nweb-0\n== addresses\n  |-- 10.0.0.0\n     /24 link UNICAST\n"
        "  |-- 10.0.0.7\n     /32 host LOCAL\n== write /dev/shm\n"
        "== write /\nsh: Read-only file system\n"
        "== variables\nHOME\n== credentials\nkubeconfig - /run/config\n"
        f"== process 1\n{status.format('web', 0)}{ending}"
        f"== process 30\n{status.format('sh', 0)}{ending}"
        f"== process 31\n{status.format('cat', 30)}{ending}"
    )
    found = parse_inspection("web-0", "web", said)
    assert (found.hostname, found.addresses) == ("web-0", ("10.0.0.7",))
    assert found.writes == (("/dev/shm", ""), ("/", "sh: Read-only file system"))
    assert (found.variables, found.credentials[0].place) == (("HOME",), "/run/config")
    (process,) = found.processes
    assert (process.pid, process.name, process.users) == (1, "web", (7, 7, 7, 7))
    assert process.groups == (8, 8, 8, 8, 8, 9)
    assert dict(process.capabilities)["CapBnd"] == 0x400
    assert (process.no_new_privileges, process.seccomp, found.namespace("net")) == (
        True,
        2,
        "net:[42]",
    )
