"""Builds programs from the Go modules that node/*/go.mod pin."""

from __future__ import annotations

import json
import re
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from acceptance.build.cache import entry, hash_inputs
from acceptance.build.go import (
    ENVIRONMENT,
    build_command,
    build_environment,
    build_options,
    go_program,
    packages_compiled,
)
from acceptance.errors import BrokenInput, BuildFailure, EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from acceptance.progress import ProgressStep
    from acceptance.settings import Timeouts

_PROJECTS = {
    "kubernetes": ("Kubernetes", 600.0),
    "cilium": ("Cilium", 300.0),
    "cert-manager": ("cert-manager", 120.0),
    "coredns": ("CoreDNS", 120.0),
    "local-path-provisioner": ("the storage provisioner", 60.0),
    "prometheus": ("Prometheus", 260.0),
    "alertmanager": ("Alertmanager", 100.0),
    "node-exporter": ("the node exporter", 20.0),
    "jaeger": ("Jaeger", 190.0),
}
"""What each module of node/ builds, and the usual seconds on two processors."""
_TAGS = {"prometheus": "remove_all_sd,enable_kubernetes_sd"}
"""Build tags. Prometheus discovers targets in Kubernetes only: 1,275 packages, and not 1,518."""
_CILIUM_KINDS = (
    "ciliumendpoints",
    "ciliumidentities",
    "ciliuml2announcementpolicies",
    "ciliumloadbalancerippools",
    "ciliumnodes",
    "ciliumpodippools",
)
"""The kinds that the agent waits for when Cilium's own policies are off.

Source: Cilium 1.20, pkg/k8s/synced, AgentCRDResourceNames.
"""


def kubernetes_version(node: Path) -> str:
    """Return the version that node/kubernetes/go.mod pins, with its v."""
    text = (node / "kubernetes" / "go.mod").read_text(encoding="utf-8")
    found = re.search(r"^\s*(?:require )?k8s\.io/kubernetes (v\S+)", text, re.MULTILINE)
    if found is None:
        raise BrokenInput(f"{node}/kubernetes/go.mod requires no k8s.io/kubernetes. Try: git diff")
    return found[1]


def build_binaries(node: Path, module: str, timeouts: Timeouts, step: ProgressStep) -> Path:
    """Return the folder with the programs of node/`module`, built unless they are cached.

    `step` shows the build.

    Raises `BuildFailure` when they cannot be built.
    """
    folder = node / module
    text = (folder / "go.mod").read_text(encoding="utf-8")
    needed = re.search(r"^go (\d+)\.(\d+)", text, re.MULTILINE)
    if needed is None:
        raise BrokenInput(f"{folder}/go.mod has no go line. Try: git diff")
    flags = ""
    # A module without a tool line is itself the program.
    what = "tool" if re.search(r"^tool\b", text, re.MULTILINE) else "."
    if module == "kubernetes":
        # Otherwise the node reports v0.0.0-master.
        flags = f"-X k8s.io/component-base/version.gitVersion={kubernetes_version(node)}"

    options = build_options(flags, _TAGS.get(module, ""))

    def build(place: Path) -> None:
        name, usual = _PROJECTS[module]
        try:
            with step.building(name, usual=usual, measure=partial(packages_compiled, place)):
                run(
                    build_command(
                        go_program((int(needed[1]), int(needed[2]))), place, [what], options
                    ),
                    timeout=timeouts.binary_build,
                    env=build_environment(place),
                    cwd=folder,
                    remedy="Try again: what is compiled is kept. Does the Go module proxy answer?",
                )
        except EnvironmentFailure as error:
            raise BuildFailure(
                f"The programs of {folder} were not built: {error.message}"
            ) from error

    return entry(f"node-{module}", hash_inputs(folder, str(options), str(ENVIRONMENT)), build)


def build_cilium(node: Path, timeouts: Timeouts, step: ProgressStep) -> Path:
    """Return the folder with Cilium's programs, the sources of its kernel programs, and its kinds.

    Raises `BuildFailure` when they cannot be built.
    """
    programs = build_binaries(node, "cilium", timeouts, step)

    def gather(place: Path) -> None:
        question = ("mod", "download", "-json", "github.com/cilium/cilium")
        found = run(
            [go_program((1, 26)), *question],
            timeout=timeouts.download,
            env=ENVIRONMENT,
            cwd=node / "cilium",
        )
        module = Path(json.loads(found.stdout)["Dir"])
        for program in programs.iterdir():
            (place / program.name).symlink_to(program)
        shutil.copytree(module / "bpf", place / "bpf", ignore=shutil.ignore_patterns("tests"))
        for path in [place / "bpf", *(place / "bpf").rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)  # a module's files are read-only
        definitions = place / "definitions"
        definitions.mkdir()
        kinds = module / "pkg" / "k8s" / "apis" / "cilium.io" / "client" / "crds"
        for name in _CILIUM_KINDS:
            (source,) = kinds.glob(f"*/{name}.yaml")
            text = json.dumps(yaml.safe_load(source.read_text(encoding="utf-8")))
            (definitions / f"{name}.json").write_text(text, encoding="utf-8")

    return entry("cilium", hash_inputs(node / "cilium", " ".join(_CILIUM_KINDS)), gather)
