"""Command line of `acceptance.setup`."""

from __future__ import annotations

import sys
from concurrent.futures import as_completed
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def main(arguments: list[str]) -> int:
    """Install the named parts; return 0, or the exit code of the error."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may have an older one
        print(
            "Python {}.{} is too old: 3.11 or newer is needed. "
            "Try: make PYTHON=python3.12 …".format(*sys.version_info[:2]),
            file=sys.stderr,
        )
        return 69
    # Imported here, because these modules need a newer Python.
    from acceptance import exit_codes  # noqa: PLC0415
    from acceptance.errors import AcceptanceError  # noqa: PLC0415
    from acceptance.process import workers  # noqa: PLC0415
    from acceptance.setup import go, host, isolated, npm, python, schemas  # noqa: PLC0415

    parts: dict[str, Callable[[], None]] = {
        "python": python.install,
        "npm": npm.install,
        "go": go.install,
        "schemas": schemas.install,
        **{name: partial(isolated.install, name) for name in isolated.NAMES},
        "host": host.install,
        "browser": host.install_browser,
    }
    if not arguments or not set(arguments) <= parts.keys():
        print(f"usage: python3 -m acceptance.setup {{{'|'.join(parts)}}}…", file=sys.stderr)
        return 64
    # Parts that do not need .venv are installed at the same time; the browser uses apt at the end.
    apart, last = {*isolated.NAMES, "host"}, {"browser"}
    chains = (
        [parts[name] for name in arguments if name not in apart | last],
        [parts[name] for name in arguments if name in apart],
    )
    try:
        if {"python", *isolated.NAMES} & set(arguments):
            python.install_venv()
        with workers(len(chains)) as pool:
            for chain in as_completed([pool.submit(_install, chain) for chain in chains]):
                chain.result()
        _install([parts[name] for name in arguments if name in last])
    except AcceptanceError as error:
        print(error.message, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Stopped. Run it again to continue.", file=sys.stderr)
        return exit_codes.INTERRUPTED
    return 0


def _install(chain: Sequence[Callable[[], None]]) -> None:
    for part in chain:
        part()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
