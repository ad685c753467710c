"""Validates every manifest against the JSON schemas of Kubernetes and cert-manager.

`python -m acceptance.build.conformity` renders every overlay of this project and checks each
object and each generated Secret. It needs neither a cluster nor a network.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.build.manifests import overlays, render, secrets_for
from acceptance.errors import AcceptanceError, BrokenInput, EnvironmentFailure
from acceptance.process import run, workers
from acceptance.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.build.manifests import Manifest

_PROGRAM = ROOT / ".tools" / "kubeconform"
_SCHEMAS = ROOT / ".tools" / "schemas"
_TIMEOUT_SECONDS = 60.0


def problems(groups: Mapping[str, Sequence[Manifest]]) -> dict[str, tuple[str, ...]]:
    """Return kubeconform's findings about the objects of each group, a sentence for each.

    Fields and kinds without a schema are findings too. Raises `EnvironmentFailure` when
    kubeconform or the schemas are missing, or when it did not check every object.
    """
    for needed in (_PROGRAM, _SCHEMAS):
        if not needed.exists():
            raise EnvironmentFailure(f"{needed.name} is not installed. Try: make setup")
    with tempfile.TemporaryDirectory(prefix="conformity-") as temporary:
        files = {Path(temporary, f"{number}.yaml"): name for number, name in enumerate(groups)}
        for path, name in files.items():
            with path.open("w", encoding="utf-8") as file:
                yaml.dump_all(groups[name], file, yaml.CSafeDumper)
        found = _conform(list(files), sum(map(len, groups.values())))
        return {
            name: tuple(
                f"{each['kind']} {each['name']}: {_line(each['msg'])}"
                for each in found
                if Path(each["filename"]) == path
            )
            for path, name in files.items()
        }


def main() -> int:
    """Check every overlay; return 0, or 65 when one is invalid."""
    every = overlays()
    with workers(len(every)) as pool:
        rendered = list(pool.map(lambda overlay: render(overlay, {}), every))
    groups = {
        str(overlay.relative_to(ROOT)): (*objects, *secrets_for(objects))
        for overlay, objects in zip(every, rendered, strict=True)
    }
    found = problems(groups)
    for name, wrong in found.items():
        print(f"{name}: {len(groups[name])} objects, {len(wrong)} wrong")
        for problem in wrong:
            print(f"  {problem}")
    return BrokenInput.exit_code if any(found.values()) else 0


def _conform(files: Sequence[Path], objects: int) -> list[dict[str, Any]]:
    # Its exit code is 1 for findings, which its output lists.
    command = '"$0" "$@" || test $? -eq 1'
    # One process: each of several would read the same large file of definitions.
    options = ["-strict", "-summary", "-output=json", "-n=1"]
    schemas = f"-schema-location={_SCHEMAS}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"
    done = run(
        ["sh", "-c", command, str(_PROGRAM), *options, schemas, *map(str, files)],
        timeout=_TIMEOUT_SECONDS,
    )
    try:
        answer = json.loads(done.stdout)
        looked_at = sum(answer["summary"][key] for key in ("valid", "invalid", "errors"))
        found: list[dict[str, Any]] = answer["resources"] or []
    except (ValueError, KeyError) as error:
        raise EnvironmentFailure(f"kubeconform failed: {_line(done.stderr)}.") from error
    if looked_at != objects:
        message = f"kubeconform checked {looked_at} of {objects} objects. Try: make clean setup"
        raise EnvironmentFailure(message)
    return found


def _line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AcceptanceError as problem:
        print(problem.message, file=sys.stderr)
        sys.exit(problem.exit_code)
