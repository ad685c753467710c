from __future__ import annotations

import base64
import json
import subprocess
import threading
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from acceptance.cli.__main__ import main
from acceptance.domains.secrets.rotation import PAGE
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.project import ROOT
from acceptance.runbooks.reader import read_procedure
from acceptance.settings import Workloads
from operations.rotation import credentials, state
from operations.rotation import lease as lease_module
from operations.rotation.credentials import Credentials
from operations.rotation.lease import NAME, Lease
from operations.rotation.target import find_target

OLD = {"DATABASE_PASSWORD": "old-password-value", "SIGNING_KEY": "old-signing-value"}
NEW = ("new-password-value", "new-signing-value")
MOMENT = "2026-11-25T12:00:00Z"


class Cluster:
    """Objects by path, with versions as the API server gives them."""

    def __init__(self, **objects: dict[str, Any]) -> None:
        """Begin with these, by the last part of their paths."""
        self.objects: dict[str, dict[str, Any]] = objects
        self.guard = threading.Lock()

    def read(self, path: str) -> dict[str, Any] | None:
        """Return an object, or None."""
        return self.objects.get(path.rpartition("/")[2])

    def create(self, _: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Create an object, once."""
        name = body["metadata"]["name"]
        if name in self.objects:
            return None
        self.objects[name] = merged(body, {"metadata": {"resourceVersion": "1"}})
        return self.objects[name]

    def patch(self, path: str, change: dict[str, Any]) -> dict[str, Any] | None:
        """Change the object that has the version which the change names."""
        name = path.rpartition("/")[2]
        with self.guard:
            found = self.objects[name]
            version = found["metadata"]["resourceVersion"]
            if change["metadata"]["resourceVersion"] != version:
                return None
            newer = {"metadata": {"resourceVersion": str(int(version) + 1)}}
            self.objects[name] = merged(merged(found, change), newer)
            return self.objects[name]


def merged(found: Any, change: Any) -> Any:  # noqa: ANN401
    """Apply a merge patch (RFC 7396)."""
    if not isinstance(change, Mapping):
        return change
    kept = dict(found) if isinstance(found, Mapping) else {}
    for key, value in change.items():
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = merged(kept.get(key), value)
    return kept


def secret(**values: str) -> dict[str, Any]:
    """Return a Secret as the API sends it."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"metadata": {"name": "secrets", "resourceVersion": "1"}, "data": data}


def rotated() -> list[state.Held]:
    """Return the Secret before a rotation, in each phase of it, and afterwards."""
    cluster = Cluster(secrets=secret(**OLD))
    held = [state.held(cluster.objects["secrets"], "shop_a")]
    begun = state.Rotation("1", "begun", "me", MOMENT, MOMENT, "shop_a", "shop_b")
    steps: list[Callable[[state.Held], dict[str, Any]]] = [
        lambda now: state.begin(now, begun, password=NEW[0], signing_key=NEW[1])
    ]
    ends = (state.offer, state.switch, state.settle, state.retire, state.finish)
    steps += [lambda now, end=end: end(now, MOMENT) for end in ends]  # type: ignore[misc]
    for step in steps:
        found = cluster.patch("secrets", step(held[-1]))
        assert found is not None
        held.append(state.held(found, "shop_a"))
    return held


def test_a_rotation_goes_through_its_phases_and_leaves_the_new_values() -> None:
    """And of the old ones nothing."""
    before, *under_way, after = rotated()
    assert [each.rotation.phase for each in under_way if each.rotation] == list(state.PHASES)
    assert before.rotation is None and after.rotation is None
    assert after.values == {
        "DATABASE_USER": "shop_b",
        "DATABASE_PASSWORD": NEW[0],
        "SIGNING_KEY": NEW[1],
    }


def test_no_pod_signs_with_what_a_pod_of_the_phase_before_or_after_does_not_know() -> None:
    """While pods are made anew, those of two phases serve side by side."""
    phases = rotated()
    for one, other in pairwise(phases):
        assert one.given["SIGNING_KEY"] in other.given.values()
        assert other.given["SIGNING_KEY"] in one.given.values()


def test_role_and_password_change_in_one_write() -> None:
    """A pod that starts at any moment is given a pair that belongs together."""
    pairs = {(each.given["DATABASE_USER"], each.given["DATABASE_PASSWORD"]) for each in rotated()}
    assert pairs == {("shop_a", OLD["DATABASE_PASSWORD"]), ("shop_b", NEW[0])}


def test_no_value_stands_in_what_is_not_secret() -> None:
    """Neither in the annotations, nor where somebody prints the state."""
    for held in rotated():
        assert not [value for value in (*OLD.values(), *NEW) if value in repr(held)]


def test_a_second_writer_is_refused() -> None:
    """A change is made for one version of the Secret."""
    cluster = Cluster(secrets=secret(**OLD))
    now = state.held(cluster.objects["secrets"], "shop_a")
    rotation = state.Rotation("1", "begun", "me", MOMENT, MOMENT, "shop_a", "shop_b")
    change = state.begin(now, rotation, password=NEW[0], signing_key=NEW[1])
    assert cluster.patch("secrets", change) is not None
    assert cluster.patch("secrets", change) is None


@pytest.mark.parametrize(
    ("user", "other"), [("shop_a", "shop_b"), ("shop_b", "shop_a"), ("somebody", "shop_a")]
)
def test_two_roles_take_turns(user: str, other: str) -> None:
    """Whoever logged in first, the next one is another."""
    assert state.other_user(user, "shop") == other


def test_a_lease_that_is_renewed_is_refused_and_one_that_is_not_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name of whoever has it is told, and the Lease is given back at the end."""
    monkeypatch.setattr(lease_module, "_RENEWAL_SECONDS", 0.1)
    dead = {"holderIdentity": "dead", "leaseDurationSeconds": 0.1}
    cluster = Cluster(**{NAME: {"metadata": {"resourceVersion": "1"}, "spec": dead}})
    with Lease(cluster, "shop", "me") as lease:  # type: ignore[arg-type]
        lease.check()
        with (
            pytest.raises(EnvironmentFailure, match="under way already, by me"),
            Lease(cluster, "shop", "another"),  # type: ignore[arg-type]
        ):
            pass
    assert "holderIdentity" not in cluster.objects[NAME]["spec"]
    with Lease(cluster, "shop", "the next") as lease:  # type: ignore[arg-type]
        lease.check()


def test_a_password_is_never_an_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments stand in process lists and in the API server's audit log."""
    typed: list[tuple[str, str]] = []

    def kubectl(*where: object, timeout: float, stdin: str) -> str:
        assert timeout
        typed.append((repr(where), stdin))
        return "f\n"

    monkeypatch.setattr(credentials, "kubectl", kubectl)
    container = type("Container", (), {"name": "database", "init": False})
    pod = type("Pod", (), {"name": "database-0", "serving": True, "containers": [container]})
    cluster = type("Pods", (), {"pods": lambda *_: [pod]})()
    roles = Credentials(cluster, Path("config"), "here", "shop", "database", timeout=1)
    roles.unlock("shop_b", "it's new", "shop")
    roles.lock("shop_a")
    assert [stdin for _, stdin in typed if "it's new" in stdin or "it''s new" in stdin]
    assert typed and not [where for where, _ in typed if "s new" in where]


def deployment(*missing: str) -> dict[str, Any]:
    """Return a backend that is given all but some keys."""
    env = [
        {"name": key, "valueFrom": {"secretKeyRef": {"name": "secrets", "key": key}}}
        for key in state.KEYS
        if key not in missing
    ]
    container = {"name": "api", "env": env, "envFrom": [{"configMapRef": {"name": "config"}}]}
    return {"spec": {"template": {"spec": {"containers": [container]}}}}


def test_a_system_is_found_by_what_its_backend_is_given() -> None:
    """No name of a Secret is built in."""
    data = {"DATABASE_NAME": "shop", "DATABASE_OWNER": "owner", "DATABASE_USER": "owner_a"}
    cluster: Any = Cluster(backend=deployment(), config={"data": data})
    target = find_target(cluster, "shop", Workloads())
    assert (target.secret, target.container, target.owner) == ("secrets", "api", "owner")


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ({}, "There is no Deployment backend in shop"),
        ({"backend": deployment(*state.KEYS)}, "takes no DATABASE_PASSWORD from a Secret"),
        ({"backend": deployment("SIGNING_KEY_ACCEPTED")}, "takes no SIGNING_KEY_ACCEPTED from"),
        ({"backend": deployment()}, "has DATABASE_NAME, DATABASE_OWNER, DATABASE_USER"),
    ],
)
def test_a_system_that_cannot_be_rotated_is_told_so(objects: dict[str, Any], said: str) -> None:
    """Before anything is changed, in one sentence with what is missing."""
    cluster: Any = Cluster(**objects)
    with pytest.raises(BrokenInput, match=said):
        find_target(cluster, "shop", Workloads())


def test_a_context_is_never_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever rotates has to say where."""
    assert main(["rotate"]) == BrokenInput.exit_code
    assert "--context" in capsys.readouterr().err


@pytest.mark.parametrize("mark", ["rotate", "audit"])
def test_the_written_commands_are_shell_and_print_no_value(mark: str) -> None:
    """Bash can parse what the page asks for, and nothing of it reads the values."""
    script = read_procedure((ROOT / PAGE).read_text(encoding="utf-8")).script(mark)
    assert "$NAMESPACE" in script and ".data" not in script
    done = subprocess.run(["bash", "-n"], input=script, text=True, check=False)
    assert done.returncode == 0


def test_every_phase_is_explained() -> None:
    """The page has a line for each phase that a rotation tells of."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    for phase in (*state.PHASES, "finished"):
        assert f"| `{phase}` |" in text
    assert json.dumps(NAME).strip('"') in text
