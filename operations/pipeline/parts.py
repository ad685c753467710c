"""The parts of the system that have a pipeline, and the files that each is made of."""

from __future__ import annotations

from dataclasses import dataclass

DECLARED = "checkout/test-suites.toml"
"""The file that says how many tests each suite has, with the reviewed exceptions."""

PIPELINE = "operations/pipeline"
"""The folder of this code."""


@dataclass(frozen=True)
class Suite:
    """A test suite of a part."""

    name: str
    """As in `DECLARED`."""
    select: str = ""
    """The expression by which pytest selects its tests; empty for a suite of vitest."""
    mark: str = ""
    """The mark of its tests; empty if they have none."""
    needs_database: bool = False
    """Whether its report has to name the database that it used."""


@dataclass(frozen=True)
class Part:
    """A part of the system, from which one image is built."""

    name: str
    folder: str
    suites: tuple[Suite, ...]
    own: tuple[str, ...]
    """Files and folders, besides its folder, that only this part is made or checked with."""

    @property
    def paths(self) -> tuple[str, ...]:
        """All files and folders whose change changes the part, or what its pipeline finds."""
        return (self.folder, *self.own, f".github/workflows/{self.name}.yml", *_SHARED)

    @property
    def image(self) -> str:
        """The name of its image, as in the manifests."""
        return f"localhost/checkout-{self.name}"


_SHARED = (
    DECLARED,
    ".github/workflows/image.yml",
    PIPELINE,
    "tools/pipeline",  # what lists and signs images
    "operations/__main__.py",
    "operations/cli.py",
    "acceptance/build",  # it builds the image
    "acceptance/setup",
    "requirements.txt",  # the programs that check and test
)

BACKEND = Part(
    "backend",
    "checkout/backend",
    (
        Suite("backend unit", "not postgres"),
        Suite("backend integration", "postgres", mark="postgres", needs_database=True),
    ),
    ("pyproject.toml",),  # the rules of ruff
)
FRONTEND = Part("frontend", "checkout/frontend", (Suite("frontend"),), ("tools/oxlint",))

PARTS = {part.name: part for part in (BACKEND, FRONTEND)}
