from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.secrets import SecretSearch, SecretSearcher, secret_search
from acceptance.domains.secrets.drivers.api_objects import ListedKind
from acceptance.domains.secrets.drivers.history import SearchedHistory
from acceptance.domains.secrets.secret_search import LISTED, READ
from acceptance.drivers import files
from acceptance.drivers.files import FileScan
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Callable

VALUE, OLD = "q8Zr_LmTx2-vKw", "oldK3y_0f-before-77"
NOTHING = SecretSearch(2, tuple((kind, 1) for kind in (*READ, *LISTED)), (), (), ())


class FakeCluster:
    """A namespace with a Secret, whose user is public, and one pod."""

    def __init__(self) -> None:
        """Begin without a leak."""
        self.logs: dict[tuple[str, bool], str | None] = {("api", False): "started"}
        self.ended: list[Any] = []
        status: dict[str, Any] = {"name": "api", "state": {"running": {}}, "restartCount": 0}
        waiting = {"name": "late", "state": {"waiting": {}}, "restartCount": 0}
        self.pod: dict[str, Any] = {
            "metadata": {"name": "api-1"},
            "spec": {"containers": [{"name": "api"}, {"name": "late"}]},
            "status": {"containerStatuses": [status, waiting]},
        }

    def items(self, _: str) -> list[Any]:
        """Return the Secrets."""
        data = {"PASSWORD": VALUE, "DATABASE_USER": "checkout", "PIN": "4711"}
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        return [{"metadata": {"name": "own"}, "data": encoded}]

    def config_maps(self, _: str) -> dict[str, dict[str, str]]:
        """Return the configuration."""
        return {"config": {"SECRET_KEYS": "PASSWORD", "PUBLIC_KEYS": "DATABASE_USER"}}

    def pod_objects(self, _: str) -> list[Any]:
        """Return the pod, and what was there when the pods were first listed."""
        ended, self.ended = self.ended, []
        return [self.pod, *ended]

    def log(self, _: str, __: str, container: str, *, previous: bool) -> str | None:
        """Return a log."""
        return self.logs.get((container, previous))


class Leaks:
    """What a test puts where no secret belongs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Begin with a sound system in which the name of its user and database is everywhere."""
        self.cluster = FakeCluster()
        self.objects: dict[str, Any] = {
            kind: {"metadata": {"name": "checkout"}, "port": 4711} for kind in (*READ[:2], *LISTED)
        }
        self.container: Callable[[], tuple[str, ...] | None] = tuple
        self.file, self.history, self.shallow = "checkout: 4711", "checkout 4711", False
        monkeypatch.setattr(
            secret_search,
            "list_objects",
            lambda *_: tuple(ListedKind(kind, (each,)) for kind, each in self.objects.items()),
        )
        monkeypatch.setattr(secret_search, "search_files", lambda *_, **__: self.container())
        monkeypatch.setattr(files, "tracked", lambda *_, **__: ("a.txt",))
        monkeypatch.setattr(
            files,
            "scan",
            lambda _, names, holds: FileScan(names, names if holds(self.file.encode()) else ()),
        )
        monkeypatch.setattr(
            secret_search,
            "search_history",
            lambda _, holds, **__: SearchedHistory(
                9, self.shallow, ("abc123",) if holds(self.history) else ()
            ),
        )

    def judge(self) -> None:
        """Search, and judge what was found; no value may be in the evidence."""
        kept: list[str] = []
        context = context_of(SYSTEM, self.cluster, keep=lambda _, text, *__: kept.append(str(text)))
        context = replace(context, known_secrets=lambda: (VALUE, OLD, "short"))
        searcher = SecretSearcher(context)
        found = searcher.search()
        assert not any(value in text for value in (VALUE, OLD) for text in kept)
        searcher.assert_no_secret_found(found)


@pytest.fixture
def leaks(monkeypatch: pytest.MonkeyPatch) -> Leaks:
    """None yet."""
    return Leaks(monkeypatch)


