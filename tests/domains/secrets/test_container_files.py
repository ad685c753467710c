from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

from acceptance.domains.secrets.drivers import container_files
from acceptance.domains.secrets.drivers.container_files import (
    SearchedContainer,
    search_files,
    searched_containers,
)
from tests.fakes.system import SYSTEM

if TYPE_CHECKING:
    import pytest

HOSTS = "/etc/hosts"
CONTAINER = SearchedContainer("backend-1", "api", ("/etc/own",), whole=False)


def pod(name: str, image: str, *, running: bool = True) -> dict[str, Any]:
    """Return a pod with a container that mounts a Secret and another volume."""
    state: dict[str, Any] = {"running": {}} if running else {"terminated": {}}
    mounts = [{"name": "own", "mountPath": "/etc/own/"}, {"name": "tmp", "mountPath": "/tmp"}]
    volumes = [
        {"name": "own", "projected": {"sources": [{"secret": {"name": "own"}}]}},
        {"name": "tmp", "emptyDir": {}},
    ]
    return {
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "api", "volumeMounts": mounts}], "volumes": volumes},
        "status": {"containerStatuses": [{"name": "api", "imageID": image, "state": state}]},
    }


def test_each_image_is_searched_once_and_only_in_running_containers() -> None:
    """The files of its programs are the same in every replica."""
    found = searched_containers([pod("a", "x"), pod("b", "x"), pod("c", "y", running=False)])
    assert [(each.pod, each.whole) for each in found] == [("a", True), ("b", False)]
    assert found[0].secret_mounts == ("/etc/own",)


def test_files_of_mounted_secrets_belong_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """All others are returned; and nothing if the search does not find what is everywhere."""
    given: dict[str, str] = {}

    def answer(*files: str) -> None:
        def kubectl(*arguments: Any, stdin: str, **_: object) -> str:  # noqa: ANN401
            given.update(stdin=stdin, command=" ".join(map(str, arguments[2])))
            return "".join(f"{file}\n" for file in files)

        monkeypatch.setattr(container_files, "kubectl", kubectl)

    answer(HOSTS, "/etc/own/key", "/etc/ownership", "/proc/1/cmdline")
    found = search_files(SYSTEM, CONTAINER, ["the value"], timeout=1)
    assert found == ("/etc/ownership", "/proc/1/cmdline")
    assert "the value" in given["stdin"]
    assert "the value" not in given["command"]  # every process of the container sees arguments
    answer(HOSTS)
    assert search_files(SYSTEM, CONTAINER, ["the value"], timeout=1) == ()
    answer()
    assert search_files(SYSTEM, CONTAINER, ["the value"], timeout=1) is None


def test_the_script_is_one_that_a_shell_understands() -> None:
    """It runs in containers only."""
    subprocess.run(["sh", "-n", "-c", container_files._SCRIPT], check=True)


def test_many_values_are_searched_for_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """One grep for all of them would need more memory than a container has; none is left out."""
    monkeypatch.setattr(container_files, "_AT_ONCE", 8)
    asked: list[str] = []

    def kubectl(*_: object, stdin: str, **__: object) -> str:
        asked.extend(stdin.splitlines()[1:])
        return f"{HOSTS}\n/tmp/{len(asked)}\n"

    monkeypatch.setattr(container_files, "kubectl", kubectl)
    values = ["one", "two", "three", "four", "five"]
    assert search_files(SYSTEM, CONTAINER, values, timeout=1) == ("/tmp/2", "/tmp/3", "/tmp/5")
    assert asked == values


def test_of_a_long_value_the_middle_is_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever holds the value holds that, and keys of one kind begin and end alike."""
    asked: list[str] = []

    def kubectl(*_: object, stdin: str, **__: object) -> str:
        asked.extend(stdin.splitlines()[1:])
        return f"{HOSTS}\n"

    monkeypatch.setattr(container_files, "kubectl", kubectl)
    value = f"{'begin' * 100}{'secret' * 30}{'final' * 100}"
    search_files(SYSTEM, CONTAINER, [value, "short"], timeout=1)
    long, short = asked
    assert long in value
    assert "secret" * 30 in long
    assert (len(long), short) == (200, "short")


def test_a_search_of_which_one_turn_finds_nothing_proves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is in every container has to be found each time."""
    monkeypatch.setattr(container_files, "_AT_ONCE", 1)
    said = iter((f"{HOSTS}\n", ""))
    monkeypatch.setattr(container_files, "kubectl", lambda *_, **__: next(said))
    assert search_files(SYSTEM, CONTAINER, ["one", "two"], timeout=1) is None
