"""Programs that stand for the scan: each records how it was called, and reports a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pathlib import Path

_CALLS = "calls"
_SCRIPT = """\
#!/bin/sh
echo "${{0##*/}} $*" >> "{folder}/{calls}"
# The workflow may show the file afterwards, and must not fail because there is none.
for word in $*; do
  case $word in *--sarif=*)
    file=${{word##*--sarif=}}
    mkdir -p "$(dirname "$file")"
    echo '{{"version": "2.1.0", "runs": []}}' > "$file" ;;
  esac
done
echo "CRITICAL stand-in: a danger (STAND-IN) in the offered change [fingerprint none]"
echo "1 critical."
exit 1
"""


class ScanRecorder:
    """A folder of programs, to be found before all others."""

    PROGRAMS: ClassVar = ("make", "acceptance")
    """The programs that start the scan."""

    def __init__(self, folder: Path) -> None:
        """Put the programs into the empty `folder`."""
        self._calls = folder / _CALLS
        for name in self.PROGRAMS:
            program = folder / name
            program.write_text(_SCRIPT.format(folder=folder, calls=_CALLS), encoding="utf-8")
            program.chmod(0o755)

    def scans(self) -> tuple[str, ...]:
        """Return the command lines, without where they write their findings."""
        if not self._calls.exists():
            return ()
        lines = self._calls.read_text(encoding="utf-8").splitlines()
        return tuple(_plain(line) for line in lines)


def _plain(line: str) -> str:
    words = (word.removeprefix("ARGS=") for word in line.split() if "--sarif=" not in word)
    return " ".join(word for word in words if word)
