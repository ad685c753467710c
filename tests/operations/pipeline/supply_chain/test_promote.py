from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.process import ProgramFailed
from operations.pipeline.history import History
from operations.pipeline.image import BuiltImage
from operations.pipeline.parts import BACKEND
from operations.pipeline.supply_chain import promote as promotion
from operations.pipeline.supply_chain.promote import promote
from operations.pipeline.supply_chain.provenance import provenance_of
from operations.pipeline.supply_chain.sign import LIST, PROVENANCE, SCAN
from tests.support.repositories import Workshop

DIGEST = f"sha256:{'a' * 64}"
GITHUB = {"GITHUB_REPOSITORY": "team/checkout", "GITHUB_REF": "refs/heads/main"}

Told = dict[str, list[dict[str, Any]]]


class SignedImages:
    """Pretends that cosign found what a test has written."""

    def __init__(self, commit: str) -> None:
        """Begin with an image that has all that it needs."""
        built = BuiltImage("backend", commit, DIGEST)
        now = dt.datetime.now(dt.UTC).isoformat()
        predicates: dict[str, dict[str, Any]] = {
            PROVENANCE: provenance_of(built, GITHUB),
            LIST: {"packages": [{"name": "libc6"}]},
            SCAN: {
                "scanner": {"result": {"packages": 1, "critical": []}},
                "metadata": {"scanFinishedOn": now},
            },
        }
        subject = [{"name": "i", "digest": {"sha256": "a" * 64}}]
        self.told: Told = {
            kind: [{"subject": copy.deepcopy(subject), "predicate": predicate}]
            for kind, predicate in predicates.items()
        }
        self.unsigned = ""
        self.silent_after = 9
        """How often the registry still answers."""
        self.tags: list[tuple[str, str]] = []

    def fault_of_signature(self, *_: object) -> str:
        """Say what a test has said."""
        return self.unsigned

    def statements(self, _digest: str, kind: str, _key: Path) -> list[dict[str, Any]]:
        """Return the statements; fail as cosign does if there is none."""
        if kind in self.told:
            return self.told[kind]
        failed = ProgramFailed("cosign failed.")
        failed.said = f"Error: none of the attestations matched the predicate type: {kind}\n"
        raise failed

    def find(self, digest: str) -> None:
        """Answer, or not."""
        assert digest == DIGEST
        if self.silent_after == 0:
            raise EnvironmentFailure("The registry cannot be reached.")
        self.silent_after -= 1

    def tag(self, digest: str, name: str) -> None:
        """Keep the tag."""
        self.tags.append((digest, name))


