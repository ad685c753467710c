"""The ways to tamper with what is signed of an image, each of which has to be seen."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.proposals import REPOSITORY
from acceptance.domains.delivery.signed_images import BUILDER, CONTENTS, PROVENANCE, SCAN

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.delivery.drivers.statements import Statement

    Change = Callable[[Statement], Statement | None]


@dataclass(frozen=True)
class Tampering:
    """A change of one statement about an image."""

    what: str
    """What the image has instead."""
    reason: str
    """A pattern of why the image has to be refused."""
    kind: str
    """The type of the statement that is changed."""
    change: Change
    """Returns the other statement; None if there is to be none."""
    by_another: bool = False
    """Whether somebody else signs it, and not the owner of the repository's key."""


def _edited(*path: str, value: object) -> Change:
    """Return what gives a field of the predicate another value."""

    def change(statement: Statement) -> Statement:
        predicate = json.loads(json.dumps(statement.predicate))
        place = predicate
        for name in path[:-1]:
            place = place[int(name) if isinstance(place, list) else name]
        place[path[-1]] = value
        return replace(statement, predicate=predicate)

    return change


_COMMIT = ("buildDefinition", "resolvedDependencies", "0", "digest", "gitCommit")
_OLD = (dt.datetime.now(dt.UTC) - dt.timedelta(days=30)).isoformat(timespec="seconds")
_OTHER_DIGEST = f"sha256:{'0' * 64}"
_ORIGIN, _LIST, _SCAN = "its slsaprovenance1: ", "its spdxjson: ", "its vuln: "


def _of_builder(builder: str) -> Change:
    return _edited("runDetails", "builder", "id", value=builder)


TAMPERINGS = (
    Tampering(
        "provenance signed by another key",
        _ORIGIN,
        PROVENANCE,
        lambda each: each,
        by_another=True,
    ),
    Tampering(
        "provenance of another type",
        _ORIGIN,
        PROVENANCE,
        lambda each: replace(each, kind="https://slsa.dev/provenance/v0.2"),
    ),
    Tampering(
        "provenance of another image",
        _ORIGIN,
        PROVENANCE,
        lambda each: replace(each, subjects=(_OTHER_DIGEST,)),
    ),
    Tampering(
        "provenance of a fork",
        f"{_ORIGIN}.*builder",
        PROVENANCE,
        _of_builder(BUILDER.replace(REPOSITORY, f"{REPOSITORY}-fork")),
    ),
    Tampering(
        "provenance of another branch",
        f"{_ORIGIN}.*builder",
        PROVENANCE,
        _of_builder(BUILDER.replace("/main", "/main2")),
    ),
    Tampering(
        "provenance of another workflow",
        f"{_ORIGIN}.*builder",
        PROVENANCE,
        _of_builder(BUILDER.replace("/image.yml", "/image2.yml")),
    ),
    Tampering(
        "provenance of a commit that is not in main",
        f"{_ORIGIN}.*commit",
        PROVENANCE,
        _edited(*_COMMIT, value="1" * 40),
    ),
    Tampering("no provenance", _ORIGIN, PROVENANCE, lambda _: None),
    Tampering("no list of the contents", _LIST, CONTENTS, lambda _: None),
    Tampering("a list of nothing", _LIST, CONTENTS, _edited("packages", value=[])),
    Tampering("no scan", _SCAN, SCAN, lambda _: None),
    Tampering(
        "a scan with a critical finding",
        f"{_SCAN}.*critical",
        SCAN,
        _edited("scanner", "result", "critical", value=["security update: libc6"]),
    ),
    Tampering("a scan of nothing", _SCAN, SCAN, _edited("scanner", "result", "packages", value=0)),
    Tampering(
        "a scan of last month", _SCAN, SCAN, _edited("metadata", "scanFinishedOn", value=_OLD)
    ),
)
