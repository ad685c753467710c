"""Keeps the evidence of an actor in memory."""

from __future__ import annotations

import json


class RecordedEvidence:
    """The text of each piece of evidence, by its title."""

    def __init__(self) -> None:
        """Start empty."""
        self.kept: dict[str, str] = {}

    def __call__(self, title: str, content: str | bytes, kind: str = "json") -> None:
        """Keep text; what is called JSON has to be JSON."""
        assert kind in {"json", "text"}
        assert isinstance(content, str)
        if kind == "json":
            json.loads(content)
        self.kept[title] = content
