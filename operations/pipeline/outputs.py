"""Gives the outputs of a step to the workflow that runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def give_output(environment: Mapping[str, str], name: str, value: str) -> None:
    """Append the output to the file of `GITHUB_OUTPUT`; outside of a workflow nobody asks for it.

    `value` is one line.
    """
    if file := environment.get("GITHUB_OUTPUT"):
        with Path(file).open("a", encoding="utf-8") as outputs:
            outputs.write(f"{name}={value}\n")