def test_a_sound_system_passes(leaks: Leaks) -> None:
    """The name of a user in the Secret, and a short secret, may stand anywhere."""
    leaks.judge()


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (
            lambda leaks: leaks.objects["Job"].update(args=["--password", f"x{VALUE}"]),
            r"Job checkout \(args\[1\]: own/PASSWORD\)",
        ),
        (
            lambda leaks: leaks.objects["ReplicaSet"].update(
                spec={"env": base64.b64encode(VALUE.encode()).decode()}
            ),
            r"ReplicaSet checkout \(spec.env: own/PASSWORD\)",
        ),
        (
            lambda leaks: leaks.objects["Service"]["metadata"].update(
                annotations={"last": json.dumps({"password": VALUE})}
            ),
            r"Service checkout \(metadata.annotations.last: own/PASSWORD\)",
        ),
        (
            lambda leaks: leaks.objects["ConfigMap"].update(data={"before": f"it was {OLD}"}),
            r"ConfigMap checkout \(data.before: an earlier or generated value\)",
        ),
        (
            lambda leaks: leaks.objects["Event"].update(message=f"failed with {VALUE}"),
            r"Event checkout \(message: own/PASSWORD\)",
        ),
        (
            lambda leaks: leaks.cluster.logs.update({("api", False): f"connecting: {VALUE}"}),
            r"log api-1/api \(own/PASSWORD\)",
        ),
        (
            lambda leaks: setattr(leaks, "container", lambda: ("/tmp/.pgpass",)),
            r"container api-1/api \(/tmp/.pgpass\)",
        ),
        (lambda leaks: setattr(leaks, "file", VALUE), "repository file a.txt"),
        (lambda leaks: setattr(leaks, "history", VALUE), "history, commit abc123"),
        (
            lambda leaks: leaks.cluster.logs.update({("api", False): None}),
            "Could not be read: log api-1/api",
        ),
        (lambda leaks: leaks.objects.pop("ControllerRevision"), "No ControllerRevision was listed"),
        (lambda leaks: leaks.objects.pop("ConfigMap"), "No ConfigMap was read"),
    ],
)
def test_a_value_is_found_wherever_it_is(
    leaks: Leaks, put: Callable[[Leaks], object], said: str
) -> None:
    """The place, the field and the key are named; the value never."""
    put(leaks)
    with pytest.raises(AssertionError, match=said):
        leaks.judge()


def test_the_log_before_a_restart_is_read(leaks: Leaks) -> None:
    """It may be gone: then there is nothing to read."""
    leaks.cluster.pod["status"]["containerStatuses"][0]["restartCount"] = 1
    leaks.judge()
    leaks.cluster.logs["api", True] = f"crashed with {VALUE}"
    with pytest.raises(AssertionError, match="log api-1/api before its restart"):
        leaks.judge()


def test_a_pod_that_has_ended_meanwhile_hides_nothing(leaks: Leaks) -> None:
    """A job is gone with its log and its files; the other pod was read."""
    status = {"name": "job", "state": {"running": {}}, "restartCount": 0}
    leaks.cluster.ended = [
        {
            "metadata": {"name": "job-1"},
            "spec": {"containers": [{"name": "job"}]},
            "status": {"containerStatuses": [status]},
        }
    ]
    left = [True, False]

    def search() -> tuple[str, ...]:
        if left.pop(0):
            return ()
        raise EnvironmentFailure("container not found")

    leaks.container = search
    leaks.judge()


def test_what_cannot_be_looked_into_is_not_clean(leaks: Leaks) -> None:
    """A container without a shell, a search that finds nothing at all, a part of a history."""

    def no_shell() -> tuple[str, ...]:
        raise EnvironmentFailure("kubectl failed.\nsh: not found.")

    leaks.container = no_shell
    with pytest.raises(Unverifiable, match="the container api-1/api: sh: not found"):
        leaks.judge()
    leaks.container = lambda: None
    with pytest.raises(Unverifiable, match="does not find what is there"):
        leaks.judge()
    leaks.container = tuple
    leaks.shallow = True
    with pytest.raises(Unverifiable, match="history, of which the clone has only a part"):
        leaks.judge()


@pytest.mark.parametrize(
    ("search", "said"),
    [
        (replace(NOTHING, values=0), "no secret value"),
        (replace(NOTHING, found=("log chatty/chatty",)), "was found in: log chatty/chatty"),
        (replace(NOTHING, unread=("log a/b",)), "Could not be read: log a/b"),
        *(
            (
                replace(
                    NOTHING, searched=tuple(each for each in NOTHING.searched if each[0] != kind)
                ),
                f"No {kind} was",
            )
            for kind in (*READ, *LISTED)
        ),
    ],
)
def test_a_secret_and_a_place_that_was_not_read_are_found(search: SecretSearch, said: str) -> None:
    """Nothing that was not searched counts as clean."""
    searcher = SecretSearcher(context_of(SYSTEM))
    searcher.assert_no_secret_found(NOTHING)
    with pytest.raises(AssertionError, match=said):
        searcher.assert_no_secret_found(search)


@pytest.mark.parametrize(
    "content",
    [
        f"password: {VALUE}".encode(),
        base64.b64encode(f"user: a, password: {VALUE}".encode()),
        gzip.compress(
            f"PASSWORD={VALUE}\0PATH=/bin".encode(), mtime=0
        ),  # its test has the bytes as its name
        VALUE.encode().hex().encode(),
        VALUE.encode("utf-16-le"),
    ],
)
def test_a_file_that_is_handed_over_is_searched_in_every_form(content: bytes) -> None:
    """As the evidence of an incident, which many people read."""
    kept: list[str] = []
    context = context_of(SYSTEM, FakeCluster(), keep=lambda _, text, *__: kept.append(str(text)))
    searcher = SecretSearcher(context)
    searcher.assert_files_free_of_secrets({"a.txt": b"calm", "b.txt": b"checkout 4711"})
    with pytest.raises(AssertionError, match=r"^a\.txt holds a secret value \(own/PASSWORD\)$"):
        searcher.assert_files_free_of_secrets({"a.txt": content, "b.txt": b"calm"})
    assert not any(VALUE in text for text in kept)
    with pytest.raises(AssertionError, match="There is no file to search"):
        searcher.assert_files_free_of_secrets({})
