"""The security engineer: has everything scanned that is released, and says what is critical."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import get_args

from acceptance.actor import Actor
from acceptance.build.manifests import name_of
from acceptance.domains.delivery.drivers.scanners.facts import Part
from acceptance.domains.delivery.scanning import Scans, Target, scan
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require
from acceptance.settings import load_settings


class SecurityScanner(Actor):
    """Somebody who trusts a scanner only when it has really looked."""

    def scan(self) -> Scans:
        """Let every scanner look at its part, and set aside what the exceptions excuse."""
        found = scan(self._target(), self._timeouts)
        self._keep("What was scanned and by what", pretty(found.summary()))
        self._keep("What was found", pretty(asdict(found.sifted)))
        return found

    def judge_critical(self, found: Scans) -> None:
        """No scanner found anything critical that no exception excuses."""
        critical = found.sifted.critical
        remarks = "".join(f" {each}" for each in found.sifted.remarks)
        require(
            not critical,
            f"{len(critical)} critical: {listed([str(each) for each in critical])}.{remarks}",
        )

    def judge_thorough(self, found: Scans) -> None:
        """Each part was looked at to the end by one scanner at least, else it is `Unverifiable`."""
        unseen = found.unseen(get_args(Part))
        if unseen:
            message = f"Nobody could look at {listed(unseen)}. Nothing is known about them."
            raise Unverifiable(message)

    def _target(self) -> Target:
        """Everything that was deployed, as the sources have it."""
        root = Path(self.system.repository)
        settings = load_settings(root)
        known = {source.name for source in settings.images}
        named = {name_of(each): each for each in self.system.images}
        return Target(
            root,
            get_args(Part),
            overlays=(settings.overlay_for(self.system.driver),),
            images=self.system.images,
            named=tuple((name, each) for name, each in named.items() if name in known),
        )
