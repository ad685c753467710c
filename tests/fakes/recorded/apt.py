"""A recorded apt-get, which knows one distribution."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.recorded import scanners

_APT = """#!/bin/sh
# Keeps its lists where it is told, as apt 2.6 does.
for argument; do
  case "$argument" in --option=Dir::State::lists=*) lists=${argument##*=} ;; esac
done
case " $* " in
  *" update "*) [ ! -e "$0.away" ] || { echo 'E: Failed to fetch InRelease' >&2; exit 100; }
                cp "$0.release" "$lists/x_InRelease"; cp "$0.packages" "$lists/x_Packages" ;;
  *" indextargets "*) ls "$lists"/*_Packages 2>/dev/null || true ;;
  *" --version "*) echo "apt 2.6.1 (amd64)" ;;
  *) exit 64 ;;
esac
"""


class RecordedApt:
    """The program, in a folder for PATH."""

    def __init__(self, folder: Path) -> None:
        """Write the program into `folder`; the distribution answers."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "apt-get").write_text(_APT)
        (folder / "apt-get").chmod(0o755)
        (folder / "apt-get.release").write_text(scanners.RELEASE)
        self._packages = folder / "apt-get.packages"
        self._away = folder / "apt-get.away"
        self.offer(scanners.PACKAGES)

    def offer(self, packages: str) -> None:
        """Offer other packages from now on."""
        self._packages.write_text(packages)

    def go_away(self) -> None:
        """Answer no more."""
        self._away.touch()

    def come_back(self) -> None:
        """Answer again."""
        self._away.unlink()
