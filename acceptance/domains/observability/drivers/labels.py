"""What has the labels of Prometheus: targets, samples, rules and alerts."""

from __future__ import annotations


class Labelled:
    """Has labels, each with its value."""

    labels: tuple[tuple[str, str], ...]

    def label(self, name: str) -> str:
        """Return the value of a label; empty if it has none of this name."""
        return dict(self.labels).get(name, "")
