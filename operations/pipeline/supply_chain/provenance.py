"""Says by which build an image was made.

https://slsa.dev/spec/v1.0/provenance
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.pipeline.image import BuiltImage

WORKFLOW = ".github/workflows/image.yml"
"""The only workflow whose images may be promoted."""
MAIN = "refs/heads/main"
_BUILD_TYPE = "https://actions.github.io/buildtypes/workflow/v1"
_SERVER = "https://github.com"


def builder_of(repository: str, ref: str) -> str:
    """Return the identity of the workflow in `repository`, OWNER/NAME, at the branch `ref`."""
    return f"{_SERVER}/{repository}/{WORKFLOW}@{ref}"


def provenance_of(built: BuiltImage, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the predicate about an image; what a build outside of a workflow lacks is empty."""
    repository = environment.get("GITHUB_REPOSITORY", "")
    ref = environment.get("GITHUB_REF", "")
    run = environment.get("GITHUB_RUN_ID", "")
    attempt = environment.get("GITHUB_RUN_ATTEMPT", "1")
    home = f"{_SERVER}/{repository}"
    return {
        "buildDefinition": {
            "buildType": _BUILD_TYPE,
            "externalParameters": {
                "workflow": {
                    "repository": home,
                    "ref": ref,
                    "path": WORKFLOW,
                },
                "part": built.part,
            },
            "internalParameters": {"github": {"event_name": environment.get("GITHUB_EVENT_NAME")}},
            "resolvedDependencies": [
                {"uri": f"git+{home}@{ref}", "digest": {"gitCommit": built.commit}}
            ],
        },
        "runDetails": {
            "builder": {"id": builder_of(repository, ref)},
            "metadata": {"invocationId": f"{home}/actions/runs/{run}/attempts/{attempt}"},
        },
    }
