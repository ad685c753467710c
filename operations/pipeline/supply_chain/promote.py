"""`operations pipeline promote`: gives a verified image the name of an environment.

The image is not built or pushed again: the registry gives its manifest one tag more.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from acceptance.errors import BrokenInput
from acceptance.process import ProgramFailed
from operations.pipeline.registry import read_place, registry_at
from operations.pipeline.sign_in import auth_for
from operations.pipeline.supply_chain.cosign import Cosign, reason
from operations.pipeline.supply_chain.provenance import MAIN, builder_of
from operations.pipeline.supply_chain.sign import LIST, PROVENANCE, SCAN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from operations.pipeline.history import History
    from operations.pipeline.parts import Part

    Check = Callable[[dict[str, Any]], str]

OLDEST = dt.timedelta(days=7)
"""An image whose scan is older has to be scanned, and so built, once more."""


def promote(
    part: Part,
    history: History,
    environment: Mapping[str, str],
    *,
    registry: str,
    digest: str,
    key: Path,
    name: str,
) -> tuple[str, ...]:
    """Tag the image `digest` with `name` if all that it has to be is signed; return what is not.

    Raises `BrokenInput` when the public `key`, the repository's name or the image is missing,
    `EnvironmentFailure` when the registry does not answer, or does not take the tag.
    """
    repository = environment.get("GITHUB_REPOSITORY", "")
    if not repository:
        raise BrokenInput("GITHUB_REPOSITORY is not set. Try: export GITHUB_REPOSITORY=team/name")
    if not key.is_file():
        raise BrokenInput(f"There is no public key {key}. Try: --key")
    place = read_place(registry)
    with registry_at(place, auth_for(place, environment)) as there:
        # To cosign, what a registry does not answer is not signed. That is no fault of the image.
        there.find(digest)
        faults = _faults(
            Cosign(place, environment), digest, key, _checks(part, history, repository)
        )
        if faults:
            there.find(digest)
            return tuple(f"not promoted: {place.reference(digest)}: {each}" for each in faults)
        there.tag(digest, name)
    print(f"{part.name}: promoted {place.reference(digest)} to {name}")
    return ()


def _faults(cosign: Cosign, digest: str, key: Path, checks: Mapping[str, Check]) -> list[str]:
    unsigned = cosign.fault_of_signature(digest, key)
    found = [f"its signature: {unsigned}"] if unsigned else []
    for kind, check in checks.items():
        try:
            statements = cosign.statements(digest, kind, key)
        except ProgramFailed as error:
            found.append(f"its {kind}: {reason(error)}")
            continue
        faults = [_fault(each, digest, check) for each in statements] or ["there is none"]
        found += [f"its {kind}: {each}" for each in faults if each]
    return found


def _fault(statement: dict[str, Any], digest: str, check: Check) -> str:
    subjects = [each.get("digest", {}).get("sha256") for each in statement.get("subject", ())]
    if subjects != [digest.removeprefix("sha256:")]:
        return f"it is about {subjects}"
    return check(statement.get("predicate") or {})


def _checks(part: Part, history: History, repository: str) -> dict[str, Check]:
    """Return, for each kind of statement, what says why its predicate is not the right one."""
    builder = builder_of(repository, MAIN)

    def provenance(predicate: dict[str, Any]) -> str:
        found = predicate.get("runDetails", {}).get("builder", {}).get("id")
        if found != builder:
            return f"the builder is {found}, and not {builder}"
        definition = predicate.get("buildDefinition", {})
        if definition.get("externalParameters", {}).get("part") != part.name:
            return f"it is not of the {part.name}"
        sources = [
            str(each.get("digest", {}).get("gitCommit"))
            for each in definition.get("resolvedDependencies") or ()
        ]
        strange = [each for each in sources if history.merge_base(each) != each]
        if strange or not sources:
            return f"the commit {', '.join(strange) or 'that it was built of'} is not in {MAIN}"
        return ""

    def contents(predicate: dict[str, Any]) -> str:
        return "" if predicate.get("packages") else "it lists no package"

    return {PROVENANCE: provenance, LIST: contents, SCAN: _fault_of_scan}


def _fault_of_scan(predicate: dict[str, Any]) -> str:
    result = predicate.get("scanner", {}).get("result", {})
    if not result.get("packages"):
        return "nothing was scanned"
    if result.get("critical") != []:
        return f"it has critical findings: {result.get('critical')}"
    try:
        finished = dt.datetime.fromisoformat(predicate["metadata"]["scanFinishedOn"])
        old = dt.datetime.now(dt.UTC) - finished
    except (KeyError, TypeError, ValueError):
        return "it does not say when it was made"
    if not dt.timedelta(minutes=-5) < old < OLDEST:
        return f"it is of {finished:%Y-%m-%d}, and has to be of the last {OLDEST.days} days"
    return ""
