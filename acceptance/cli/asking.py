"""Asks for missing options, if there is a terminal."""

from __future__ import annotations

import getpass
import sys

from acceptance.errors import BrokenInput


def on_terminal() -> bool:
    """Say whether somebody can answer."""
    return sys.stdin.isatty()


def given(value: str | None, option: str, question: str, default: str = "") -> str:
    """Return `value`, or ask for it; an empty answer takes `default`.

    Raises `BrokenInput` that names the option when nobody can answer, or nothing is answered.
    """
    if value is None and on_terminal():
        shown = f" [{default}]" if default else ""
        try:
            value = input(f"{question}{shown}: ") or default
        except EOFError:
            value = None
    if value is None or not value.strip():
        raise BrokenInput(f"{question}? Try: {option}")
    return value.strip()


def passphrase(question: str) -> str:
    """Return what is typed without being shown; empty when nobody can type."""
    return getpass.getpass(f"{question}: ") if on_terminal() else ""
