from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.errors import EnvironmentFailure
from benchmarks.cgroups import usage_of


def _write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_version_1_has_a_tree_for_each_controller(tmp_path: Path) -> None:
    """The working set is what is used, without files that can be given back."""
    _write(tmp_path / "cpuacct/kubepods/pod1/abc", cpuacct__usage="2500000000\n")
    _write(
        tmp_path / "memory/kubepods/pod1/abc",
        memory__usage_in_bytes="1000\n",
        memory__stat="inactive_file 1\ntotal_inactive_file 300\n",
    )
    found = usage_of("abc", tmp_path)
    assert (found.cpu_seconds(), found.working_set()) == (2.5, 700)


def test_version_2_has_one_tree(tmp_path: Path) -> None:
    """Its units and names differ, and the meaning is the same."""
    _write(
        tmp_path / "kubepods/pod1/abc",
        cpu__stat="usage_usec 2500000\nuser_usec 1\n",
        memory__current="1000\n",
        memory__stat="inactive_file 300\n",
    )
    found = usage_of("abc", tmp_path)
    assert (found.cpu_seconds(), found.working_set()) == (2.5, 700)


def test_a_container_of_another_machine_has_none(tmp_path: Path) -> None:
    """Nothing is measured then, and the reason is said."""
    with pytest.raises(EnvironmentFailure, match="no cgroup of the container abc"):
        usage_of("abc", tmp_path)
