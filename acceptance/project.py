"""Where the files of this project are. Knows nothing else, and needs nothing installed."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The folder of this checkout."""
VENV = ROOT / ".venv"
"""The virtual environment that `make setup` makes."""
