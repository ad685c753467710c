"""Runs the command line: `python -m operations COMMAND`."""

from __future__ import annotations

import sys

from operations.cli import main

if __name__ == "__main__":
    sys.exit(main())