@pytest.fixture
def images(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> SignedImages:
    """An image that may be promoted, of the only commit."""
    found = SignedImages(workshop.commit("Begin"))

    @contextmanager
    def registry_at(*_: object) -> Iterator[SignedImages]:
        yield found

    monkeypatch.setattr(promotion, "Cosign", lambda *_: found)
    monkeypatch.setattr(promotion, "registry_at", registry_at)
    return found


@pytest.fixture
def attempt(history: History, tmp_path: Path) -> Callable[[], tuple[str, ...]]:
    """Tries to promote."""
    key = tmp_path / "cosign.pub"
    key.touch()

    def promoted() -> tuple[str, ...]:
        return promote(
            BACKEND,
            history,
            GITHUB,
            registry="127.0.0.1:5000/checkout/backend",
            digest=DIGEST,
            key=key,
            name="production",
        )

    return promoted


def test_an_image_that_has_all_gets_the_name(
    images: SignedImages, attempt: Callable[[], tuple[str, ...]]
) -> None:
    """The digest stays, and only the tag is new."""
    assert attempt() == ()
    assert images.tags == [(DIGEST, "production")]


def provenance(told: Told) -> Any:  # noqa: ANN401 (a JSON document)
    """Return the predicate that a test changes."""
    return told[PROVENANCE][0]["predicate"]


def scanned(told: Told) -> Any:  # noqa: ANN401 (a JSON document)
    """Return the predicate that a test changes."""
    return told[SCAN][0]["predicate"]


def of_another_workflow(told: Told) -> None:
    """Builds images as well."""
    provenance(told)["runDetails"]["builder"]["id"] += "/v2"


def of_another_part(told: Told) -> None:
    """Is promoted under the name of this one."""
    provenance(told)["buildDefinition"]["externalParameters"]["part"] = "frontend"


def of_a_lost_commit(told: Told) -> None:
    """Was never in main, or is no longer."""
    provenance(told)["buildDefinition"]["resolvedDependencies"][0]["digest"]["gitCommit"] = "1" * 40


def of_no_commit(told: Told) -> None:
    """Could be of anything."""
    provenance(told)["buildDefinition"]["resolvedDependencies"] = []


def about_another_image(told: Told) -> None:
    """Is signed by the right key all the same."""
    told[PROVENANCE][0]["subject"][0]["digest"]["sha256"] = "b" * 64


def about_nothing(told: Told) -> None:
    """Is about all images, or about none."""
    told[SCAN][0]["subject"] = []


def with_a_finding(told: Told) -> None:
    """Was signed before anybody looked."""
    scanned(told)["scanner"]["result"]["critical"] = ["x"]


def without_findings(told: Told) -> None:
    """Does not say that nothing was found."""
    del scanned(told)["scanner"]["result"]["critical"]


def of_no_package(told: Told) -> None:
    """Has not looked."""
    scanned(told)["scanner"]["result"]["packages"] = 0


def too_old(told: Told) -> None:
    """Knows nothing of this week."""
    then = dt.datetime.now(dt.UTC) - dt.timedelta(days=8)
    scanned(told)["metadata"]["scanFinishedOn"] = then.isoformat()


def of_tomorrow(told: Told) -> None:
    """Would be new for ever."""
    then = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    scanned(told)["metadata"]["scanFinishedOn"] = then.isoformat()


def undated(told: Told) -> None:
    """May be of any day."""
    scanned(told)["metadata"] = {"scanFinishedOn": "yesterday"}


def empty_list(told: Told) -> None:
    """Lists nothing."""
    told[LIST][0]["predicate"] = {"packages": []}


def no_list(told: Told) -> None:
    """Nobody has listed the contents."""
    del told[LIST]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (of_another_workflow, "its slsaprovenance1: the builder is "),
        (of_another_part, "its slsaprovenance1: it is not of the backend"),
        (of_a_lost_commit, f"its slsaprovenance1: the commit {'1' * 40} is not in"),
        (of_no_commit, "its slsaprovenance1: the commit that it was built of is not in"),
        (about_another_image, f"its slsaprovenance1: it is about {['b' * 64]}"),
        (about_nothing, "its vuln: it is about []"),
        (with_a_finding, "its vuln: it has critical findings: ['x']"),
        (without_findings, "its vuln: it has critical findings: None"),
        (of_no_package, "its vuln: nothing was scanned"),
        (too_old, "its vuln: it is of "),
        (of_tomorrow, "its vuln: it is of "),
        (undated, "its vuln: it does not say when it was made"),
        (empty_list, "its spdxjson: it lists no package"),
        (no_list, "its spdxjson: none of the attestations matched the predicate type: spdxjson"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_image_that_lacks_something_keeps_its_names(
    images: SignedImages,
    attempt: Callable[[], tuple[str, ...]],
    change: Callable[[Told], None],
    said: str,
) -> None:
    """The line says what it lacks, and no tag is given."""
    change(images.told)
    assert [each.partition(f"@{DIGEST}: ")[2][: len(said)] for each in attempt()] == [said]
    assert images.tags == []


def test_an_unsigned_image_is_refused(
    images: SignedImages, attempt: Callable[[], tuple[str, ...]]
) -> None:
    """Whatever is said of it."""
    images.unsigned = "no signatures found"
    place = f"127.0.0.1:5000/checkout/backend@{DIGEST}"
    assert attempt() == (f"not promoted: {place}: its signature: no signatures found",)
    assert images.tags == []


@pytest.mark.parametrize("answers", [0, 1])
def test_a_registry_that_does_not_answer_is_no_fault_of_the_image(
    images: SignedImages, attempt: Callable[[], tuple[str, ...]], answers: int
) -> None:
    """Before cosign asks it, or while cosign does."""
    images.unsigned, images.silent_after = "connection refused", answers
    with pytest.raises(EnvironmentFailure, match="cannot be reached"):
        attempt()
    assert images.tags == []


@pytest.mark.parametrize(
    ("environment", "missing"), [({}, "GITHUB_REPOSITORY"), (GITHUB, "no public key")]
)
def test_what_is_needed_is_named(
    history: History, tmp_path: Path, environment: dict[str, str], missing: str
) -> None:
    """Without it nothing can be verified."""
    with pytest.raises(BrokenInput, match=missing):
        promote(
            BACKEND,
            history,
            environment,
            registry="r.invalid/a",
            digest=DIGEST,
            key=tmp_path / "none",
            name="n",
        )
