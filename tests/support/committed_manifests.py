"""Reads the objects that the committed manifests define."""

from __future__ import annotations

from typing import Any

import yaml

from acceptance.project import ROOT


def committed(*kinds: str) -> list[dict[str, Any]]:
    """Return every object of these kinds in the manifests."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = [
        each
        for path in (ROOT / "manifests").rglob("*.yaml")
        for each in yaml.load_all(path.read_text(encoding="utf-8"), loader)
        if each and each.get("kind") in kinds
    ]
    assert found
    return found
