from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from controls.conftest import _driver
from tests.fakes.system import SYSTEM


def config(cluster: str | None = None, attach: Path | None = None) -> Any:  # noqa: ANN401
    """The options of a run of the controls."""
    return SimpleNamespace(option=SimpleNamespace(cluster=cluster, attach=attach))


def test_a_kept_system_is_known_by_its_own_kind_of_cluster(tmp_path: Path) -> None:
    """Whatever the options say: what was seen red was seen there."""
    replace(SYSTEM, driver="k3d").save(tmp_path / "system.json")
    assert _driver(config("embedded", tmp_path)) == "k3d"


@pytest.mark.parametrize("cluster", ["existing", "auto"])
def test_a_new_cluster_is_known_by_its_driver(
    cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`auto` is none."""
    names = {"auto": "embedded", "existing": "existing"}
    monkeypatch.setattr(
        "controls.conftest.choose", lambda name, _: SimpleNamespace(name=names[name])
    )
    assert _driver(config(cluster)) == names[cluster]


def test_without_a_cluster_nothing_is_known(tmp_path: Path) -> None:
    """The run itself says what is wrong."""
    assert _driver(config(attach=tmp_path / "gone")) == ""
