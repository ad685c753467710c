"""Runs the chosen command of a command line, and turns errors into a sentence and an exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from acceptance import exit_codes
from acceptance.errors import AcceptanceError

if TYPE_CHECKING:
    from argparse import Namespace


def run_command(chosen: Namespace) -> int:
    """Call `chosen.run` with `chosen`, and return its exit code.

    An `AcceptanceError` becomes its message on stderr and its exit code; with `chosen.debug` it is
    raised, for its traceback.
    """
    try:
        code: int = chosen.run(chosen)
    except AcceptanceError as error:
        if chosen.debug:
            raise
        print(error.message, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    return code
