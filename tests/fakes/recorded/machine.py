"""A machine with a recorded k3d and docker first in PATH."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.recorded import outputs

PROGRAM = Path(__file__).with_name("program.sh")


@dataclass
class Recorded:
    """The scenario of one test, and what was called in it."""

    folder: Path
    name: str
    """The cluster's, filled into the recorded outputs."""
    rules: list[dict[str, Any]] = field(default_factory=list)

    def when(self, pattern: str, **answer: Any) -> None:  # noqa: ANN401 - JSON values
        """Answer command lines with `pattern` (stdout, stderr, exit, seconds, times)."""
        self.rules.append({"id": len(self.rules), "when": pattern, **answer})
        self._save()

    def first(self, pattern: str, **answer: Any) -> None:  # noqa: ANN401 - JSON values
        """Answer as `when` does, before the rules that are there."""
        self.rules.insert(0, {"id": len(self.rules), "when": pattern, **answer})
        self._save()

    def healthy(self) -> None:
        """Everything works: k3d is new enough, docker answers, nothing is left of other runs."""
        self.when("^docker info", stdout="28.3.0\n")
        self.when("^k3d version", stdout=outputs.K3D_VERSION)
        self.when("^docker ps --all --filter label=app=k3d")
        self.when("^docker image inspect", stdout="[]\n")
        self.when("^k3d cluster create", stderr=outputs.CREATED.format(name=self.name))
        self.when("^k3d kubeconfig get", stdout=outputs.KUBECONFIG.format(name=self.name))
        self.when("^k3d cluster delete")
        self.when("^docker ps --all --quiet")
        self.when("^docker (network|volume) ls", stdout="bridge\nhost\nnone\n")
        self.when("^docker push", stdout=outputs.PUSHED)
        self.when("^docker (tag|rmi|load)")

    @property
    def lines(self) -> list[str]:
        """The command lines that were called, in order."""
        log = self._scenario.with_suffix(".sh.log")
        if not log.exists():
            return []
        calls = log.read_text(encoding="utf-8").split("\0")[:-1]
        return [call.partition("\t")[2] for call in calls]

    def called(self, start: str) -> list[str]:
        """Return the command lines that begin with `start`."""
        return [line for line in self.lines if line.startswith(start)]

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which the recorded programs are found; writes them into `folder`."""
        programs = self.folder / "bin"
        programs.mkdir(exist_ok=True)
        for name in ("k3d", "docker"):
            script = programs / name
            call = shlex.join([str(PROGRAM), name])
            script.write_text(f'#!/bin/bash\n. {call} "$@"\n', encoding="utf-8")
            script.chmod(0o755)
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "RECORDED_SCENARIO": str(self._scenario)}

    @property
    def _scenario(self) -> Path:
        return self.folder / "scenario.sh"

    def _save(self) -> None:
        fields = {
            "id": 0,
            "when": "",
            "times": "",
            "stdout": "",
            "stderr": "",
            "seconds": 0,
            "exit": 0,
        }
        lines = [
            f"{name}=({shlex.join(str(rule.get(name, usual)) for rule in self.rules)})"
            for name, usual in fields.items()
        ]
        self._scenario.write_text("\n".join(lines), encoding="utf-8")
